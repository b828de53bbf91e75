using FsCheck;
using FsCheck.Xunit;
using Mezcla.Tensors.Tests.Reference;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>
/// Products of bfloat16 with sums in float32: by cuBLASLt and by our own kernels for tensor cores. The references are products in float32 of factors rounded on the processor. Written once, for
/// a GPU and for the stand-in.
/// </summary>
public abstract class TensorCoreTests
{
    /// <summary>A device with products of bfloat16: of cuBLASLt ("library"), of our kernels ("own"), or of our kernels because the library refuses ("refusing").</summary>
    protected abstract Device Named(string name);

    [Theory]
    [InlineData("library", 3, 5, 7)]
    [InlineData("own", 1, 1, 1)]
    [InlineData("own", 3, 5, 7)]
    [InlineData("own", 130, 136, 40)]
    [InlineData("own", 129, 20, 264)]
    [InlineData("own", 16, 257, 33)]
    [InlineData("refusing", 70, 40, 50)]
    public void Products_are_those_of_rounded_factors(string name, int m, int n, int k)
    {
        foreach (bool transposeA in (bool[])[false, true])
            foreach (bool transposeB in (bool[])[false, true])
            {
                using var scope = new TensorScope();
                Tensor a = transposeA ? Random(1, k, m) : Random(1, m, k), b = transposeB ? Random(2, n, k) : Random(2, k, n);
                Close(Rounded(a).MatMul(Rounded(b), transposeA, transposeB), a.To(Named(name)).MatMul(b.To(Named(name)), transposeA, transposeB), 1e-5f);
            }
    }

    [Theory]
    [InlineData("library")]
    [InlineData("own")]
    public void Batches_repeat_or_advance(string name)
    {
        using var scope = new TensorScope();
        Tensor a = Random(1, 3, 2, 5, 6), b = Random(2, 1, 2, 6, 9), c = Random(3, 6, 9);
        Close(Rounded(a).MatMul(Rounded(b)), a.To(Named(name)).MatMul(b.To(Named(name))), 1e-5f);
        Close(Rounded(a).MatMul(Rounded(c)), a.To(Named(name)).MatMul(c.To(Named(name))), 1e-5f);
    }

    [Theory]
    [InlineData("library", 40, 24, 33)]
    [InlineData("own", 40, 24, 33)]
    [InlineData("own", 7, 136, 24)]
    public void Linear_layers_and_their_derivatives_are_those_of_rounded_factors(string name, int rows, int input, int output)
    {
        using var scope = new TensorScope();
        Tensor x = Random(1, rows, input), w = Random(2, output, input), bias = Random(3, output), dy = Random(4, rows, output);
        Tensor hereX = Leaf(x, Named(name)), hereW = Leaf(w, Named(name)), hereBias = Leaf(bias, Named(name));
        var y = hereX.Linear(hereW, hereBias);
        y.Backward(dy.To(Named(name)));
        Close(Rounded(x).Linear(Rounded(w), bias), y, 1e-5f);
        Close(Rounded(dy).MatMul(Rounded(w)), hereX.Grad!, 1e-5f);
        Close(Rounded(dy).MatMul(Rounded(x), transposeA: true), hereW.Grad!, 1e-5f);
        // No product.
        Close(dy.Sum(0), hereBias.Grad!, 1e-5f);
    }

    [Theory]
    [InlineData(false, 24, 40)]
    [InlineData(true, 24, 40)]
    [InlineData(true, 9, 130)]
    [InlineData(false, 130, 9)]
    public void Products_by_group_and_their_derivatives_are_those_of_rounded_factors(bool transposed, int input, int output)
    {
        using var scope = new TensorScope();
        int[] offsets = [0, 5, 5, 150, 151];
        const int rows = 160;
        Tensor x = Random(1, rows, input), w = transposed ? Random(2, 4, output, input) : Random(2, 4, input, output), dy = Random(3, rows, output);
        Tensor[] Run(Device device, Func<Tensor, Tensor> round)
        {
            Tensor hereX = Leaf(round(x), device), hereW = Leaf(round(w), device), y = hereX.GroupedMatMul(hereW, Tensor.From(offsets, offsets.Length).To(device), transposed);
            y.Backward(round(dy).To(device));
            return [y, hereX.Grad!, hereW.Grad!];
        }
        foreach (var (expected, obtained) in Run(Device.Cpu, Rounded).Zip(Run(Named("own"), x => x)))
            Close(expected, obtained, 1e-5f);
    }

