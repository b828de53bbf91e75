using FsCheck.Xunit;
using Mezcla.Tensors.Tests.Reference;

namespace Mezcla.Tensors.Tests.Operations;

public abstract partial class OperationTests
{
    [Property] public void Exp(Shaped s) => Check(s).Run(x => x.Exp(), x => x.Map(Math.Exp), Check(s).Random(s.Sizes));

    [Property] public void Log(Shaped s) => Check(s).Run(x => x.Log(), x => x.Map(Math.Log), Check(s).Positive(s.Sizes));

    [Property] public void Sqrt(Shaped s) => Check(s).Run(x => x.Sqrt(), x => x.Map(Math.Sqrt), Check(s).Positive(s.Sizes));


    [Property] public void Square(Shaped s) => Check(s).Run(x => x.Square(), x => x.Map(v => v * v), Check(s).Random(s.Sizes));

    [Property]
    public void Pow(Shaped s)
    {
        var exponent = new[] { 0f, 1, 2, 3, -1, 0.5f, 1.7f }[s.Pick(7)];
        Check(s).Run(x => x.Pow(exponent), x => x.Map(v => Math.Pow(v, exponent)), Check(s).Positive(s.Sizes));
    }

    [Property] public void Tanh(Shaped s) => Check(s).Run(x => x.Tanh(), x => x.Map(Math.Tanh), Check(s).Random(s.Sizes, 4));

    [Property] public void Sigmoid(Shaped s) => Check(s).Run(x => x.Sigmoid(), x => x.Map(Logistic), Check(s).Random(s.Sizes, 6));

    [Property]
    public void Gelu_exact(Shaped s) =>
        Check(s).Run(x => x.Gelu(GeluForm.Exact), x => x.Map(v => v * 0.5 * (1 + Erf(v / Math.Sqrt(2)))), Check(s).Random(s.Sizes, 5));

    [Property]
    public void Gelu_by_tanh(Shaped s)
        => Check(s).Run(x => x.Gelu(), x => x.Map(v => 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)))),
            Check(s).Random(s.Sizes, 5));

    [Property] public void Silu(Shaped s) => Check(s).Run(x => x.Silu(), x => x.Map(v => v * Logistic(v)), Check(s).Random(s.Sizes, 6));

    [Property] public void Relu(Shaped s) => Check(s).Run(x => x.Relu(), x => x.Map(v => Math.Max(v, 0)), Check(s).AwayFromZero(s.Sizes));

    [Property]
    public void Softplus(Shaped s) =>
        Check(s).Run(x => x.Softplus(), x => x.Map(v => Math.Log(1 + Math.Exp(v))), Check(s).Random(s.Sizes, 8));

    [Property] public void Negate(Shaped s) => Check(s).Run(x => -x, x => x.Map(v => -v), Check(s).Random(s.Sizes));

    [Property]
    public void A_number_on_either_side(Shaped s)
    {
        Check(s).Run(x => 2f + (x * 3f - 1f) / 4f, x => x.Map(v => 2 + (v * 3 - 1) / 4), Check(s).Random(s.Sizes));
        Check(s).Run(x => 1.5f - 2f * x, x => x.Map(v => 1.5 - 2 * v), Check(s).Random(s.Sizes));
        Check(s).Run(x => 2f / x, x => x.Map(v => 2 / v), Check(s).AwayFromZero(s.Sizes, 0.5));
    }

    [Property]
    public void Arithmetic_broadcasts(Shaped s)
    {
        var (a, b) = Broadcastable(s);
        var check = Check(s);
        check.Run((x, y) => x + y, (x, y) => Array64.Zip(x, y, (p, q) => p + q), check.Random(a), check.Random(b));
        check.Run((x, y) => x - y, (x, y) => Array64.Zip(x, y, (p, q) => p - q), check.Random(a), check.Random(b));
        check.Run((x, y) => x * y, (x, y) => Array64.Zip(x, y, (p, q) => p * q), check.Random(a), check.Random(b));
        check.Run((x, y) => x / y, (x, y) => Array64.Zip(x, y, (p, q) => p / q), check.Random(a), check.AwayFromZero(b, 0.5));
    }

    [Fact]
    public void Comparisons_make_masks()
    {
        Tensor a = Tensor.From([1f, 2, 3]).To(Device), b = Tensor.Full(2).To(Device);
        Assert.Equal([0f, 0, 1], a.Greater(b).ToArray());
        Assert.Equal([1f, 0, 0], a.Less(b).ToArray());
    }

    [Property]
    public void SwiGlu(Shaped s)
        => Check(s).Run((x, y) => x.SwiGlu(y), (x, y) => Array64.Zip(x, y, (p, q) => p * Logistic(p) * q), Check(s).Random(s.Sizes, 4),
            Check(s with { Seed = s.Seed + 1 }).Random(s.Sizes));

    [Fact]
    public void SwiGlu_of_a_tensor_with_itself()
        => new GradientCheck(Device, 1).Run(x => x.SwiGlu(x), x => x.Map(v => v * Logistic(v) * v),
            new GradientCheck(Device, 1).Random([5, 7]));

    [Fact]
    public void Extreme_arguments_do_not_overflow()
    {
        var x = Tensor.From([-200f, -90, 0, 90, 200]).To(Device);
        Assert.Equal([0, 0, 0.5f, 1, 1], x.Sigmoid().ToArray(), Near);
        Assert.Equal([0, 0, MathF.Log(2), 90, 200], x.Softplus().ToArray(), Near);
        Assert.Equal([0, 0, 0, 90, 200], x.Silu().ToArray(), Near);
        Assert.Equal([0, 0, 0, 90, 200], x.Gelu().ToArray(), Near);
        Assert.Equal([0, 0, 0, 90, 200], x.Gelu(GeluForm.Exact).ToArray(), Near);
        Assert.Equal([-1, -1, 0, 1, 1], x.Tanh().ToArray(), Near);

        static bool Near(float a, float b) => Math.Abs(a - b) <= 1e-6f * (1 + Math.Abs(a));
    }

    [Property]
    public void Dropout_keeps_what_its_stream_says(Shaped s)
    {
        ulong seed = (ulong)s.Seed, position = (ulong)s.Pick(50);
        var kept = new RandomStream(seed) { Position = position };
        Check(s).Run(x => x.Dropout(0.3f, new RandomStream(seed) { Position = position }), x =>
        {
            kept.Position = position;
            return x.Map(v => kept.NextFloat() >= 0.3f ? v / (1 - 0.3f) : 0);
        }, Check(s).Random(s.Sizes));
    }

    // Two shapes that broadcast to the one given: sizes of 1 in places, and one with leading axes missing.
    private static (int[] A, int[] B) Broadcastable(Shaped s)
    {
        int[] a = [.. s.Sizes.Select((size, axis) => s.Pick(4, axis) == 0 ? 1 : size)];
        int[] b = [.. s.Sizes.Select((size, axis) => s.Pick(4, axis + 9) == 0 ? 1 : size).Skip(s.Rank > 0 ? s.Pick(s.Rank) : 0)];
        return s.Pick(2, 5) == 0 ? (a, b) : (b, a);
    }

    private static double Logistic(double x) => 1 / (1 + Math.Exp(-x));

    // Abramowitz and Stegun 7.1.6, whose terms are all of one sign: nothing cancels. From 6 on a float64 cannot tell it from 1.
    private static double Erf(double x)
    {
        if (Math.Abs(x) > 6)
            return Math.Sign(x);
        double term = x, sum = x;
        for (var n = 1; n < 200; n++)
            sum += term *= 2 * x * x / (2 * n + 1);
        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }
}
