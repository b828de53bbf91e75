using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Plain;

namespace Mezcla.Tensors.Tests.Plain;

/// <summary>The functions that all devices are compared with, themselves against tables and against differences.</summary>
public sealed class PlainFunctionTests
{
    // To sixteen digits, from the arbitrary-precision library mpmath.
    [Theory]
    [InlineData(-30, 4.906713927148187e-198)]
    [InlineData(-10, 7.619853024160526e-24)]
    [InlineData(-5, 2.866515718791939e-7)]
    [InlineData(-3.0001, 1.349454913260718e-3)]
    [InlineData(-2.9999, 1.350341282954924e-3)]
    [InlineData(-1, 0.1586552539314571)]
    [InlineData(0, 0.5)]
    [InlineData(1e-9, 0.5000000003989423)]
    [InlineData(1, 0.8413447460685429)]
    [InlineData(4, 0.9999683287581669)]
    [InlineData(40, 1)]
    public void The_normal_distribution_has_the_values_of_tables(double x, double expected)
        => Assert.Equal(1, ElementFunctions.Value(UnaryKind.NormalCdf, x, 0, 0) / expected, 1e-12);

    [Theory]
    [InlineData(-700, 9.859676543759771e-305)]
    [InlineData(-18.5, 9.237449619305357e-9)]
    [InlineData(-18.3, 1.128264643184756e-8)]
    [InlineData(0, 0.6931471805599453)]
    [InlineData(100, 100)]
    public void Softplus_loses_no_digits_far_from_0(double x, double expected)
        => Assert.Equal(1, ElementFunctions.Value(UnaryKind.Softplus, x, 0, 0) / expected, 2e-8);

    public static TheoryData<int> Kinds => [.. Enum.GetValues<UnaryKind>().Select(kind => (int)kind)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Derivatives_are_differences_of_values(int number)
    {
        var kind = (UnaryKind)number;
        const double step = 1e-5;
        foreach (var x in new[] { 0.1, 0.3, 0.9, 1.7, 2.9, 3.3, -0.2, -1.3, -3.1 })
        {
            const float a = 1.75f, b = -0.4f;
            double Value(double at) => ElementFunctions.Value(kind, at, a, b);
            if (double.IsNaN(Value(x)))
                continue;
            var difference = (Value(x + step) - Value(x - step)) / (2 * step);
            Assert.Equal(difference, ElementFunctions.Derivative(kind, kind.SavesResult() ? Value(x) : x, a, b),
                1e-6 * (1 + Math.Abs(difference)));
        }
    }
}