    // Weights and probabilities are rounded on the way as well: 2⁻⁹ of each.
    [Theory]
    [InlineData(32, 2, 2, 70, 70, true, null, false)]
    [InlineData(64, 2, 1, 65, 65, true, null, false)]
    [InlineData(64, 4, 2, 40, 90, true, 33, true)]
    [InlineData(80, 1, 1, 130, 130, false, null, false)]
    [InlineData(96, 2, 2, 20, 75, false, 50, false)]
    [InlineData(128, 2, 1, 100, 100, true, null, true)]
    [InlineData(32, 3, 1, 9, 200, true, 70, false)]
    public void Attention_and_its_derivatives_are_near_those_in_float32(int size, int heads, int keyHeads, int queries, int keys, bool causal, int? window, bool sinks)
    {
        using var scope = new TensorScope();
        Tensor q = Random(1, 2, heads, queries, size), k = Random(2, 2, keyHeads, keys, size), v = Random(3, 2, keyHeads, keys, size), sink = Random(4, heads), dO = Random(5, 2, heads, queries, size);
        Tensor[] Run(Device device, Func<Tensor, Tensor, Tensor, AttentionOptions, Tensor> attention, Func<Tensor, Tensor> round)
        {
            Tensor[] given = [Leaf(round(q), device), Leaf(round(k), device), Leaf(round(v), device), Leaf(sink, device)];
            var o = attention(given[0], given[1], given[2], new AttentionOptions { Causal = causal, Window = window, Sinks = sinks ? given[3] : null });
            o.Backward(round(dO).To(device));
            return [o, .. given.Select(x => x.Grad).OfType<Tensor>()];
        }
        var expected = Run(Device.Cpu, Attention.Naive, Rounded);
        var obtained = Run(Named("own"), Attention.ScaledDotProduct, x => x);
        Assert.Equal(sinks ? 5 : 4, obtained.Length);
        foreach (var (wanted, got) in expected.Zip(obtained))
            Close(wanted, got, 0.01f);
    }

    [Fact]
    public void Attention_from_one_projection_adds_to_gradients_that_are_there()
    {
        using var scope = new TensorScope();
        Tensor qkv = Random(1, 2, 70, 4 * 64), dO = Random(2, 2, 70, 128);
        Tensor Run(Device device)
        {
            var leaf = Leaf(Rounded(qkv), device);
            for (int i = 0; i < 2; i++)
                Attention.Packed(leaf, 2, 1, new AttentionOptions { Causal = true }).Backward(Rounded(dO).To(device));
            return leaf.Grad!;
        }
        Close(Run(Device.Cpu), Run(Named("own")), 0.01f);
    }

    [Fact]
    public void Attention_runs_the_kernels_for_tensor_cores_and_few_queries_stay_float32()
    {
        using var scope = new TensorScope();
        Tensor q = Random(1, 1, 1, 64, 32), k = Random(2, 1, 1, 64, 32), v = Random(3, 1, 1, 64, 32);
        var device = Named("own");
        float[] exact = Attention.Naive(q, k, v).ToArray(), narrow = Attention.ScaledDotProduct(q.To(device), k.To(device), v.To(device)).ToArray();
        Assert.InRange(exact.Zip(narrow).Max(pair => MathF.Abs(pair.First - pair.Second)), 1e-4f, 0.02f);
        Close(Attention.Naive(q.Slice(2, 0, 1), k, v), Attention.ScaledDotProduct(q.Slice(2, 0, 1).To(device), k.To(device), v.To(device)), 1e-5f);
    }

