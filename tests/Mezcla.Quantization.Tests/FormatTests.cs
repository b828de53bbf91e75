using FsCheck;
using FsCheck.Xunit;
using Mezcla.Quantization.Formats;

namespace Mezcla.Quantization.Tests;

public class FormatTests
{
    private static readonly float[] Gaussian = Normal(16384, 5);

    public static TheoryData<string> Names => [.. NumberFormats.All.Select(f => f.Name)];

    [Theory]
    [InlineData("F32", 32), InlineData("F16", 16), InlineData("BF16", 16), InlineData("FP8_E4M3", 8), InlineData("FP8_E5M2", 8)]
    [InlineData("Q8_0", 8.5), InlineData("Q4_0", 4.5), InlineData("Q4_1", 5), InlineData("Q5_0", 5.5), InlineData("Q5_1", 6)]
    [InlineData("Q2_K", 2.625), InlineData("Q3_K", 3.4375), InlineData("Q4_K", 4.5), InlineData("Q5_K", 5.5), InlineData("Q6_K", 6.5625)]
    [InlineData("TQ1_0", 1.6875), InlineData("TQ2_0", 2.0625), InlineData("MXFP4", 4.25), InlineData("NVFP4", 4.5)]
    [InlineData("INT8_ABSMAX_G128", 8.25), InlineData("INT4_ABSMAX_G128", 4.25), InlineData("INT4_ABSMAX_G32", 5),
    InlineData("UINT4_ZEROPOINT_G32", 5.25)]
    [InlineData("NF4", 4.5)]
    public void Bits_per_weight_are_as_published(string name, double bits)
    {
        var format = NumberFormats.Parse(name);
        Assert.Equal(bits, format.BitsPerWeight(1 << 20));
        Assert.Equal(bits, 8.0 * format.Encode(new float[4096]).Length / 4096);
    }

    [Fact]
    public void Whole_tensor_formats_cost_their_codes_and_a_constant()
    {
        Assert.Equal(4 + 0.5 / 64 * 16 + 32.0 / (64 * 256) + 32.0 / (1 << 20), Nf4.Double.BitsPerWeight(1 << 20), 1e-9); // QLoRA's 4.127
        Assert.Equal(1.6, new Ternary().BitsPerWeight(1 << 20), 1e-4);
        Assert.Equal(8 + 32.0 / (1 << 20), new AbsmaxFormat(8).BitsPerWeight(1 << 20));
    }

    [Theory, MemberData(nameof(Names))]
    public void A_normal_comes_back_with_the_fidelity_its_bits_can_buy(string name)
    {
        var format = NumberFormats.Parse(name);
        var decoded = format.Decode(format.Encode(Gaussian), Gaussian.Length);
        double error = 0, power = 0;
        for (var i = 0; i < Gaussian.Length; i++)
        {
            error += Math.Pow(decoded[i] - Gaussian[i], 2);
            power += Math.Pow(Gaussian[i], 2);
        }
        var decibels = 10 * Math.Log10(power / error);
        // No scalar code of b bits beats 6.02·b dB by much (rate-distortion of a normal). Below: what each kind must reach. Floats spend
        // bits on range; GGML's ternaries divide by the maximum and are meant for weights trained to be ternary.
        var bits = format.BitsPerWeight(Gaussian.Length);
        var least = name switch
        {
            "F32" => 300,
            "F16" => 70,
            "BF16" => 50,
            "FP8_E4M3" => 30,
            "FP8_E5M2" => 24,
            "TQ1_0" or "TQ2_0" => 1.5,
            "INT4_ABSMAX" or "UINT4_ZEROPOINT" => 14,
            _ => 4.3 * (bits - 1)
        };
        Assert.True(decibels >= least, $"{name}: {decibels:F1} dB at {bits:F2} bits");
        if (name != "F32")
            Assert.True(decibels < 6.02 * bits, $"{name}: {decibels:F1} dB at {bits:F2} bits is more than can be");
    }

