using System.Text.Json;
using Mezcla.Tensors.Tests.Reference;

namespace Mezcla.Tensors.Tests.Operations;

public abstract partial class OperationTests
{
    private static readonly Dictionary<string, Func<Tensor[], Tensor[], Tensor>> Golden = new()
    {
        ["exp"] = (x, _) => x[0].Exp(),
        ["tanh"] = (x, _) => x[0].Tanh(),
        ["sigmoid"] = (x, _) => x[0].Sigmoid(),
        ["gelu"] = (x, _) => x[0].Gelu(GeluForm.Exact),
        ["gelu_tanh"] = (x, _) => x[0].Gelu(),
        ["silu"] = (x, _) => x[0].Silu(),
        ["relu"] = (x, _) => x[0].Relu(),
        ["softplus"] = (x, _) => x[0].Softplus(),
        ["square"] = (x, _) => x[0].Square(),
        ["log"] = (x, _) => x[0].Log(),
        ["sqrt"] = (x, _) => x[0].Sqrt(),
        ["pow"] = (x, _) => x[0].Pow(1.7f),
        ["add"] = (x, _) => x[0] + x[1],
        ["subtract"] = (x, _) => x[0] - x[1],
        ["multiply"] = (x, _) => x[0] * x[1],
        ["divide"] = (x, _) => x[0] / x[1],
        ["sum"] = (x, _) => x[0].Sum(1),
        ["mean"] = (x, _) => x[0].Mean(-1, keepDims: true),
        ["logsumexp"] = (x, _) => x[0].LogSumExp(1),
        ["topk"] = (x, _) => x[0].TopK(3).Values,
        ["softmax"] = (x, _) => x[0].Softmax(),
        ["log_softmax"] = (x, _) => x[0].LogSoftmax(1),
        ["matmul"] = (x, _) => x[0].MatMul(x[1]),
        ["matmul_batched"] = (x, _) => x[0].MatMul(x[1]),
        ["linear"] = (x, _) => x[0].Linear(x[1], x[2]),
        ["embedding"] = (x, i) => x[0].Embedding(i[0]),
        ["gather"] = (x, i) => x[0].Gather(1, i[0]),
        ["scatter_add"] = (x, i) => x[0].ScatterAdd(1, i[0], x[1]),
        ["index_select"] = (x, i) => x[0].IndexSelect(1, i[0]),
        ["where"] = (x, i) => i[0].Where(x[0], x[1]),
        ["masked_fill"] = (x, i) => x[0].MaskedFill(i[0], -2.5f),
        ["tril"] = (x, _) => x[0].Tril(1),
        ["concatenate"] = (x, _) => Tensor.Concatenate(1, x),
        ["expand"] = (x, _) => x[0].Expand(2, 3, 4),
        ["cross_entropy"] = (x, i) => x[0].CrossEntropy(i[0]),
        ["cross_entropy_smoothed"] = (x, i) => x[0].CrossEntropy(i[0], smoothing: 0.2f),
        ["layer_norm"] = (x, _) => x[0].LayerNorm(x[1], x[2], 1e-5f),
        ["rms_norm"] = (x, _) => x[0].RmsNorm(x[1], 1e-6f),
        ["attention"] = (x, _) => Attention.ScaledDotProduct(x[0], x[1], x[2], new AttentionOptions { Causal = true }),
    };

    // Both sides compute in Float32, in orders of their own: a few roundings apart, relative to the largest number.
    private const double GoldenTolerance = 3e-6;

    public static TheoryData<string> GoldenNames => [.. Golden.Keys];

    [Theory]
    [MemberData(nameof(GoldenNames))]
    public void Values_and_gradients_equal_those_of_PyTorch(string name)
    {
        using var scope = new TensorScope();
        var golden = GoldenFile().GetProperty("cases").EnumerateArray().Single(item => item.GetProperty("name").GetString() == name);
        Array64[] inputs = [.. golden.GetProperty("x").EnumerateArray().Select(Numbers)],
            gradients = [.. golden.GetProperty("g").EnumerateArray().Select(Numbers)];
        Tensor[] x = [.. inputs.Select(Placed)], ids =
            [.. golden.GetProperty("i").EnumerateArray().Select(Numbers).Select(i => Ids([.. i.Values.Select(v => (int)v)], i.Shape))];
        foreach (var tensor in x)
            tensor.RequiresGrad = true;
        var y = Golden[name](x, ids);
        GradientCheck.Same("value", Numbers(golden.GetProperty("y")), y, GoldenTolerance);
        y.Backward(Placed(Numbers(golden.GetProperty("w"))));
        for (var i = 0; i < x.Length; i++)
            GradientCheck.Same($"gradient of input {i}", gradients[i], x[i].Grad!, GoldenTolerance);
    }

    [Fact]
    public void Every_golden_case_is_compared()
        => Assert.Equal(GoldenFile().GetProperty("cases").EnumerateArray().Select(item => item.GetProperty("name").GetString()!).Order(),
            Golden.Keys.Order());

    [Fact]
    public void Steps_of_AdamW_with_clipping_equal_those_of_PyTorch()
    {
        var golden = GoldenFile().GetProperty("optimizer");
        Tensor a = Placed(Numbers(golden.GetProperty("a"))), b = Placed(Numbers(golden.GetProperty("b")));
        a.RequiresGrad = b.RequiresGrad = true;
        Tensor[] parameters = [a, b], m = [.. parameters.Select(Zeros)], v = [.. parameters.Select(Zeros)];
        var t = 0;
        foreach (var step in golden.GetProperty("steps").EnumerateArray())
        {
            (a.Grad, b.Grad) = (Placed(Numbers(step.GetProperty("ga"))), Placed(Numbers(step.GetProperty("gb"))));
            var measured = Gradients.Measure(parameters, 1);
            Assert.Equal(step.GetProperty("norm").GetDouble(), measured.ToArray()[0], 1e-5);
            Optimizers.AdamWStep(parameters, [a.Grad, b.Grad], m, v, ++t, 0.02f, 0.9f, 0.95f, 1e-8f, 0.1f, scale: measured.Slice(0, 1));
            GradientCheck.Same("a", Numbers(step.GetProperty("a")), a, GoldenTolerance);
            GradientCheck.Same("b", Numbers(step.GetProperty("b")), b, GoldenTolerance);
        }

        Tensor Zeros(Tensor like) => Tensor.Zeros(DType.Float32, Device, like.Shape);
    }

    private static JsonElement GoldenFile()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "golden.json")));
        return document.RootElement.Clone();
    }

    private static Array64 Numbers(JsonElement packed)
        => new([.. packed.GetProperty("shape").EnumerateArray().Select(v => v.GetInt32())],
            [.. packed.GetProperty("values").EnumerateArray().Select(v => v.GetDouble())]);

    private Tensor Placed(Array64 values) => Tensor.From([.. values.Values.Select(v => (float)v)], values.Shape).To(Device);
}