    [Fact]
    public void A_row_that_sees_nothing_is_zero_and_a_NaN_stays()
    {
        using var scope = new TensorScope();
        Tensor q = Random(1, 1, 1, 10, 32), k = Random(2, 1, 1, 70, 32), v = Random(3, 1, 1, 70, 32);
        var device = Named("own");
        var blind = Attention.ScaledDotProduct(q.To(device), k.To(device), v.To(device), new AttentionOptions { Causal = true, QueryOffset = -4 }).ToArray();
        Assert.All(blind[..(4 * 32)], x => Assert.Equal(0, x));
        Assert.DoesNotContain(0f, blind[(4 * 32)..]);
        float[] broken = q.ToArray();
        broken[3 * 32 + 5] = float.NaN;
        var result = Attention.ScaledDotProduct(Tensor.From(broken, 1, 1, 10, 32).To(device), k.To(device), v.To(device)).ToArray();
        Assert.All(result[(3 * 32)..(4 * 32)], x => Assert.Equal(float.NaN, x));
        Assert.DoesNotContain(float.NaN, result[..(3 * 32)]);
    }

    [Property(MaxTest = 20, Arbitrary = [typeof(Shapes)])]
    public void Every_number_is_rounded_to_the_nearest_even_one(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        float[] values = [.. Enumerable.Range(0, 37).Select(_ => BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue) & (random.Next(2) == 0 ? -1 : unchecked((int)0xFFFF8000)))).Select(x => float.IsFinite(x) ? x : 1)];
        using var scope = new TensorScope();
        // A product with the identity is a sum of one term.
        var identity = new float[37 * 37];
        for (int i = 0; i < 37; i++)
            identity[i * 38] = 1;
        Assert.Equal(Rounded(Tensor.From(values, 1, 37)).ToArray(), Tensor.From(values, 1, 37).To(Named("own")).MatMul(Tensor.From(identity, 37, 37).To(Named("own"))).ToArray());
    }

    [Fact]
    public void A_weight_is_rounded_anew_when_it_has_changed()
    {
        using var scope = new TensorScope();
        var device = Named("own");
        Tensor x = Random(1, 4, 8).To(device), w = Leaf(Random(2, 8, 8), device);
        float[] before = x.Linear(w).ToArray();
        Assert.Equal(before, x.Linear(w).ToArray());
        using (new NoGrad())
            w.CopyFrom(w.Detach() * 2);
        Assert.Equal(before.Select(y => 2 * y), x.Linear(w).ToArray());
        // Its block serves another.
        w.Dispose();
        var other = Leaf(Random(3, 8, 8), device);
        Close(Rounded(x.To(Device.Cpu)).Linear(Rounded(other.Detach().To(Device.Cpu))), x.Linear(other), 1e-5f);
    }

    protected static Tensor Random(int seed, params int[] shape)
    {
        var random = new RandomStream((ulong)seed);
        return Tensor.From([.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => random.NextNormal())], shape);
    }

    private static Tensor Rounded(Tensor x) => x.Detach().To(DType.BFloat16).To(DType.Float32);

    private static Tensor Leaf(Tensor x, Device device)
    {
        var leaf = x.Detach().Clone().To(device);
        leaf = leaf.Detach();
        leaf.RequiresGrad = true;
        return leaf;
    }

    private static void Close(Tensor expected, Tensor obtained, float tolerance)
    {
        float[] wanted = expected.ToArray(), got = obtained.ToArray();
        Assert.Equal(wanted.Length, got.Length);
        float largest = wanted.Max(MathF.Abs);
        for (int i = 0; i < wanted.Length; i++)
            Assert.True(MathF.Abs(wanted[i] - got[i]) <= tolerance * largest, $"{i}: {wanted[i]} expected, {got[i]} obtained; the largest is {largest}");
    }
}