    [Theory, MemberData(nameof(Names))]
    public void Zeros_come_back_as_zeros_and_constants_near(string name)
    {
        var format = NumberFormats.Parse(name);
        Assert.All(format.Decode(format.Encode(new float[512]), 512), v => Assert.Equal(0, v));
        foreach (var constant in new[] { 1f, -0.37f, 12.5f })
        {
            var values = new float[512];
            values.AsSpan().Fill(constant);
            Assert.All(format.Decode(format.Encode(values), 512), v => Assert.InRange(v / constant, 0.87, 1.13));
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Numbers_that_are_not_finite_are_refused_with_the_name_of_the_tensor(string name)
    {
        var format = NumberFormats.Parse(name);
        foreach (var bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            var values = new float[512];
            values[300] = bad;
            var error = Assert.Throws<ArgumentException>(() => format.Encode(values, "blocks.3.attention.q"));
            Assert.Contains("blocks.3.attention.q", error.Message);
            Assert.Contains("at 300", error.Message);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void The_largest_floats_are_encoded_to_finite_numbers_or_refused(string name)
    {
        var format = NumberFormats.Parse(name);
        var values = new float[512];
        for (var i = 0; i < 512; i++)
            values[i] = i % 3 == 0 ? float.MaxValue : -float.MaxValue / (i + 1);
        try
        {
            Assert.All(format.Decode(format.Encode(values, "huge"), 512), v => Assert.True(float.IsFinite(v), $"{v}"));
        }
        catch (ArgumentException e)
        {
            Assert.StartsWith("huge: ", e.Message);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Lengths_that_do_not_fit_are_refused_and_others_kept(string name)
    {
        var format = NumberFormats.Parse(name);
        var values = Gaussian[..300];
        if (format is BlockFormat { BlockSize: > 1 } block)
        {
            Assert.Contains($"blocks of {block.BlockSize}",
                Assert.Throws<ArgumentException>(() => format.Encode(Gaussian[..(block.BlockSize - 1)])).Message);
            Assert.Empty(format.Encode([]));
        }
        else
        {
            for (var length = 0; length < 300; length += length < 12 ? 1 : 37)
            {
                var bytes = format.Encode(values.AsSpan(0, length));
                Assert.Equal(format.BytesFor(length), bytes.Length);
                Assert.Equal(length, format.Decode(bytes, length).Length);
            }
        }
        Assert.Throws<ArgumentException>(() => format.Encode(new float[512], new byte[format.BytesFor(512) - 1]));
        Assert.Throws<ArgumentException>(() => format.Decode(new byte[format.BytesFor(512) + 1], new float[512]));
    }

    [Theory, MemberData(nameof(Names))]
    public void Any_bytes_decode_without_a_crash(string name)
    {
        var format = NumberFormats.Parse(name);
        var bytes = new byte[format.BytesFor(512)];
        for (var seed = 0; seed < 50; seed++)
        {
            new Random(seed).NextBytes(bytes);
            Assert.Equal(512, format.Decode(bytes, 512).Length);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void The_dot_product_is_that_of_the_decoded_numbers(string name)
    {
        var format = NumberFormats.Parse(name);
        var x = Normal(512, 9);
        var bytes = format.Encode(Gaussian.AsSpan(0, 512));
        var decoded = format.Decode(bytes, 512);
        var expected = 0.0;
        for (var i = 0; i < 512; i++)
            expected += (double)decoded[i] * x[i];
        Assert.Equal(expected, format.Dot(bytes, x), 1e-3);
    }

    [Fact]
    public void Damaged_scales_are_found_with_tensor_and_block()
    {
        var bytes = NumberFormats.Q4_K.Encode(Gaussian);
        NumberFormats.Q4_K.Check(bytes, "w");
        (bytes[144 * 7 + 2], bytes[144 * 7 + 3]) = (0x00, 0x7C);
        Assert.StartsWith("w: block 7 (elements 1792 to 2047)",
            Assert.Throws<ArgumentException>(() => NumberFormats.Q4_K.Check(bytes, "w")).Message);
        Assert.Throws<ArgumentException>(() => NumberFormats.Q4_0.Encode([.. Enumerable.Repeat(6e5f, 32)], "w"));
        Assert.Contains("65504", Assert.Throws<ArgumentException>(() => FloatFormat.F16.Encode([1, 7e4f], "w")).Message);
    }

    [Fact]
    public void Parse_knows_every_name_and_says_so()
    {
        foreach (var format in NumberFormats.All)
            Assert.Same(format, NumberFormats.Parse(format.Name.ToLowerInvariant()));
        Assert.Equal(NumberFormats.All.Count, NumberFormats.All.Select(f => f.Name).Distinct().Count());
        Assert.Contains("Q4_K", Assert.Throws<ArgumentException>(() => NumberFormats.Parse("Q9")).Message);
    }

    // A plain int stays near a hundred: few seeds, again and again.
    [Property(MaxTest = 50)]
    public void Absmax_errs_by_at_most_half_a_step(DoNotSize<int> seed, byte group)
    {
        var values = Normal(200, seed.Item);
        var format = new AbsmaxFormat(seed.Item % 2 == 0 ? 8 : 4, group % 5 * 32);
        var size = format.Group == 0 ? 200 : format.Group;
        var decoded = format.Decode(format.Encode(values), 200);
        for (var i = 0; i < 200; i++)
        {
            var part = values[(i / size * size)..Math.Min(200, (i / size + 1) * size)];
            Assert.True(Math.Abs(decoded[i] - values[i]) <= part.Max(Math.Abs) / ((1 << format.Bits - 1) - 1) * 0.50001f);
        }
    }

    [Property(MaxTest = 50)]
    public void Zero_point_keeps_zero_exact_and_errs_by_at_most_a_step(DoNotSize<int> seed, bool positive)
    {
        var values = Normal(128, seed.Item);
        if (positive)
            for (var i = 0; i < 128; i++)
                values[i] = Math.Abs(values[i]) + 3;
        values[seed.Item & 127] = 0;
        var format = new ZeroPointFormat(seed.Item % 2 == 0 ? 8 : 4);
        var decoded = format.Decode(format.Encode(values), 128);
        var step = (Math.Max(0, values.Max()) - Math.Min(0, values.Min())) / ((1 << format.Bits) - 1);
        Assert.Equal(0, decoded[seed.Item & 127]);
        for (var i = 0; i < 128; i++)
            Assert.True(Math.Abs(decoded[i] - values[i]) <= step * 1.0001f);
    }

    [Property(MaxTest = 30)]
    public void Scales_by_powers_of_two_change_only_the_scale(DoNotSize<int> seed)
    {
        // Away from the ends of half precision, every block format whose scale is a float gives the same codes for x and 4x.
        var values = Normal(256, seed.Item);
        var larger = values.Select(v => v * 4).ToArray();
        foreach (var format in new BlockFormat[] { NumberFormats.Q8_0, NumberFormats.Q4_0, NumberFormats.Q4_1, NumberFormats.Q5_0,
            NumberFormats.Q5_1, NumberFormats.MxFp4, NumberFormats.TQ1_0, NumberFormats.TQ2_0 })
        {
            var decoded = format.Decode(format.Encode(values), 256);
            Assert.Equal(decoded.Select(v => v * 4), format.Decode(format.Encode(larger), 256));
        }
    }

    internal static float[] Normal(int count, int seed)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return values;
    }
}
