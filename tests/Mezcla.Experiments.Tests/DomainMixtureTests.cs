using FsCheck;
using FsCheck.Xunit;
using Mezcla.Datasets;
using Mezcla.Experiments.Observation;

namespace Mezcla.Experiments.Tests;

public class DomainMixtureTests
{
    [Fact]
    public void Every_line_of_arithmetic_is_right_and_a_seed_gives_it_again()
    {
        var text = ArithmeticText.Lines(3000, seed: 7, largest: 99);
        Assert.Equal(text, ArithmeticText.Lines(3000, seed: 7, largest: 99));
        Assert.NotEqual(text, ArithmeticText.Lines(3000, seed: 8, largest: 99));
        var lines = text.TrimEnd('\n').Split('\n');
        Assert.Equal(3000, lines.Length);
        foreach (var line in lines)
        {
            var parts = line.Split(' ');
            var (a, b, answer) = (int.Parse(parts[0]), int.Parse(parts[2]), int.Parse(parts[4]));
            Assert.InRange(a, 0, 99);
            Assert.Equal(parts[1] switch { "+" => a + b, "-" => a - b, _ => a * b }, answer);
        }
        Assert.Equal(3, lines.Select(l => l.Split(' ')[1]).Distinct().Count());
    }

    [Property]
    public void A_mixture_holds_every_token_once_with_its_domain(PositiveInt one, PositiveInt two, PositiveInt three, PositiveInt piece)
    {
        // The first digit of an id says its domain, the rest its place.
        var domains = new[] { ("a", one.Get), ("b", two.Get), ("c", three.Get) }
            .Select((d, n) => KeyValuePair.Create(d.Item1, Enumerable.Range((n + 1) * 1_000_000, d.Item2).ToArray())).ToArray();
        var mixture = new DomainMixture(domains, validationShare: 0.25, piece.Get);
        var training = mixture.Batches.Training.ToArray();
        Assert.Equal(training.Length, mixture.Domains.Length);
        for (var n = 0; n < 3; n++)
        {
            var mine = training.Where((_, i) => mixture.Domains[i] == n).ToArray();
            Assert.Equal(domains[n].Value, mine.Concat(mixture.HeldOut(domains[n].Key).ToArray()));
            Assert.Equal((int)(domains[n].Value.Length * 0.25), mixture.HeldOut(domains[n].Key).Length);
        }
        Assert.Equal(domains.Sum(d => d.Value.Length) - training.Length, mixture.Batches.Validation.Length);
    }

    [Fact]
    public void Domains_alternate_in_proportion_to_their_sizes()
    {
        var mixture = new DomainMixture([new("big", new int[9000]), new("small", new int[1000])], validationShare: 0, piece: 100);
        // Wherever one looks, about one token in ten is of the small domain.
        for (var start = 0; start < 10_000; start += 2000)
            Assert.InRange(mixture.Domains.Slice(start, 2000).ToArray().Count(d => d == 1), 100, 300);
    }

    [Fact]
    public void What_is_no_mixture_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new DomainMixture([]));
        Assert.Contains("'b' has no tokens",
            Assert.Throws<ArgumentException>(() => new DomainMixture([new("a", [1]), new("b", [])])).Message);
        Assert.Throws<ArgumentException>(() => new DomainMixture([new("a", [1]), new("a", [2])]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DomainMixture([new("a", [1])], validationShare: 1));
        Assert.Contains("a", Assert.Throws<ArgumentException>(() => new DomainMixture([new("a", [1])]).HeldOut("z")).Message);
    }
}
