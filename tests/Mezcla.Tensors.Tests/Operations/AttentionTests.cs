using FsCheck.Xunit;
using Mezcla.Tensors.Tests.Reference;

namespace Mezcla.Tensors.Tests.Operations;

public abstract partial class OperationTests
{
    [Property]
    public void Attention_fused(Shaped s) => AttentionCase(s, Attention.ScaledDotProduct);

    [Property]
    public void Attention_composed(Shaped s) => AttentionCase(s, Attention.Naive);

    private void AttentionCase(Shaped s, Func<Tensor, Tensor, Tensor, AttentionOptions, Tensor> attention)
    {
        int batch = 1 + s.Pick(2), keyHeads = 1 + s.Pick(2, 1), heads = keyHeads * (1 + s.Pick(2, 2)), queries = 1 + s.Pick(6, 3),
            keys = s.Pick(4, 4) == 0 ? queries : 1 + s.Pick(9, 5);
        int size = 1 + s.Pick(8, 6), valueSize = s.Pick(2, 7) == 0 ? size : 1 + s.Pick(5, 8);
        bool timeFirst = s.Pick(2, 9) == 0, sinks = s.Pick(2, 10) == 0;
        var options = new AttentionOptions
        {
            Causal = s.Pick(2, 11) == 0,
            Window = s.Pick(2, 12) == 0 ? 1 + s.Pick(4, 13) : null,
            Scale = s.Pick(2, 14) == 0 ? 0.7f : null,
            KeyLength = s.Pick(2, 15) == 0 ? s.Pick(keys + 1, 16) : null,
            QueryOffset = s.Pick(2, 17) == 0 ? s.Pick(5, 18) : null,
            TimeFirst = timeFirst,
        };
        int used = options.KeyLength ?? keys, offset = options.QueryOffset ?? used - queries;
        var check = Check(s);
        int[] Shape(int h, int t, int n) => timeFirst ? [batch, t, h, n] : [batch, h, t, n];
        check.Run(t => attention(t[0], t[1], t[2], options with { Sinks = sinks ? t[3] : null }), a =>
        {
            return Array64.Of(Shape(heads, queries, valueSize), at =>
            {
                int h = at[timeFirst ? 2 : 1], t = at[timeFirst ? 1 : 2];
                double total = sinks ? Math.Exp(a[3][h]) : 0, sum = 0;
                for (var j = 0; j < used; j++)
                {
                    if ((options.Causal && j > t + offset) || (options.Window is { } window && j <= t + offset - window))
                        continue;
                    double score = 0;
                    for (var i = 0; i < size; i++)
                        score += At(a[0], at[0], h, t, i) * At(a[1], at[0], h / (heads / keyHeads), j, i);
                    var weight = Math.Exp(score * (options.Scale ?? 1 / Math.Sqrt(size)));
                    total += weight;
                    sum += weight * At(a[2], at[0], h / (heads / keyHeads), j, at[3]);
                }
                return total > 0 ? sum / total : 0;
            });

            double At(Array64 x, int b, int h, int t, int i) => timeFirst ? x[b, t, h, i] : x[b, h, t, i];
        },
        [check.Random(Shape(heads, queries, size), 1.5), check.Random(Shape(keyHeads, keys, size), 1.5),
            check.Random(Shape(keyHeads, keys, valueSize), 1.5), .. sinks ? [check.Random([heads], 1)] : Array.Empty<Array64>()]);
    }

    [Property]
    public void Attention_from_one_projection_is_that_of_its_parts(Shaped s)
    {
        int batch = 1 + s.Pick(2), keyHeads = 1 + s.Pick(2, 1), heads = keyHeads * (1 + s.Pick(3, 2)), time = 1 + s.Pick(20, 3),
            size = 1 + s.Pick(20, 4);
        using var scope = new TensorScope();
        var values = Check(s).Random([batch, time, (heads + 2 * keyHeads) * size]);
        var weights = Check(s).Place(Check(s).Random([batch, time, heads * size]));
        Tensor whole = Check(s).Place(values), cut = Check(s).Place(values);
        whole.RequiresGrad = cut.RequiresGrad = true;
        var options = new AttentionOptions { Causal = s.Pick(2, 5) == 0 };
        var packed = Attention.Packed(whole, heads, keyHeads, options);
        var plain = Attention.ScaledDotProduct(Heads(0, heads), Heads(heads, keyHeads), Heads(heads + keyHeads, keyHeads),
            options with { TimeFirst = true }).Reshape(batch, time, heads * size);
        packed.Backward(weights);
        plain.Backward(weights);
        GradientCheck.Same("values", Wide(plain), packed, 1e-5);
        GradientCheck.Same("gradients", Wide(cut.Grad!), whole.Grad!, 1e-5);

        Tensor Heads(int first, int count) => cut.Slice(2, first * size, count * size).Reshape(batch, time, count, size);
    }

    [Theory]
    [InlineData(1, 67, 130, 16, true, null)]
    [InlineData(67, 67, 130, 24, true, null)]
    [InlineData(130, 130, 130, 64, true, 33)]
    [InlineData(65, 65, 129, 80, false, null)]
    public void Fused_and_composed_attention_agree_on_longer_sequences(int queries, int keys, int capacity, int size, bool causal,
        int? window)
    {
        using var scope = new TensorScope();
        var check = new GradientCheck(Device, 5);
        Array64[] inputs = [check.Random([2, 4, queries, size]), check.Random([2, 2, capacity, size]),
            check.Random([2, 2, capacity, size])];
        var weights = check.Place(check.Random([2, 4, queries, size]));
        var options = new AttentionOptions { Causal = causal, Window = window, KeyLength = keys };
        Tensor[] a = [.. inputs.Select(check.Place)], b = [.. inputs.Select(check.Place)];
        foreach (var tensor in a.Concat(b))
            tensor.RequiresGrad = true;
        Tensor fused = Attention.ScaledDotProduct(a[0], a[1], a[2], options), composed = Attention.Naive(b[0], b[1], b[2], options);
        fused.Backward(weights);
        composed.Backward(weights);
        GradientCheck.Same("values", Wide(composed), fused, 1e-5);
        for (var i = 0; i < 3; i++)
            GradientCheck.Same($"gradient {i}", Wide(b[i].Grad!), a[i].Grad!, 2e-5);
    }

    [Fact]
    public void One_tensor_may_be_queries_keys_and_values()
    {
        var check = new GradientCheck(Device, 3);
        using var scope = new TensorScope();
        var values = check.Random([1, 2, 5, 4]);
        Tensor one = check.Place(values), q = check.Place(values), k = check.Place(values), v = check.Place(values);
        one.RequiresGrad = q.RequiresGrad = k.RequiresGrad = v.RequiresGrad = true;
        Attention.ScaledDotProduct(one, one, one).Sum().Backward();
        Attention.ScaledDotProduct(q, k, v).Sum().Backward();
        GradientCheck.Same("gradient", Wide(q.Grad! + k.Grad! + v.Grad!), one.Grad!, 1e-5);
    }

    private static Array64 Wide(Tensor tensor) => new(tensor.Shape.ToArray(), [.. tensor.ToArray().Select(v => (double)v)]);
}
