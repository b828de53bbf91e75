using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Scaling.Fits;
using Mezcla.Scaling.Laws;
using Mezcla.Scaling.Presets;
using Mezcla.Scaling.Tests.Fits;

namespace Mezcla.Scaling.Tests;

public class DisplayTests
{
    [Fact]
    public void Results_show_themselves_as_tables()
    {
        TrainingRun[] runs = Synthetic.Runs(ChinchillaLaw.Besiroglu, 9, 0, 1);
        (IReadOnlyDictionary<string, string> Bundle, string Part)[] shown =
        [
            (FlopCount.Of(TransformerPresets.Get("gpt2"), 1024).ToMimeBundle(), "291,648,307,200"),
            (ChinchillaFit.Fit(runs, new() { Starts = 5 }).ToMimeBundle(), "0.3478"),
            (FrontierFit.IsoFlop(runs).ToMimeBundle(), "6.00e+18"),
        ];
        foreach (var (bundle, part) in shown)
        {
            Assert.Contains(part, bundle["text/html"]);
            Assert.Contains(part, bundle["text/plain"]);
            Assert.StartsWith("<table>", bundle["text/html"]);
        }
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1831, "1,831")]
    [InlineData(46_702_792_704, "46,702,792,704")]
    [InlineData(0.336, "0.336")]
    [InlineData(3.62602, "3.626")]
    [InlineData(2.15e25, "2.15e+25")]
    [InlineData(2.2452e-5, "2.2452e-5")]
    [InlineData(-15.36, "-15.36")]
    public void Numbers_read_well(double value, string text) => Assert.Equal(text, Numbers.Format(value));
}
