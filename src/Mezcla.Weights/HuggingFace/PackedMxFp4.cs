using Mezcla.Quantization.Formats;

namespace Mezcla.Weights.HuggingFace;

/// <summary>
/// A matrix in MXFP4 as Hugging Face stores it for gpt-oss: one tensor of bytes with two numbers each, <c>NAME_blocks</c>
/// [..., blocks in a row, 16], and one with a scale for each block, <c>NAME_scales</c> [..., blocks in a row]. It is read as one tensor of
/// the name NAME whose blocks are GGML's.
/// </summary>
/// <param name="Tensor">The matrix.</param>
/// <param name="Blocks">The name of the tensor of numbers: byte j of a block has element 2j in its low bits and 2j + 1 in its high
/// ones.</param>
/// <param name="Scales">The name of the tensor of scales, 2^(e - 127).</param>
internal sealed record PackedMxFp4(SourceTensor Tensor, string Blocks, string Scales)
{
    private const int Half = 16;

    /// <summary>Returns bytes of a tensor of a file: its name, the first byte, and how many.</summary>
    internal delegate ReadOnlySpan<byte> Reader(string name, long start, int length);

    private static readonly int BlockBytes = NumberFormats.MxFp4.BlockBytes;

    /// <summary>The matrices among the tensors of a model.</summary>
    public static IEnumerable<PackedMxFp4> In(IEnumerable<SourceTensor> tensors)
    {
        var bytes = tensors.Where(t => t.Type == "U8").ToDictionary(t => t.Name);
        foreach (var (name, blocks) in bytes)
        {
            if (!name.EndsWith("_blocks", StringComparison.Ordinal) || blocks.Shape.Count < 3 || blocks.Shape[^1] != Half)
                continue;
            var matrix = name[..^"_blocks".Length];
            if (!bytes.TryGetValue(matrix + "_scales", out var scales) || !scales.Shape.SequenceEqual(blocks.Shape.SkipLast(1)))
                continue;
            long[] shape = [.. scales.Shape.SkipLast(1), scales.Shape[^1] * NumberFormats.MxFp4.BlockSize];
            yield return new(new SourceTensor(matrix, "MXFP4", NumberFormats.MxFp4, shape, scales.Count * BlockBytes), name, scales.Name);
        }
    }

    /// <summary>Bytes of the matrix in GGML's layout.</summary>
    public byte[] Read(Reader read, long start, int length)
    {
        if (length == 0)
            return [];
        var first = start / BlockBytes;
        var count = (int)((start + length - 1) / BlockBytes - first + 1);
        var (numbers, scales) = (read(Blocks, first * Half, count * Half).ToArray(), read(Scales, first, count).ToArray());
        var packed = new byte[count * BlockBytes];
        for (var block = 0; block < count; block++)
        {
            packed[block * BlockBytes] = scales[block];
            for (var element = 0; element < 2 * Half; element++)
            {
                var code = numbers[block * Half + element / 2] >> 4 * (element % 2) & 15;
                packed[block * BlockBytes + 1 + element % Half] |= (byte)(code << 4 * (element / Half));
            }
        }
        var skipped = (int)(start - first * BlockBytes);
        return skipped == 0 && length == packed.Length ? packed : packed[skipped..(skipped + length)];
    }
}
