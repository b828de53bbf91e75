using Mezcla.Tensors.Cpu;
using Mezcla.Tensors.Devices;
using static Mezcla.Tensors.Tests.Cpu.AgainstPlain;

namespace Mezcla.Tensors.Tests.Cpu;

/// <summary>Attention in tiles with an online softmax on the CPU, and in plain loops on the plain device.</summary>
[Collection(KernelCollection.Name)]
public sealed class AttentionKernelTests
{
    public static TheoryData<int, int, int, int, int, int, int, bool, int, int, bool, bool> Cases() => new()
    {
        // batch, heads, key heads, queries, keys, head size, value size, causal, window, offset, sinks, heads before time
        { 1, 1, 1, 1, 1, 1, 1, false, 0, 0, false, true },
        { 2, 4, 2, 7, 7, 5, 3, true, 0, 0, false, true },
        { 1, 4, 1, 33, 33, 8, 8, true, 5, 0, false, false },
        { 2, 3, 3, 70, 70, 32, 32, true, 0, 0, false, false },
        { 1, 2, 1, 3, 40, 16, 20, true, 0, 37, false, true },
        { 1, 2, 2, 2, 300, 64, 64, true, 100, 298, true, true },
        { 1, 2, 1, 65, 600, 17, 40, true, 0, 535, true, false },
        { 1, 1, 1, 40, 530, 12, 12, false, 0, 0, false, false },
        { 1, 2, 2, 40, 300, 9, 6, true, 3, 270, false, true },
        { 1, 1, 1, 9, 5, 4, 4, true, 0, -4, false, true },
        { 0, 2, 1, 4, 4, 4, 4, true, 0, 0, false, true },
        { 1, 2, 1, 4, 0, 4, 4, false, 0, 0, false, true },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Attention_and_its_gradients_equal_the_plain_loops(int batch, int heads, int keyHeads, int queries, int keys, int size,
        int valueSize,
        bool causal, int window, int offset, bool withSinks, bool headsFirst)
    {
        HeadStrides Strides(int count, int rows, int width) => headsFirst
            ? new((long)count * rows * width, rows * width, width)
            : new((long)count * rows * width, width, count * width);
        var layout = new AttentionLayout(batch, heads, keyHeads, queries, keys, size, valueSize, 0.7f / MathF.Sqrt(size), causal, window,
            offset,
            Strides(heads, queries, size), Strides(keyHeads, keys, size), Strides(keyHeads, keys, valueSize),
            Strides(heads, queries, valueSize));
        var q = KernelTest.Random(batch * heads * queries * size, 1, -2, 2);
        var k = KernelTest.Random(batch * keyHeads * keys * size, 2, -2, 2);
        var v = KernelTest.Random(batch * keyHeads * keys * valueSize, 3);
        var gradient = KernelTest.Random(batch * heads * queries * valueSize, 4);
        var sinks = withSinks ? KernelTest.Random(heads, 5) : null;
        var before = withSinks ? KernelTest.Random(heads, 6) : null;
        Array?[] operands = [q, k, v, sinks, Unwritten(gradient.Length), Unwritten(batch * heads * queries)];
        Check(1e-5, operands, (kernels, h) => kernels.Attention(layout, h[0], h[1], h[2], h[3], h[4], h[5]));
        // Each of the seven sets of gradients that somebody may want.
        for (var wanted = 1; wanted < 8; wanted++)
            foreach (var accumulate in new[] { false, true })
                Check(1e-5, [.. operands, gradient, Wanted(wanted & 1, q), Wanted(wanted & 2, k), Wanted(wanted & 4, v), before],
                    (kernels, h) =>
                {
                    kernels.Attention(layout, h[0], h[1], h[2], h[3], h[4], h[5]);
                    kernels.AttentionBackward(layout, h[0], h[1], h[2], h[3], h[4], h[5], h[6],
                        h[7], accumulate, h[8], accumulate, h[9], accumulate, h[10], accumulate);
                }, scale: 2);

        static float[]? Wanted(int asked, float[] like) => asked == 0 ? null : KernelTest.Random(like.Length, 6 + asked);
    }
}
