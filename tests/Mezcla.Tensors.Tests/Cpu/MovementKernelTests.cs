using FsCheck.Xunit;
using Mezcla.Tensors.Devices;
using static Mezcla.Tensors.Tests.Cpu.AgainstPlain;

namespace Mezcla.Tensors.Tests.Cpu;

/// <summary>What moves numbers without computing gives the same bits on the CPU and on the plain device.</summary>
[Collection(KernelCollection.Name)]
[Properties(Arbitrary = [typeof(KernelSizes)], MaxTest = 25, QuietOnSuccess = true)]
public sealed class MovementKernelTests
{
    [Property]
    public void Copies_and_fills(Sized s)
    {
        Check(0, [s.Specials(s.Count, 1), Unwritten(s.Count)], (k, h) => k.Copy(h[0], h[1], 4L * s.Count));
        Check(0, [Unwritten(s.Count)], (k, h) => k.Fill(h[0], s.Count, -1.5f));
    }

    [Property]
    public void Strided_copies_and_sums(Sized s)
    {
        // The axes in another order, one of them repeated where asked, and room between the elements of the result.
        var shape = new Shape(s.N, s.Outer, s.Inner);
        long[] from = [s.Inner, s.Is(1) ? 0 : (long)s.N * s.Inner, 1], to = [(long)s.Outer * s.Inner * 2, s.Inner * 2, 2];
        Check(0, [s.Floats(s.Count, 1), s.Floats(2 * s.Count, 2)], (k, h) => k.CopyStrided(h[0], from, h[1], to, shape, 4));
        Check(0, [s.Floats(s.Count, 1), s.Floats(2 * s.Count, 2)], (k, h) => k.AddStrided(h[0], from, h[1], to, shape));
        Check(0, [Halves(s, s.Count), Halves(s, 2 * s.Count)], (k, h) => k.CopyStrided(h[0], from, h[1], to, shape, 2));
    }

    [Property]
    public void Conversions(Sized s)
    {
        var n = s.Count;
        // 1 + 2⁻⁸ and 1 + 3·2⁻⁸ lie in the middle between two BFloat16; one is rounded down, the other up.
        float[] numbers = [1 + 1f / 256, 1 + 3f / 256, float.MaxValue, .. s.Specials(n, 1)];
        Check(0, [numbers, new ushort[n + 3]], (k, h) => k.Convert(h[0], DType.Float32, h[1], DType.BFloat16, n + 3));
        Check(0, [s.Specials(n, 2), Unwritten(n)], (k, h) => k.Convert(h[0], DType.Float32, h[1], DType.Float32, n));
        Check(0, [Halves(s, n), Unwritten(n)], (k, h) => k.Convert(h[0], DType.BFloat16, h[1], DType.Float32, n));
        Check(0, [s.Floats(n, 3, -100, 100), new int[n]], (k, h) => k.Convert(h[0], DType.Float32, h[1], DType.Int32, n));
        Check(0, [s.Ints(n, 4, -1000, 1000), Unwritten(n)], (k, h) => k.Convert(h[0], DType.Int32, h[1], DType.Float32, n));
        Check(0, [s.Ints(n, 5, -1000, 1000), new ushort[n]], (k, h) => k.Convert(h[0], DType.Int32, h[1], DType.BFloat16, n));
        Check(0, [Halves(s, n), new int[n]], (k, h) => k.Convert(h[0], DType.BFloat16, h[1], DType.Int32, n));
    }

    [Property]
    public void Rows_are_gathered_and_added_back(Sized s)
    {
        var count = 1 + s.Pick(20, 1);
        var outside = s.Is(2) ? 1 : 0;
        var ids = s.N == 0 ? [] : s.Ints(count, 1, -outside, s.N + outside);
        Check(0, [s.Floats(s.Count, 2), ids, s.Floats(s.Outer * ids.Length * s.Inner, 3)],
            (k, h) => k.GatherRows(h[0], h[1], h[2], s.Outer, s.N, ids.Length, 4 * s.Inner));
        Check(0, [s.Floats(s.Outer * ids.Length * s.Inner, 4), ids, s.Floats(s.Count, 5)],
            (k, h) => k.ScatterAddRows(h[0], h[1], h[2], s.Outer, s.N, ids.Length, s.Inner));
    }

    [Property]
    public void Elements_are_gathered_and_added_back(Sized s)
    {
        var count = s.N == 0 ? 0 : 1 + s.Pick(3, 1);
        var outside = s.Pick(10, 2) == 0 ? 1 : 0;
        var chosen = s.Outer * count * s.Inner;
        var index = s.Ints(chosen, 1, -outside, s.N + outside);
        Check(0, [s.Floats(s.Count, 2), index, s.Floats(chosen, 3)], (k, h) => k.Gather(h[0], h[1], h[2], s.Outer, s.N, s.Inner, count, 4));
        Check(0, [Halves(s, s.Count), index, Halves(s, chosen)], (k, h) => k.Gather(h[0], h[1], h[2], s.Outer, s.N, s.Inner, count, 2));
        Check(0, [s.Floats(chosen, 4), index, s.Floats(s.Count, 5)],
            (k, h) => k.ScatterAdd(h[0], h[1], h[2], s.Outer, s.N, s.Inner, count));
    }

    [Property]
    public void Selections_by_masks_of_both_types(Sized s)
    {
        var n = s.Count;
        Array mask = s.Is(1) ? s.Ints(n, 1, -1, 2) : s.Specials(n, 1);
        float[]? a = s.Is(2) ? s.Floats(n, 2) : null, b = s.Is(3) ? s.Floats(n, 3) : null;
        foreach (var accumulate in new[] { false, true })
            Check(0, [mask, a, b, s.Floats(n, 4)], (k, h) => k.Select(h[0], h[1], 2, h[2], float.NegativeInfinity, h[3], n, accumulate));
    }

    [Property]
    public void Lower_triangles(Sized s)
    {
        foreach (var accumulate in new[] { false, true })
            foreach (var diagonal in new[] { 0, -2, 3, s.N + 1, -s.N - 1 })
                Check(0, [s.Floats(s.Count, 1), s.Floats(s.Count, 2)],
                    (k, h) => k.Tril(h[0], h[1], s.Outer, s.N, s.Inner, diagonal, accumulate));
    }

    [Property]
    public void Choices_sorted_by_group_and_counted(Sized s)
    {
        int tokens = Math.Min(s.N, 300), chosen = 1 + s.Pick(3, 1), groups = 1 + s.Pick(9, 2), total = tokens * chosen;
        var ids = s.Ints(total, 1, -1, groups);
        foreach (var capacity in new[] { int.MaxValue, s.Pick(6, 3) })
            foreach (var priority in new[] { null, s.Specials(total, 2) })
                Check(0, [ids, priority, new int[total], new int[total], new int[total], Unwritten(total), new int[groups + 1]],
                    (k, h) => k.GroupByIndex(h[0], h[1], tokens, chosen, groups, capacity, h[2], h[3], h[4], h[5], h[6], default));
        Check(0, [ids, Unwritten(groups)], (k, h) => k.CountByIndex(h[0], total, h[1], groups, default));
    }

    private static ushort[] Halves(Sized s, int count) =>
        [.. s.Floats(count, 9).Select(value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16))];
}
