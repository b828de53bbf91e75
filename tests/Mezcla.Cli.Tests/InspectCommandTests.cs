using System.Text;
using System.Text.Json;
using Mezcla.Cli.Commands;
using Mezcla.Quantization.Formats;
using Mezcla.Weights;
using Mezcla.Weights.Gguf;
using Mezcla.Weights.Safetensors;
using Spectre.Console.Testing;

namespace Mezcla.Cli.Tests;

public sealed class InspectCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-inspect-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Gguf()
    {
        var writer = new GgufWriter();
        writer.Metadata.Add("general.name", "small \u001b[31mred");
        writer.Metadata.Add("tokens", Enumerable.Range(0, 1000).Select(i => $"t{i}").ToArray());
        writer.Metadata.Add("odd", float.NaN);
        writer.Metadata.Add("big", ulong.MaxValue);
        writer.Add("w", NumberFormats.Q4_0, [2, 64], new float[128]);
        writer.Add("b", FloatFormat.F32, [2], [1, 2]);
        writer.Save(Path.Combine(_folder, "m.gguf"));
        return Path.Combine(_folder, "m.gguf");
    }

    [Fact]
    public void A_table_lists_tensors_and_metadata()
    {
        var console = new TestConsole().Width(120);
        using var source = WeightSource.Open(Gguf());
        InspectCommand.Show(source, console);
        Assert.Contains("GGUF version 3", console.Output);
        Assert.Contains("2 tensors, 130 numbers, 80 bytes", console.Output);
        Assert.Contains("... 1,000 in all", console.Output);
        Assert.Contains("[2, 64]", console.Output);
        Assert.DoesNotContain("\u001b[31m", console.Output);
    }

    [Fact]
    public void Json_has_everything()
    {
        using var source = WeightSource.Open(Gguf());
        var stream = new MemoryStream();
        InspectCommand.WriteJson(source, stream);
        var json = JsonDocument.Parse(Encoding.UTF8.GetString(stream.ToArray())).RootElement;
        Assert.Equal(130, json.GetProperty("parameters").GetInt64());
        Assert.Equal(1000, json.GetProperty("metadata").GetProperty("tokens").GetArrayLength());
        Assert.Equal(ulong.MaxValue, json.GetProperty("metadata").GetProperty("big").GetUInt64());
        var tensor = json.GetProperty("tensors")[0];
        Assert.Equal("w", tensor.GetProperty("name").GetString());
        Assert.Equal("Q4_0", tensor.GetProperty("type").GetString());
        Assert.Equal([2, 64], tensor.GetProperty("shape").EnumerateArray().Select(s => s.GetInt64()));
        Assert.Equal(72, tensor.GetProperty("bytes").GetInt64());
    }

    [Fact]
    public void Safetensors_are_listed_too()
    {
        SafetensorsFile.Write(Path.Combine(_folder, "model.safetensors"), [("a.weight", [3, 4], new float[12])],
            new Dictionary<string, string> { ["format"] = "pt" });
        var console = new TestConsole().Width(120);
        using var source = WeightSource.Open(_folder);
        InspectCommand.Show(source, console);
        Assert.Contains("a.weight", console.Output);
        Assert.Contains("format: pt", console.Output);
    }
}
