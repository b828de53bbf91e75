using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mezcla.Experiments.Comparisons;
using Mezcla.Models;

namespace Mezcla.Experiments.Tests.Comparisons;

public class NgramModelTests
{
    [Property(MaxTest = 50)]
    public void Probabilities_sum_to_one(byte[] bytes, byte n)
    {
        int[] ids = [1, .. bytes.Select(b => b % 7)];
        var model = new NgramModel(ids, 7, n % 4 + 1);
        foreach (var before in new int[][] { [], [3], [1, 2], [0, 6, 5, 4] })
            Assert.Equal(1, Enumerable.Range(0, 7).Sum(next => model.Probability(before, next)), 1e-9);
    }

    [Fact]
    public void A_bigram_model_learns_an_alternation_that_a_unigram_model_cannot()
    {
        int[] ids = [.. Enumerable.Range(0, 200).Select(i => i % 2)];
        Assert.InRange(new NgramModel(ids, 2, 1).CrossEntropy(ids), 0.69, 0.70);
        Assert.InRange(new NgramModel(ids, 2, 2).CrossEntropy(ids), 0, 0.02);
    }

    [Fact]
    public void Witten_Bell_by_hand()
    {
        // After 0: twice 1, once 2. Unigram over 0 1 0 1 0 2: three 0, two 1, one 2, three kinds; uniform 1/3.
        var model = new NgramModel([0, 1, 0, 1, 0, 2], 3, 2);
        var unigram = (2 + 3 * (1.0 / 3)) / (6 + 3);
        Assert.Equal((2 + 2 * unigram) / (3 + 2), model.Probability([0], 1), 1e-12);
    }

    [Fact]
    public void Out_of_range_is_an_error()
    {
        Assert.Throws<ArgumentException>(() => new NgramModel([0, 9], 3, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NgramModel([0, 1], 50_000, 9));
        Assert.Throws<ArgumentException>(() => new NgramModel([0, 1], 3, 2).CrossEntropy([1]));
    }
}
