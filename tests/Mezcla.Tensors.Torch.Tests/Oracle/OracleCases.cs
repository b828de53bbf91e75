using Mezcla.Tensors.Tests.Reference;
using TorchSharp;
using static TorchSharp.torch.nn.functional;
using Approximate = TorchSharp.Modules.GELU.Approximate;
using Numbers = TorchSharp.torch.Tensor;

namespace Mezcla.Tensors.Torch.Tests.Oracle;

/// <summary>Every operation that TorchSharp has too, or that it composes in a line or two.</summary>
internal static class OracleCases
{
    public static readonly IReadOnlyDictionary<string, OracleCase> All = new Dictionary<string, OracleCase>
    {
        // Element by element.
        ["Exp"] = Unary(x => x.Exp(), x => x.exp()),
        ["Log"] = Unary(x => x.Log(), x => x.log(), (check, sizes) => check.Positive(sizes)),
        ["Sqrt"] = Unary(x => x.Sqrt(), x => x.sqrt(), (check, sizes) => check.Positive(sizes)),
        ["Pow"] = Unary(x => x.Pow(1.7f), x => x.pow(1.7f), (check, sizes) => check.Positive(sizes)),
        ["Square"] = Unary(x => x.Square(), x => x.square()),
        ["Tanh"] = Unary(x => x.Tanh(), x => x.tanh()),
        ["Sigmoid"] = Unary(x => x.Sigmoid(), x => x.sigmoid()),
        ["Silu"] = Unary(x => x.Silu(), x => silu(x)),
        ["Relu"] = Unary(x => x.Relu(), x => relu(x), (check, sizes) => check.AwayFromZero(sizes)),
        ["Softplus"] = Unary(x => x.Softplus(), x => softplus(x)),
        ["Gelu, exact"] = Unary(x => x.Gelu(GeluForm.Exact), x => gelu(x)),
        ["Gelu, tanh"] = Unary(x => x.Gelu(), x => gelu(x, Approximate.tanh)),
        ["NormalCdf"] = Unary(x => x.NormalCdf(), x => ((x / Math.Sqrt(2)).erf() + 1) / 2),
        ["+ -1.5"] = Unary(x => x * 0.3f + -1.5f, x => x * 0.3f + -1.5f),
        ["1 / x"] = Unary(x => 2.5f / x, x => 2.5f / x, (check, sizes) => check.AwayFromZero(sizes)),
        ["Add"] = Binary((a, b) => a + b, (a, b) => a + b),
        ["Subtract"] = Binary((a, b) => a - b, (a, b) => a - b),
        ["Multiply"] = Binary((a, b) => a * b, (a, b) => a * b),
        ["Divide"] = Binary((a, b) => a / b, (a, b) => a / b),
        ["Greater"] = Binary((a, b) => a.Greater(b) * a, (a, b) => a.gt(b).to_type(torch.ScalarType.Float32) * a),
        ["Less"] = Binary((a, b) => a.Less(b) * a, (a, b) => a.lt(b).to_type(torch.ScalarType.Float32) * a),
        ["SwiGlu"] = new((check, s) => new([check.Random(s.Sizes), check.Random(s.Sizes)]), (x, _) => x[0].SwiGlu(x[1]),
            (x, _) => silu(x[0]) * x[1]),

        // Sums and choices along an axis.
        ["Sum"] = Along((x, axis) => x.Sum(axis), (x, axis) => x.sum(axis)),
        ["Mean"] = Along((x, axis) => x.Mean(axis, keepDims: true), (x, axis) => x.mean([axis], keepdim: true)),
        ["LogSumExp"] = Along((x, axis) => x.LogSumExp(axis), (x, axis) => x.logsumexp(axis)),
        ["Softmax"] = Along((x, axis) => x.Softmax(axis), (x, axis) => x.softmax(axis)),
        ["LogSoftmax"] = Along((x, axis) => x.LogSoftmax(axis), (x, axis) => x.log_softmax(axis)),
        ["TopK"] = new((check, s) => new([check.Distinct(Filled(s, 1))], Number(1 + s.Pick(Filled(s, 1)[^1]))),
            (x, i) => x[0].TopK(i[0].ToIntArray()[0]).Values, (x, i) => x[0].topk(i[0].ToInt32()).values),
        ["ArgMax"] = new((check, s) => new([check.Distinct(Filled(s, 1))]), (x, _) => x[0].ArgMax().To(DType.Float32) + x[0].Sum() * 0,
            (x, _) => x[0].argmax(-1).to_type(torch.ScalarType.Float32) + x[0].sum() * 0),

        // Shapes and places.
        ["Transpose"] = new((check, s) => check.Random(Filled(s, 2)), (x, _) => x[0].Transpose(), (x, _) => x[0].transpose(-2, -1)),
        ["Tril"] = new((check, s) => new([check.Random(Filled(s, 2))], Number(s.Pick(4))), (x, i) => x[0].Tril(i[0].ToIntArray()[0] - 1),
            (x, i) => x[0].tril(i[0].ToInt32() - 1)),
        ["Expand"] = new((check, s) => check.Random([2, 1, Filled(s, 1)[^1]]), (x, _) => x[0].Expand(3, 2, 4, -1),
            (x, _) => x[0].expand(3, 2, 4, -1)),
        ["Concatenate"] = new((check, s) => new([check.Random([2, 3, s.Pick(5) + 1]), check.Random([2, s.Pick(4) + 1, s.Pick(5) + 1])]),
            (x, _) => Tensor.Concatenate(1, x), (x, _) => torch.cat(x, 1)),
        ["Stack"] = new((check, s) => new([check.Random(s.Sizes), check.Random(s.Sizes)]), (x, _) => Tensor.Stack(0, x),
            (x, _) => torch.stack(x)),
        ["Slice"] = new((check, s) => check.Random([3, s.Pick(7) + 4, 5]), (x, _) => x[0].Slice(1, 2, 2), (x, _) => x[0].narrow(1, 2, 2)),
        ["Embedding"] = new((check, s) => new([check.Random([6, s.Pick(9) + 1])], Ids(s, 6, 2, 5)), (x, i) => x[0].Embedding(i[0]),
            (x, i) => x[0].index_select(0, i[0].view(-1)).view(2, 5, -1)),
        ["IndexSelect"] = new((check, s) => new([check.Random([2, 5, s.Pick(9) + 1])], Ids(s, 5, 4)), (x, i) => x[0].IndexSelect(1, i[0]),
            (x, i) => x[0].index_select(1, i[0])),
        ["Gather"] = new((check, s) => new([check.Random([2, 5, 3])], Ids(s, 5, 2, 4, 3)), (x, i) => x[0].Gather(1, i[0]),
            (x, i) => x[0].gather(1, i[0])),
        ["ScatterAdd"] = new((check, s) => new([check.Random([2, 5, 3]), check.Random([2, 4, 3])], Ids(s, 5, 2, 4, 3)),
            (x, i) => x[0].ScatterAdd(1, i[0], x[1]), (x, i) => x[0].scatter_add(1, i[0], x[1])),
        ["SegmentSum"] = new((check, s) => new([check.Random([9, s.Pick(7) + 1])], Ids(s, 4, 9)), (x, i) => x[0].SegmentSum(i[0], 4),
            (x, i) => torch.zeros(4, x[0].shape[1]).index_add(0, i[0], x[0], 1)),
        ["CountByIndex"] = new((check, s) => new([check.Random([5])], Ids(s, 5, 20)), (x, i) => i[0].CountByIndex(5) * x[0],
            (x, i) => i[0].bincount(null, minlength: 5).to_type(torch.ScalarType.Float32) * x[0]),
        ["Where"] = new((check, s) => new([check.Random([3, 4]), check.Random([4])], Ids(s, 2, 3, 4)), (x, i) => i[0].Where(x[0], x[1]),
            (x, i) => torch.where(i[0] > 0, x[0], x[1])),
        ["MaskedFill"] = new((check, s) => new([check.Random([3, 4])], Ids(s, 2, 4)), (x, i) => x[0].MaskedFill(i[0], -2.5f),
            (x, i) => x[0].masked_fill(i[0] > 0, -2.5f)),

        // Products.
        ["MatMul"] = new((check, s) => new([check.Random([2, 1, 3, Width(s)]), check.Random([3, Width(s), s.Pick(6) + 1])]),
            (x, _) => x[0].MatMul(x[1]), (x, _) => x[0].matmul(x[1])),
        ["MatMul, transposed"] = new((check, s) => new([check.Random([2, Width(s), 3]), check.Random([2, s.Pick(6) + 1, Width(s)])]),
            (x, _) => x[0].MatMul(x[1], transposeA: true, transposeB: true), (x, _) => x[0].mT.matmul(x[1].mT)),
        ["Linear"] = new((check, s) => new([check.Random(With(s, Width(s))), check.Random([4, Width(s)]), check.Random([4])]),
            (x, _) => x[0].Linear(x[1], x[2]), (x, _) => linear(x[0], x[1], x[2])),
        ["LinearGelu"] = new((check, s) => new([check.Random(With(s, Width(s))), check.Random([4, Width(s)]), check.Random([4])]),
            (x, _) => x[0].LinearGelu(x[1], x[2]), (x, _) => gelu(linear(x[0], x[1], x[2]), Approximate.tanh)),
        ["GroupedMatMul"] = new((check, s) => new([check.Random([9, Width(s)]), check.Random([3, 4, Width(s)])], ([0, 2, 2, 9], [4])),
            (x, i) => x[0].GroupedMatMul(x[1], i[0], transposeWeights: true),
            (x, _) => torch.cat([linear(x[0].narrow(0, 0, 2), x[1][0]), linear(x[0].narrow(0, 2, 7), x[1][2])])),

        // Of networks.
        ["CrossEntropy"] = new((check, s) => new([check.Random([5, Width(s)])], Labels(s)), (x, i) => x[0].CrossEntropy(i[0]),
            (x, i) => cross_entropy(x[0], i[0])),
        ["CrossEntropy, smoothed"] = new((check, s) => new([check.Random([5, Width(s)])], Labels(s)),
            (x, i) => x[0].CrossEntropy(i[0], smoothing: 0.2f), (x, i) => cross_entropy(x[0], i[0], label_smoothing: 0.2)),
        ["LayerNorm"] = new((check, s) => new([check.Random(With(s, 19)), check.Random([19]), check.Random([19])]),
            (x, _) => x[0].LayerNorm(x[1], x[2]), (x, _) => layer_norm(x[0], [19], x[1], x[2], 1e-5)),
        ["RmsNorm"] = new((check, s) => new([check.Random(With(s, 19)), check.Random([19])]), (x, _) => x[0].RmsNorm(x[1]),
            (x, _) => x[0] * torch.rsqrt(x[0].square().mean([-1], keepdim: true) + 1e-6f) * x[1]),
        ["RotaryEmbedding"] = new((check, s) => new([check.Random([2, s.Pick(6) + 1, 8])]),
            (x, _) => x[0].RotaryEmbedding(Angles(x[0], Math.Cos), Angles(x[0], Math.Sin), interleaved: false),
            (x, _) => Rotated(x[0], Angles(x[0]))),
        ["Attention, causal"] = new((check, s) => HeadsOf(check, 4, 4, s.Pick(9) + 1, s.Pick(9) + 1), Attended(new() { Causal = true }),
            (x, _) => scaled_dot_product_attention(x[0], x[1], x[2], is_casual: true)),
        ["Attention, shared keys"] = new((check, s) => HeadsOf(check, 4, 2, s.Pick(9) + 1, s.Pick(6) + 1), Attended(new()),
            (x, _) => scaled_dot_product_attention(x[0], x[1].repeat_interleave(2, 1), x[2].repeat_interleave(2, 1))),
        ["Attention, window"] = new((check, s) => HeadsOf(check, 2, 2, 9, 9), Attended(new() { Causal = true, Window = 3 }),
            (x, _) => scaled_dot_product_attention(x[0], x[1], x[2],
                torch.ones(9, 9).tril() - torch.ones(9, 9).tril(-3) > 0)),
    };

