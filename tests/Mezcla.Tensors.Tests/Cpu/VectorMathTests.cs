using Mezcla.Tensors.Cpu;
using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Plain;
using static Mezcla.Tensors.Cpu.UnaryFunctions;

namespace Mezcla.Tensors.Tests.Cpu;

[Collection(KernelCollection.Name)]
public sealed unsafe class VectorMathTests
{
    private static float[] Apply<F>(float[] x) where F : struct, IUnaryFunction => KernelTest.OnEveryPath(() =>
    {
        using Guarded input = new(x), output = new(x.Length);
        VectorMap.Unary<F>(input, output, x.Length, 0, 0);
        return output.ToArray();
    });

    private static float[] Apply2<F>(float[] x, float[] y) where F : struct, IUnaryFunction => KernelTest.OnEveryPath(() =>
    {
        using Guarded left = new(x), right = new(y), output = new(x.Length);
        VectorMap.UnaryBackward<F>(left, right, output, x.Length, 0, 0, false);
        return output.ToArray();
    });

    // Against the plain device's function, which PlainFunctionTests holds against tables and differences.
    private static void Check<F>(UnaryKind kind, float low, float high, double tolerance, double scale = 0) where F : struct, IUnaryFunction
    {
        // An odd number of them, over more than one chunk, with both ends.
        float[] x = [low, high, .. KernelTest.Random(40001, 7, low, high)];
        KernelTest.Close([.. x.Select(v => ElementFunctions.Value(kind, v, 0, 0))], Apply<F>(x), tolerance, scale, typeof(F).Name);
    }

    [Fact]
    public void Exponentials_are_within_two_units_of_the_last_place()
    {
        Check<Exp>(UnaryKind.Exp, -86.8f, 88.7f, 1.3e-7);
        Check<Exp>(UnaryKind.Exp, -1, 1, 1.3e-7);
    }

    [Fact]
    public void Logarithms_are_within_two_units_of_the_last_place()
    {
        Check<Log>(UnaryKind.Log, 0.3f, 3, 1.3e-7);
        Check<Log>(UnaryKind.Log, 1e-44f, 1e-37f, 1.3e-7);
        Check<Log>(UnaryKind.Log, 1, 1e38f, 1.3e-7);
    }

    [Fact]
    public void The_normal_distribution_is_accurate_far_below_its_mean_too()
    {
        // Where 1 - erf has lost all its digits.
        Check<NormalCdf>(UnaryKind.NormalCdf, -5, 0, 1e-6);
        Check<NormalCdf>(UnaryKind.NormalCdf, -12, -5, 6e-6);
        Check<NormalCdf>(UnaryKind.NormalCdf, 0, 12, 2.5e-7);
        Assert.Equal([0, 0.5f, 1, 0, 1, float.NaN],
            Apply<NormalCdf>([float.NegativeInfinity, 0, float.PositiveInfinity, -1e30f, 1e30f, float.NaN]));
    }

    [Fact]
    public void Tanh_and_sigmoid_and_gelu_are_accurate()
    {
        Check<Tanh>(UnaryKind.Tanh, -10, 10, 2e-7);
        Check<Tanh>(UnaryKind.Tanh, -0.7f, 0.7f, 2e-7);
        Check<Tanh>(UnaryKind.Tanh, -1e-30f, 1e-30f, 2e-7);
        Check<Sigmoid>(UnaryKind.Sigmoid, -80, 80, 2.5e-7);
        Check<Gelu>(UnaryKind.Gelu, -6, 6, 2e-7, 1);
        Check<Gelu>(UnaryKind.Gelu, -0.5f, 10, 4e-7);
    }

    [Fact]
    public void Activations_are_accurate_relative_to_their_value()
    {
        Check<GeluTanh>(UnaryKind.GeluTanh, -4, 10, 3e-6);
        Check<Silu>(UnaryKind.Silu, -50, 50, 3e-7);
        Check<Softplus>(UnaryKind.Softplus, -15, 30, 4e-7);
    }

    [Fact]
    public void Derivatives_equal_central_differences_in_float64()
    {
        Check<Gelu>(UnaryKind.Gelu);
        Check<GeluTanh>(UnaryKind.GeluTanh);
        Check<Silu>(UnaryKind.Silu);
        Check<Softplus>(UnaryKind.Softplus);
        Check<Tanh>(UnaryKind.Tanh);
        Check<Sigmoid>(UnaryKind.Sigmoid);

        static void Check<F>(UnaryKind kind) where F : struct, IUnaryFunction
        {
            double Value(double x) => ElementFunctions.Value(kind, x, 0, 0);
            var x = KernelTest.Random(1001, 3, -8, 8);
            var dy = KernelTest.Random(1001, 4);
            var saved = x.Select(v => kind.SavesResult() ? (float)Value(v) : v).ToArray();
            const double step = 1e-5;
            var expected = x.Select((v, i) => dy[i] * (Value(v + step) - Value(v - step)) / (2 * step)).ToArray();
            KernelTest.Close(expected, Apply2<F>(saved, dy), 3e-6, 1, typeof(F).Name);
        }
    }

    [Fact]
    public void Special_values_come_out_as_in_the_standard_library()
    {
        float[] x = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0, -0f, -1, 1000, -1000, float.MaxValue, float.Epsilon];
        Compare(Apply<Exp>(x), MathF.Exp);
        Compare(Apply<Log>(x), MathF.Log);
        Compare(Apply<Tanh>(x), MathF.Tanh);
        Compare(Apply<Sigmoid>(x), v => 1 / (1 + MathF.Exp(-v)));
        Compare(Apply<Softplus>(x), v => v > 80 ? v : MathF.Log(1 + MathF.Exp(v)));

        void Compare(float[] actual, Func<float, float> standard)
        {
            for (var i = 0; i < x.Length; i++)
            {
                var expected = standard(x[i]);
                Assert.True(expected.Equals(actual[i]) || Math.Abs(expected - actual[i]) <= 2e-7 * Math.Abs(expected),
                    $"f({x[i]:R}) is {actual[i]:R}, not {expected:R}");
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(16385)]
    public void Any_length_is_mapped_whole_and_may_be_added_or_done_in_place(int n)
    {
        var x = KernelTest.Random(n, 5, 0, 1);
        var plain = Apply<Exp>(x);
        var added = KernelTest.OnEveryPath(() =>
        {
            using Guarded input = new(x), output = new(x);
            VectorMap.Run<VectorMap.Multiply>(input, input, input, output, n, accumulate: true);
            return output.ToArray();
        });
        KernelTest.SameBits([.. x.Select(v => v * v + v)], added, "the sum and the accumulated result");
        using Guarded both = new(x);
        VectorMap.Unary<Exp>(both, both, n, 0, 0);
        KernelTest.SameBits(plain, both.ToArray(), "in place and not");
    }
}
