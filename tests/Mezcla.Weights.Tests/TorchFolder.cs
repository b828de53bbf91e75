using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Mezcla.Weights.Tests;

/// <summary>
/// A Hugging Face folder as TorchSharp's tensors, read and written with the few lines that safetensors need: nothing of ours takes part.
/// </summary>
internal sealed record TorchFolder(JsonElement Config, Dictionary<string, Tensor> Weights)
{
    /// <summary>Reads a configuration and all weights, as float32 or bytes.</summary>
    public static TorchFolder Read(string folder)
    {
        var index = Path.Combine(folder, "model.safetensors.index.json");
        string[] files = ["model.safetensors"];
        if (File.Exists(index))
            files = [.. Parse(index).GetProperty("weight_map").EnumerateObject().Select(entry => entry.Value.GetString()!).Distinct()];
        var weights = new Dictionary<string, Tensor>();
        foreach (var file in files)
        {
            var data = File.ReadAllBytes(Path.Combine(folder, file));
            var length = (int)BitConverter.ToInt64(data);
            using var header = JsonDocument.Parse(data.AsMemory(8, length));
            foreach (var entry in header.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__"))
            {
                var shape = entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
                var offsets = entry.Value.GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt32()).ToArray();
                var type = entry.Value.GetProperty("dtype").GetString() switch
                {
                    "F32" => ScalarType.Float32,
                    "BF16" => ScalarType.BFloat16,
                    "U8" => ScalarType.Byte,
                    var other => throw new InvalidDataException($"No test writes the type {other}."),
                };
                var raw = empty(shape, type);
                raw.bytes = data.AsSpan(8 + length + offsets[0], offsets[1] - offsets[0]);
                weights[entry.Name] = type == ScalarType.Byte ? raw : raw.to_type(ScalarType.Float32);
            }
        }

        return new(Parse(Path.Combine(folder, "config.json")), weights);
    }

    /// <summary>Writes the weights as bfloat16 (bytes as they are), in two files and an index.</summary>
    public void Write(string folder)
    {
        File.WriteAllText(Path.Combine(folder, "config.json"), Config.GetRawText());
        string[] files = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"], names = [.. Weights.Keys];
        var places = new Dictionary<string, string>();
        for (var file = 0; file < files.Length; file++)
        {
            var header = new Dictionary<string, object> { ["__metadata__"] = new { format = "pt" } };
            using var body = new MemoryStream();
            foreach (var name in names.Where((_, i) => i % files.Length == file))
            {
                var bytes = Weights[name].dtype == ScalarType.Byte;
                var narrow = (bytes ? Weights[name] : Weights[name].to_type(ScalarType.BFloat16)).contiguous();
                var from = body.Length;
                body.Write(narrow.bytes);
                header[name] = new { dtype = bytes ? "U8" : "BF16", shape = narrow.shape, data_offsets = new[] { from, body.Length } };
                places[name] = files[file];
            }

            var text = JsonSerializer.SerializeToUtf8Bytes(header);
            File.WriteAllBytes(Path.Combine(folder, files[file]),
                [.. BitConverter.GetBytes((long)text.Length), .. text, .. body.ToArray()]);
        }

        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"),
            JsonSerializer.Serialize(new { metadata = new { }, weight_map = places }));
    }

    private static JsonElement Parse(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        return document.RootElement.Clone();
    }
}
