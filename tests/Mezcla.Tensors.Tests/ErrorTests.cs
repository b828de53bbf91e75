namespace Mezcla.Tensors.Tests;

/// <summary>What is said when operands do not fit: the operation, and the shapes of both.</summary>
public class ErrorTests
{
    private static Tensor F(params ReadOnlySpan<int> shape) => Tensor.Ones(shape);

    private static Tensor I(params int[] values) => Tensor.From(values);

    public static TheoryData<string, Func<Tensor>, string[]> Wrong => new()
    {
        { "sizes that do not broadcast", () => F(2, 3) + F(2, 4), ["Add: [2, 3] with [2, 4]", "3 and 4"] },
        { "division by integers", () => F(2) / I(1, 2), ["Divide: Int32 [2]", "To(DType.Float32)"] },
        { "a function of integers", () => I(1, 2).Exp(), ["Exp: Int32 [2]"] },
        { "inner sizes", () => F(2, 3).MatMul(F(4, 5)), ["MatMul: [2, 3] x [4, 5]: the inner sizes 3 and 4 differ"] },
        { "inner sizes of a transpose", () => F(2, 3).MatMul(F(4, 5), transposeB: true),
            ["MatMul: [2, 3] x [4, 5]ᵀ: the inner sizes 3 and 5 differ"] },
        { "leading axes", () => F(2, 3, 4).MatMul(F(3, 4, 5)), ["MatMul: [2, 3, 4] x [3, 4, 5]", "[2] and [3]"] },
        { "a product of vectors", () => F(3).MatMul(F(3)), ["MatMul: [3] x [3]", "Unsqueeze"] },
        { "a layer of another width", () => F(5, 3).Linear(F(4, 2)), ["Linear", "[5, 3]", "[4, 2]"] },
        { "a bias of another width", () => F(5, 3).Linear(F(4, 3), F(3)), ["Linear", "bias [3]", "[4, 3]"] },
        { "an axis too many", () => F(2, 3).Sum(2), ["Sum: [2, 3] has no axis 2"] },
        { "an axis too few", () => F(2, 3).Softmax(-3), ["Softmax: [2, 3] has no axis -3"] },
        { "the largest of nothing", () => F(2, 0).ArgMax(1), ["ArgMax: axis 1 of [2, 0]"] },
        { "another number of elements", () => F(2, 3).Reshape(4, 2), ["Reshape: [2, 3] has 6", "[4, 2] has 8"] },
        { "no size for -1", () => F(2, 3).Reshape(-1, 4), ["Reshape: [2, 3] to [-1, 4]"] },
        { "two sizes for -1", () => F(2, 3).Reshape(-1, -1), ["Reshape: [2, 3] to [-1, -1]"] },
        { "no such place", () => F(2).Unsqueeze(3), ["Unsqueeze: [2]", "3"] },
        { "positions past the end", () => F(2, 3).Slice(1, 2, 2), ["Slice", "axis 1 of [2, 3]"] },
        { "nothing together", () => Tensor.Concatenate(0), ["Concatenate"] },
        { "pieces that do not fit", () => Tensor.Concatenate(0, F(2, 3), F(2, 4)), ["Concatenate", "[2, 4]", "[2, 3]"] },
        { "pieces of two types", () => Tensor.Concatenate(0, F(2), I(1)), ["Concatenate", "Int32 [1]", "Float32 [2]"] },
        { "a repetition of more than 1", () => F(2, 3).Expand(4, 3), ["Expand: [2, 3]", "[4, 3]"] },
        { "an index of floats", () => F(2, 3).Gather(1, F(2, 1)), ["Gather", "Int32", "Float32 [2, 1]"] },
        { "an index of another shape", () => F(2, 3).Gather(1, I(0, 1)), ["Gather", "[2]", "[2, 3]"] },
        { "an index outside", () => F(2, 3).Gather(0, I(0, 2, -1).Reshape(1, 3)),
            ["Gather: index 2 at position 1 of [1, 3] is not in 0 to 1"] },
        { "a source of another shape", () => F(2, 3).ScatterAdd(1, I(0, 1).Reshape(2, 1), F(2, 2)), ["ScatterAdd", "[2, 2]", "[2, 1]"] },
        { "a token outside", () => F(5, 3).Embedding(I(0, 5)), ["Embedding: index 5 at position 1 of [2] is not in 0 to 4"] },
        { "a negative token", () => F(5, 3).Embedding(I(-1)), ["Embedding: index -1 at position 0"] },
        { "ids with two axes", () => F(5, 3).IndexSelect(0, I(1).Reshape(1, 1)), ["IndexSelect", "[1, 1]"] },
        { "a mask larger than what it hides", () => F(3).MaskedFill(F(2, 3), 0), ["MaskedFill", "[2, 3]", "[3]"] },
        { "a triangle of a vector", () => F(3).Tril(), ["Tril: [3]"] },
        { "more than there are", () => F(2, 3).TopK(4).Values, ["TopK", "[2, 3]", "4"] },
        { "labels of another shape", () => F(2, 3).CrossEntropy(I(0, 1, 2)), ["CrossEntropy", "[2, 3]", "[3]"] },
        { "a label outside", () => F(2, 3).CrossEntropy(I(0, 3)), ["CrossEntropy: label 3 at position 1", "-100"] },
        { "labels of floats", () => F(2, 3).CrossEntropy(F(2)), ["CrossEntropy", "Int32", "Float32 [2]"] },
        { "a weight of another width", () => F(2, 3).LayerNorm(F(2)), ["LayerNorm: [2, 3]", "[3]", "[2]"] },
        { "a norm of a number", () => Tensor.Full(1).RmsNorm(), ["RmsNorm"] },
        { "tables that end too early", () => F(1, 1, 3, 4).RotaryEmbedding(F(3, 2), F(3, 2), false, 1),
            ["RotaryEmbedding", "positions 1 to 3", "[3, 2]"] },
        { "tables that are too wide", () => F(1, 1, 3, 4).RotaryEmbedding(F(3, 3), F(3, 3), false),
            ["RotaryEmbedding", "[3, 3]", "[1, 1, 3, 4]"] },
        { "keys of another size", () => Attention.ScaledDotProduct(F(1, 2, 3, 4), F(1, 2, 3, 5), F(1, 2, 3, 5)),
            ["Attention", "[1, 2, 3, 4]", "[1, 2, 3, 5]"] },
        { "heads that cannot be shared", () => Attention.ScaledDotProduct(F(1, 3, 3, 4), F(1, 2, 3, 4), F(1, 2, 3, 4)),
            ["Attention", "[1, 3, 3, 4]", "[1, 2, 3, 4]"] },
        { "a projection that is not three", () => Attention.Packed(F(1, 3, 10), 2, 2), ["Attention: [1, 3, 10]"] },
        { "a certain drop", () => F(2).Dropout(1, new RandomStream(1)), ["Dropout", "1"] },
        { "groups of another width", () => F(4, 3).GroupedMatMul(F(2, 4, 5), I(0, 2, 4)), ["GroupedMatMul: [4, 3] x [2, 4, 5]"] },
        { "groups that do not end", () => F(4, 3).GroupedMatMul(F(2, 3, 5), I(0, 2, 5)), ["GroupedMatMul", "[0, 2, 5]", "4"] },
        { "groups that fall", () => F(4, 3).GroupedMatMul(F(3, 3, 5), I(0, 3, 2, 4)), ["GroupedMatMul", "[0, 3, 2, 4]"] },
        { "values that do not fill", () => Tensor.From([1f, 2, 3], 2, 2), ["From: 3 values", "[2, 2]"] },
        { "a negative size", () => Tensor.Zeros(2, -1), ["[2, -1]"] },
        { "nine axes", () => Tensor.Zeros(1, 1, 1, 1, 1, 1, 1, 1, 1), ["8 axes"] },
        { "a number of several", () => Tensor.Full(F(2).Item()), ["Item: Float32 [2]", "2 elements"] },
        { "no tensor", () => ((Tensor)null!).Exp(), ["Exp: a tensor is null"] },
        { "no second tensor", () => F(2).MatMul(null!), ["MatMul: a tensor is null"] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Errors_name_the_operation_and_the_shapes(string name, Func<Tensor> operation, string[] said)
    {
        using var scope = new TensorScope();
        var failure = Assert.ThrowsAny<ArgumentException>(operation);
        Assert.All(said, text => Assert.Contains(text, failure.Message, StringComparison.Ordinal));
        Assert.NotEmpty(name);
    }

    [Fact]
    public void Integers_and_floats_are_read_as_what_they_are()
    {
        Assert.Contains("ToIntArray", Assert.Throws<ArgumentException>(() => I(1).ToArray()).Message);
        Assert.Contains("Int32", Assert.Throws<ArgumentException>(() => F(1).ToIntArray()).Message);
        Assert.Throws<InvalidOperationException>(() => { I(1).AsSpan(); });
        Assert.Throws<ArgumentException>(() => F(2).CopyFrom([1f]));
        Assert.Throws<ArgumentException>(() => F(2).CopyFrom(F(3)));
        Assert.Throws<ArgumentException>(() => F(2, 2).SetSlice(1, 1, F(2, 2)));
    }

    [Fact]
    public void Views_share_the_numbers_and_copies_do_not()
    {
        var x = Tensor.From([0f, 1, 2, 3, 4, 5], 1, 3, 2);
        foreach (var view in new[] { x.Reshape(6), x.Slice(1, 1, 2), x.Unsqueeze(1), x.Transpose(0, 1), x.Detach() })
        {
            view.AsSpan()[^1] += 10;
            Assert.Equal(5 + 10, x.ToArray()[5]);
            view.AsSpan()[^1] -= 10;
        }
        foreach (var copy in new[] { x.Slice(2, 0, 1), x.Transpose(1, 2), x.Clone(), x.Expand(2, 3, 2) })
            copy.AsSpan().Fill(-1);
        Assert.Equal([0f, 1, 2, 3, 4, 5], x.ToArray());
    }

    [Fact]
    public void Tensors_print_their_numbers()
    {
        Assert.Equal("Float32 [] on cpu\n1.5", Tensor.Full(1.5f).ToString());
        Assert.Equal("Float32 [2, 2] on cpu\n[[   1, -2.5],\n [1000,    0]]", Tensor.From([1f, -2.5f, 1000, 0], 2, 2).ToString());
        Assert.Equal("Int32 [1, 1, 2] on cpu\n[[[7, 8]]]", Tensor.From([7, 8], 1, 1, 2).ToString());
        Assert.Equal("Float32 [0, 3] on cpu\n[]", Tensor.Zeros(0, 3).ToString());
        Assert.Equal("Float32 [2, 300] on cpu\n[[  0,   1,   2, ..., 297, 298, 299],\n [300, 301, 302, ..., 597, 598, 599]]",
            Tensor.From([.. Enumerable.Range(0, 600).Select(i => (float)i)], 2, 300).ToString());
    }

    [Fact]
    public void A_cache_is_filled_slice_by_slice()
    {
        var cache = Tensor.Zeros(2, 4, 3);
        cache.SetSlice(1, 1, Tensor.Full(7, 2, 2, 3));
        Assert.Equal([0f, 7, 7, 0, 0, 7, 7, 0], cache.Mean(2).ToArray());
        var half = Tensor.Zeros(DType.BFloat16, Device.Cpu, 2);
        half.CopyFrom(Tensor.From([1.00390625f, 3]));
        Assert.Equal([1f, 3], half.ToArray());
    }
}