    private static OracleCase Unary(Func<Tensor, Tensor> ours, Func<Numbers, Numbers> theirs,
        Func<GradientCheck, int[], Array64>? inputs = null)
        => new((check, s) => inputs?.Invoke(check, s.Sizes) ?? check.Random(s.Sizes, 4), (x, _) => ours(x[0]), (x, _) => theirs(x[0]));

    // The second operand is repeated along some axes.
    private static OracleCase Binary(Func<Tensor, Tensor, Tensor> ours, Func<Numbers, Numbers, Numbers> theirs)
        => new((check, s) => new([check.Random(s.Sizes),
                check.AwayFromZero([.. s.Sizes.Select((size, axis) => s.Pick(2, axis) == 0 ? 1 : size).Skip(s.Pick(s.Rank + 1))])]),
            (x, _) => ours(x[0], x[1]), (x, _) => theirs(x[0], x[1]));

    private static OracleCase Along(Func<Tensor, int, Tensor> ours, Func<Numbers, int, Numbers> theirs)
        => new((check, s) => new([check.Random(Filled(s, 1), 4)], Number(s.Pick(Filled(s, 1).Length))),
            (x, i) => ours(x[0], i[0].ToIntArray()[0]), (x, i) => theirs(x[0], i[0].ToInt32()));

