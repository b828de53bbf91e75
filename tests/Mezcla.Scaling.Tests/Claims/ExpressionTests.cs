using FsCheck;
using FsCheck.Xunit;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Scaling.Claims.Expressions;
using Mezcla.Scaling.Presets;

namespace Mezcla.Scaling.Tests.Claims;

public class ExpressionTests
{
    private static readonly Dictionary<string, double> Names = new() { ["experts"] = 16, ["x"] = 2 };

    private static double Compute(string text) => ExpressionParser.Parse(text).Evaluate(Names);

    [Theory]
    [InlineData("16*111+55", 1831)]
    [InlineData("2 + 3 * 4", 14)]
    [InlineData("(2 + 3) * 4", 20)]
    [InlineData("2 ^ 3 ^ 2", 512)]
    [InlineData("-2 ^ 2", -4)]
    [InlineData("2 ^ -1", 0.5)]
    [InlineData("10 - 4 - 3", 3)]
    [InlineData("100 / 10 / 5", 2)]
    [InlineData("--3", 3)]
    [InlineData("1.8T / 1e12", 1.8)]
    [InlineData("34%", 0.34)]
    [InlineData("1_831B", 1831e9)]
    [InlineData("8 × 220 · 2 ÷ 4 − 1", 879)]
    [InlineData("experts * x", 32)]
    [InlineData("sqrt(16) + max(1, x) + round(2.6)", 9)]
    [InlineData("ln(exp(2)) + log10(1000) + log2(8)", 8)]
    [InlineData("floor(1.9) + ceil(1.1) + abs(-1) + min(3, 4)", 7)]
    [InlineData("binomial(16, 2)", 120)]
    public void Arithmetic(string text, double value) => Assert.Equal(value, Compute(text), 12);

    [Theory]
    [InlineData("params('mixtral-8x7b')", 46_702_792_704)]
    [InlineData("active(\"mixtral-8x7b\")", 12_879_925_248)]
    [InlineData("part('mixtral-8x7b', 'routers')", 1_048_576)]
    [InlineData("layers('gpt2') * width('gpt2') / heads('gpt2')", 768)]
    [InlineData("kv_bytes_per_token('mixtral-8x7b')", 131_072)]
    [InlineData("weight_bytes(8, 'FP16') + weight_bytes('gpt2', 'fp32') / params('gpt2')", 20)]
    [InlineData("train_flops(70e9, 1.4e12)", 5.88e23)]
    [InlineData("hoffmann_flops(175e9, 3)", 1.26e24)]
    [InlineData("hoffmann_tokens(1T, 1)", 21.2e12)]
    [InlineData("experts('mixtral-8x7b') + top_k('mixtral-8x7b') + experts('gpt2')", 10)]
    [InlineData("peak('A100') / bandwidth('A100')", 312e12 / 2.039e12)]
    [InlineData("kv_heads('llama2-70b') + context('gpt2') + vocabulary('gpt2')", 8 + 1024 + 50257)]
    [InlineData("flops_per_token('gpt2', 1024) * 1024", 291_648_307_200)]
    [InlineData("attention_params(120, 10752, 1)", 4.0 * 120 * 10752 * 10752)]
    public void Functions_of_the_calculators(string text, double value) => Assert.Equal(1, Compute(text) / value, 12);

    [Fact]
    public void Every_function_answers_or_says_why()
    {
        Assert.Equal(Functions.All.Count, Functions.All.Select(f => f.Name).Distinct().Count());
        foreach (Function function in Functions.All)
        {
            Assert.NotEmpty(function.Meaning);
            object[] arguments = [.. Enumerable.Range(0, function.Most).Select(i => !function.IsText(i) ? (object)1.0 : "?")];
            if (arguments.OfType<string>().Any())
                Assert.ThrowsAny<ArgumentException>(() => function.Compute(arguments));
            else if (!function.Name.StartsWith("hoffmann", StringComparison.Ordinal))
                Assert.True(double.IsFinite(function.Compute(arguments)), function.Name);
        }
    }

