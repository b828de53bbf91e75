namespace Mezcla.Charts.Tests;

public class NumberTextTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(1.8e12, "1.8T")]
    [InlineData(175e9, "175B")]
    [InlineData(124_439_808, "124M")]
    [InlineData(999_999, "1M")]
    [InlineData(12_345, "12.3k")]
    [InlineData(9_999, "9,999")]
    [InlineData(-0.25, "−0.25")]
    [InlineData(0.001, "0.001")]
    [InlineData(0.00002, "2×10⁻⁵")]
    [InlineData(2.15e25, "2.15×10²⁵")]
    [InlineData(1e21, "10²¹")]
    [InlineData(double.NaN, "not a number")]
    [InlineData(double.NegativeInfinity, "−∞")]
    public void Short_numbers_read_as_people_write_them(double value, string text) => Assert.Equal(text, NumberText.Short(value));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1,023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1.5 * 1024 * 1024 * 1024, "1.5 GiB")]
    [InlineData(1024 * 1024 - 1, "1 MiB")]
    public void Bytes_have_binary_prefixes(double value, string text) => Assert.Equal(text, NumberText.Bytes(value));

    [Theory]
    [InlineData(1234567.891, "1,234,567.891")]
    [InlineData(0.1 + 0.2, "0.3")]
    [InlineData(-1e-17, "0")]
    public void Plain_numbers_keep_their_digits(double value, string text) => Assert.Equal(text, NumberText.Plain(value));

    [Theory]
    [InlineData(0, 300, 6, "0 50 100 150 200 250 300")]
    [InlineData(-0.12, 0.1, 5, "−0.1 −0.05 0 0.05 0.1")]
    [InlineData(1e6, 1.002e6, 4, "1M 1.0005M 1.001M 1.0015M 1.002M")]
    [InlineData(2.45, 2.5, 5, "2.45 2.46 2.47 2.48 2.49 2.5")]
    public void Linear_ticks_are_round(double min, double max, int parts, string labels) =>
        Assert.Equal(labels, string.Join(' ', Ticks.Linear(min, max, parts, AxisFormat.Auto).Select(t => t.Label)));

    [Theory]
    [InlineData(1e18, 1e26, 8, "10¹⁸ 10¹⁹ 10²⁰ 10²¹ 10²² 10²³ 10²⁴ 10²⁵ 10²⁶")]
    [InlineData(1e6, 1e11, 6, "1M 10M 100M 1B 10B 100B")]
    [InlineData(1, 100, 6, "1 2 5 10 20 50 100")]
    [InlineData(1e-30, 1e30, 4, "10⁻³⁰ 10⁻²⁰ 10⁻¹⁰ 10⁰ 10¹⁰ 10²⁰ 10³⁰")]
    public void Log_ticks_are_decades(double min, double max, int parts, string labels) =>
        Assert.Equal(labels, string.Join(' ', Ticks.Log(min, max, parts, AxisFormat.Auto).Where(t => !t.IsMinor).Select(t => t.Label)));
}