    private static Func<Tensor[], Tensor[], Tensor> Attended(AttentionOptions options)
        => (x, _) => Attention.ScaledDotProduct(x[0], x[1], x[2], options);

    private static OracleInputs HeadsOf(GradientCheck check, int heads, int keyHeads, int queries, int keys)
        => new([check.Random([2, heads, queries, 8]), check.Random([2, keyHeads, keys, 8]), check.Random([2, keyHeads, keys, 8])]);

    private static int Width(Shaped s) => s.Pick(30, 1) + 2;

    /// <summary>At least so many axes, none of them empty.</summary>
    private static int[] Filled(Shaped s, int rank)
        => [.. Enumerable.Repeat(3, Math.Max(0, rank - s.Rank)), .. s.Sizes.Select(size => Math.Max(size, 1))];

    private static int[] With(Shaped s, int last) => [.. Filled(s, 0).Take(2), last];

    private static (int[], int[]) Number(int value) => ([value], [1]);

    private static (int[], int[]) Ids(Shaped s, int below, params int[] shape)
        => ([.. Enumerable.Range(0, shape.Aggregate((a, b) => a * b)).Select(i => s.Pick(below, i + 5))], shape);

    // One of them is ignored.
    private static (int[], int[]) Labels(Shaped s)
        => ([.. Enumerable.Range(0, 5).Select(i => i == 2 ? -100 : s.Pick(Width(s), i + 5))], [5]);

    private static Tensor Angles(Tensor x, Func<double, double> function)
        => Tensor.From([.. Enumerable.Range(0, x.Size(1) * 3).Select(i => (float)function(i / 3 * (i % 3 + 0.5)))], x.Size(1), 3)
            .To(x.Device);

    // The first six of eight numbers are three pairs, the halves of the six.
    private static Numbers Angles(Numbers x)
        => torch.outer(torch.arange(x.shape[1]), torch.arange(3) + 0.5).to_type(torch.ScalarType.Float32);

    private static Numbers Rotated(Numbers x, Numbers angles)
    {
        var (a, b) = (x.narrow(-1, 0, 3), x.narrow(-1, 3, 3));
        return torch.cat([a * angles.cos() - b * angles.sin(), a * angles.sin() + b * angles.cos(), x.narrow(-1, 6, 2)], -1);
    }
}