    [Theory]
    [InlineData("", 1, "ends where")]
    [InlineData("2 +", 4, "ends where")]
    [InlineData("2 + * 3", 5, "'*' makes no sense here")]
    [InlineData("(2 + 3", 1, "the '(' is not closed")]
    [InlineData("2 3", 3, "the expression was complete")]
    [InlineData("1.8X", 4, "k, M, B, G or T")]
    [InlineData("3kk", 1, "more than one letter")]
    [InlineData("expert * 2", 1, "did you mean 'experts'")]
    [InlineData("2 * parms('gpt2')", 5, "did you mean 'params'")]
    [InlineData("params('gpt5')", 1, "There is no preset named 'gpt5'")]
    [InlineData("params(3)", 8, "needs a quoted name")]
    [InlineData("params('gpt2', 1)", 1, "does not take 2 arguments")]
    [InlineData("params('gpt2'", 14, "expected")]
    [InlineData("params('gpt2)", 8, "not closed")]
    [InlineData("2 + 'gpt2'", 5, "is text")]
    [InlineData("1 / (2 - 2)", 3, "divides by zero")]
    [InlineData("10 ^ 10 ^ 10", 4, "not a finite number")]
    [InlineData("sqrt(-1)", 1, "no finite value")]
    [InlineData("1e999", 1, "cannot be read")]
    [InlineData("1e99999999999", 1, "cannot be read")]
    [InlineData("1.2.3", 4, "makes no sense here|complete")]
    [InlineData("part('gpt2', 'wings')", 1, "no part 'wings'")]
    [InlineData("loss('approach-1', 1, 1)", 1, "does not predict a loss")]
    [InlineData("loss('murphy', 1, 1)", 1, "no law 'murphy'")]
    [InlineData("binomial(1.5, 1)", 1, "not a whole number")]
    [InlineData("System.IO.File.Delete('x')", 7, "makes no sense here|complete")]
    public void Errors_say_where_and_why(string text, int column, string why)
    {
        var error = Assert.Throws<ExpressionException>(() => Compute(text));
        Assert.Equal(column, error.Position + 1);
        Assert.StartsWith($"column {column}: ", error.Message);
        Assert.Contains(why.Split('|')[^1], error.Message);
    }

    [Fact]
    public void Deep_and_long_expressions_are_refused()
    {
        Assert.Contains("nested", Assert.Throws<ExpressionException>(() => Compute(new string('(', 3000) + "1")).Message);
        Assert.Contains("nested", Assert.Throws<ExpressionException>(() => Compute(new string('-', 3000) + "1")).Message);
        Assert.Contains("nested",
            Assert.Throws<ExpressionException>(() => Compute(string.Concat(Enumerable.Repeat("2^", 1500)) + "1")).Message);
        Assert.Contains("4000 characters", Assert.Throws<ExpressionException>(() => Compute(new string('1', 5000))).Message);
    }

    [Property]
    public void Whatever_the_text_nothing_but_an_ExpressionException_comes_out(string text)
    {
        foreach (var candidate in (string[])[text ?? "", "params(" + text, "2 * " + text, "1" + text])
        {
            try
            {
                Assert.True(double.IsFinite(Compute(candidate)));
            }
            catch (ExpressionException)
            {
            }
        }
    }

    [Property]
    public void Sums_and_products_are_those_of_CSharp(DoNotSize<int> first, DoNotSize<int> second, DoNotSize<int> third)
    {
        var (a, b, c) = (first.Item, second.Item, third.Item);
        var text = FormattableString.Invariant($"({a}) + ({b}) * ({c}) - ({a}) * ({c})");
        Assert.Equal(a + (double)b * c - (double)a * c, Compute(text));
    }

    [Fact]
    public void The_presets_are_all_reachable()
    {
        foreach (var name in TransformerPresets.Names)
            Assert.Equal(ParameterCount.Of(TransformerPresets.Get(name)).Total, Compute($"params('{name}')"));
    }
}
