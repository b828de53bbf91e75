namespace Mezcla.Tensors.Tests;

public class RandomStreamTests
{
    // The known answers published with Random123 (kat_vectors, philox4x32 with 10 rounds).
    [Theory]
    [InlineData(0ul, 0ul, 0ul, new uint[] { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 })]
    [InlineData(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, new uint[] { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd })]
    [InlineData(0x299f31d0a4093822ul, 0x0370734413198a2eul, 0x85a308d3243f6a88ul,
        new uint[] { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 })]
    public void Blocks_equal_the_published_ones(ulong seed, ulong stream, ulong counter, uint[] expected)
    {
        var (a, b, c, d) = RandomStream.Block(seed, stream, counter);
        Assert.Equal(expected, new[] { a, b, c, d });
    }

    [Fact]
    public void A_stream_goes_on_from_any_position()
    {
        var whole = new RandomStream(5, 9);
        uint[] numbers = [.. Enumerable.Range(0, 23).Select(_ => whole.NextUInt())];
        for (var start = 0; start < 23; start++)
            Assert.Equal(numbers[start..],
                Enumerable.Range(start, 23 - start).Select(Rest(new RandomStream(5, 9) { Position = (ulong)start })));
        whole.Position = 3;
        Assert.Equal(numbers[3], whole.NextUInt());

        static Func<int, uint> Rest(RandomStream stream) => _ => stream.NextUInt();
    }

    [Fact]
    public void Seeds_and_streams_differ()
    {
        uint[] first = [.. new[] { new RandomStream(1), new RandomStream(2), new RandomStream(1, 1) }.Select(stream => stream.NextUInt())];
        Assert.Equal(3, first.Distinct().Count());
    }

    [Fact]
    public void Numbers_follow_their_distributions()
    {
        const int n = 200_000;
        var random = new RandomStream(42);
        double[] uniform = [.. Enumerable.Range(0, n).Select(_ => (double)random.NextFloat())];
        double[] normal = [.. Enumerable.Range(0, n).Select(_ => (double)random.NextNormal())];
        // Five standard errors of each statistic.
        Assert.All(uniform, value => Assert.InRange(value, 0, 1 - 1e-9));
        Assert.Equal(0.5, uniform.Average(), 5 * Math.Sqrt(1 / 12.0 / n));
        Assert.Equal(0, normal.Average(), 5 / Math.Sqrt(n));
        Assert.Equal(1, normal.Average(v => v * v), 5 * Math.Sqrt(2.0 / n));
        Assert.Equal(3, normal.Average(v => v * v * v * v), 5 * Math.Sqrt(96.0 / n));
        var counts = new int[7];
        for (var i = 0; i < n; i++)
            counts[random.NextInt(7)]++;
        Assert.All(counts, count => Assert.Equal(n / 7.0, count, 5 * Math.Sqrt(n / 7.0)));
    }

    [Fact]
    public void Tensors_take_their_numbers_from_the_stream()
    {
        RandomStream a = new(3), b = new(3);
        Assert.Equal(Enumerable.Range(0, 10).Select(_ => 1 + 2 * a.NextNormal()), Tensor.Normal(b, 1, 2, 2, 5).ToArray());
        Assert.Equal(20ul, b.Position);
        Assert.Equal(Enumerable.Range(0, 6).Select(_ => -1 + 3 * a.NextFloat()), Tensor.Uniform(b, -1, 2, 6).ToArray());
        Assert.Equal(a.Position, b.Position);
    }

    [Fact]
    public void An_empty_range_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new RandomStream(1).NextInt(0));
}
