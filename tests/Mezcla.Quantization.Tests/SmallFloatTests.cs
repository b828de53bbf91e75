using Mezcla.Quantization.Formats;

namespace Mezcla.Quantization.Tests;

/// <summary>Exhaustive over all patterns of the 4-, 8- and 16-bit floats.</summary>
public class SmallFloatTests
{
    [Fact]
    public void E4M3_has_its_published_landmarks()
    {
        Assert.Equal(448, Fp8.DecodeE4M3(0x7E));
        Assert.Equal(MathF.Pow(2, -6), Fp8.DecodeE4M3(0x08));
        Assert.Equal(MathF.Pow(2, -9), Fp8.DecodeE4M3(0x01));
        Assert.Equal(1, Fp8.DecodeE4M3(0x38));
        Assert.True(float.IsNaN(Fp8.DecodeE4M3(0x7F)) && float.IsNaN(Fp8.DecodeE4M3(0xFF)));
        Assert.Equal(0x7E, Fp8.EncodeE4M3(1e9f));
        Assert.Equal(0xFE, Fp8.EncodeE4M3(float.NegativeInfinity));
        Assert.Equal(0x7F, Fp8.EncodeE4M3(float.NaN) & 0x7F);
    }

    [Fact]
    public void E5M2_is_a_half_cut_short()
    {
        for (var code = 0; code < 256; code++)
        {
            var half = (float)BitConverter.UInt16BitsToHalf((ushort)(code << 8));
            var value = Fp8.DecodeE5M2((byte)code);
            Assert.True(float.IsNaN(half) ? float.IsNaN(value) : half == value
                && BitConverter.SingleToInt32Bits(half) >> 31 == BitConverter.SingleToInt32Bits(value) >> 31, $"{code:X2}: {value}");
        }
        Assert.Equal(57344, Fp8.DecodeE5M2(0x7B));
        Assert.Equal(0x7B, Fp8.EncodeE5M2(1e9f));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Every_code_survives_and_every_half_goes_to_the_nearest_code_with_ties_to_even(bool e4m3)
    {
        Func<float, byte> encode = e4m3 ? Fp8.EncodeE4M3 : Fp8.EncodeE5M2;
        Func<byte, float> decode = e4m3 ? Fp8.DecodeE4M3 : Fp8.DecodeE5M2;
        var finite = Enumerable.Range(0, 128).Where(c => float.IsFinite(decode((byte)c)))
            .Select(c => (Code: c, Value: (double)decode((byte)c))).ToArray();
        foreach (var (code, value) in finite)
        {
            Assert.Equal(code, encode((float)value));
            Assert.Equal(code | 0x80, encode(-(float)value));
        }
        for (var bits = 0; bits < 0x7C00; bits++)
        {
            var x = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            var nearest = finite.MinBy(c => (Math.Abs(c.Value - x), c.Code & 1)).Code;
            Assert.True(nearest == encode(x), $"{x}: {nearest:X2}, not {encode(x):X2}");
            Assert.Equal(nearest | 0x80, encode(-x));
        }
    }

    [Fact]
    public void Every_sixteen_bit_float_survives()
    {
        for (var bits = 0; bits < 65536; bits++)
        {
            byte[] bytes = [(byte)bits, (byte)(bits >> 8)];
            foreach (var format in new[] { FloatFormat.F16, FloatFormat.BF16 })
            {
                var value = format.Decode(bytes, 1)[0];
                if (float.IsFinite(value))
                    Assert.Equal(bytes, format.Encode([value]));
            }
        }
    }

    [Fact]
    public void BF16_rounds_to_the_nearest_with_ties_to_even_and_stays_finite()
    {
        var random = new Random(1);
        for (var i = 0; i < 100_000; i++)
        {
            var x = BitConverter.Int32BitsToSingle(random.Next() | random.Next(2) << 31);
            if (!float.IsFinite(x))
                continue;
            var bits = BitConverter.SingleToUInt32Bits(x);
            uint down = bits & 0xFFFF0000, rest = bits & 0xFFFF;
            var expected = rest > 0x8000 || rest == 0x8000 && (down >> 16 & 1) == 1 ? down + 0x10000 : down;
            if (!float.IsFinite(BitConverter.UInt32BitsToSingle(expected)))
                expected = down;
            Assert.Equal(expected, BitConverter.SingleToUInt32Bits(FloatFormat.BF16.Decode(FloatFormat.BF16.Encode([x]), 1)[0]));
        }
    }

    [Fact]
    public void NF4_codes_from_normal_quantiles_are_the_published_sixteen()
    {
        float[] published = [-1, -0.6961928f, -0.5250731f, -0.3949175f, -0.2844414f, -0.1847734f, -0.0910500f, 0, 0.0795803f, 0.1609302f,
            0.2461123f, 0.3379152f, 0.4407098f, 0.5626170f, 0.7229568f, 1];
        Assert.Equal(16, Nf4.Codes.Count);
        for (var i = 0; i < 16; i++)
        {
            Assert.Equal(published[i], Nf4.Codes[i], 1e-6);
            Assert.Equal(i, Nf4.Nearest(Nf4.Codes[i]));
        }
    }

    [Fact]
    public void E2M1_rounds_to_the_nearest()
    {
        for (var i = -7000; i <= 7000; i++)
        {
            var x = i / 1000f;
            var error = Math.Abs(Fp4.Decode(Fp4.Nearest(x, 1)) - x);
            for (var code = 0; code < 16; code++)
                Assert.True(error <= Math.Abs(Fp4.Decode(code) - x));
        }
    }
}
