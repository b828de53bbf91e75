using System.Text;
using Mezcla.Tensors;

namespace Mezcla.Datasets;

/// <summary>Generates arithmetic text: a domain in which every line can be checked, and whose text can be as long as you like.</summary>
public static class ArithmeticText
{
    /// <summary>Lines such as <c>37 + 58 = 95</c>, with sums, differences and products in equal parts.</summary>
    /// <param name="lines">How many lines.</param>
    /// <param name="seed">The same seed gives the same text.</param>
    /// <param name="largest">The largest operand of sums and differences; operands of products go up to its square root, so that all
    /// answers are of similar size.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="lines"/> is negative, or
    /// <paramref name="largest"/> is not from 1 to 1,000,000.</exception>
    public static string Lines(int lines, ulong seed, int largest = 999)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lines);
        ArgumentOutOfRangeException.ThrowIfLessThan(largest, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(largest, 1_000_000);
        var random = new RandomStream(seed);
        var text = new StringBuilder();
        var root = (int)Math.Sqrt(largest);
        for (var i = 0; i < lines; i++)
        {
            var kind = random.NextInt(3);
            var (a, b) = kind == 2
                ? (random.NextInt(root + 1), random.NextInt(root + 1))
                : (random.NextInt(largest + 1), random.NextInt(largest + 1));
            text.Append(kind switch { 0 => $"{a} + {b} = {a + b}", 1 => $"{a} - {b} = {a - b}", _ => $"{a} * {b} = {a * b}" }).Append('\n');
        }
        return text.ToString();
    }
}
