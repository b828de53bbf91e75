using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Mezcla.Quantization.Formats;

namespace Mezcla.Quantization.Tests;

/// <summary>The GGML formats against what ggml's own routines made of the same numbers (Fixtures/make_ggml_fixtures.py).</summary>
public class GgmlFormatTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Fixtures");
    private static readonly float[] Input = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(Folder, "ggml-input.bin")))
        .ToArray();
    private static readonly JsonElement Golden = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "ggml.json"))).RootElement;

    public static TheoryData<string> Names => [.. Golden.EnumerateObject().Select(p => p.Name)];

    [Theory, MemberData(nameof(Names))]
    public void Encodes_to_the_bytes_of_the_reference(string name)
    {
        var format = (BlockFormat)NumberFormats.Parse(name);
        var expected = Golden.GetProperty(name).GetProperty("encoded").GetBytesFromBase64();
        var actual = format.Encode(Input);
        Assert.Equal(expected.Length, actual.Length);
        for (var block = 0; block < actual.Length / format.BlockBytes; block++)
            Assert.True(expected.AsSpan(block * format.BlockBytes, format.BlockBytes)
                .SequenceEqual(actual.AsSpan(block * format.BlockBytes, format.BlockBytes)), $"block {block}");
    }

    [Theory, MemberData(nameof(Names))]
    public void Decodes_to_the_floats_of_the_reference(string name)
    {
        var format = (BlockFormat)NumberFormats.Parse(name);
        foreach (var (bytes, hash) in new[] { ("encoded", "decodedSha256"), ("noise", "noiseSha256") })
        {
            var blocks = Golden.GetProperty(name).GetProperty(bytes).GetBytesFromBase64();
            var values = format.Decode(blocks, blocks.Length / format.BlockBytes * format.BlockSize);
            Assert.Equal(Golden.GetProperty(name).GetProperty(hash).GetString(),
                Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(values.AsSpan()))));
        }
    }
}
