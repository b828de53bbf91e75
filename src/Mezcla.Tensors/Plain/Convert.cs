namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>
    /// y = x in another type. A BFloat16 is the upper half of a Float32; rounding to it is to nearest, ties to even. A Float32 becomes an
    /// Int32 by dropping its fraction.
    /// </summary>
    public override void Convert(Handle x, DType from, Handle y, DType to, long n)
    {
        if (from == to)
        {
            Copy(x, y, n * from.Bytes());
            return;
        }
        for (long i = 0; i < n; i++)
        {
            var value = from switch
            {
                DType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)new NumberSpan<ushort>(x)[i] << 16),
                DType.Int32 => Ints(x)[i],
                _ => Floats(x)[i],
            };
            if (to == DType.BFloat16)
                new NumberSpan<ushort>(y)[i] = UpperHalf(value);
            else if (to == DType.Int32)
                Ints(y)[i] = (int)value;
            else
                Floats(y)[i] = value;
        }
    }

    private static ushort UpperHalf(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        // Rounding could turn a NaN into infinity or a number, so a NaN keeps its upper half, with one bit of the fraction set.
        if (float.IsNaN(value))
            return (ushort)((bits >> 16) | 0x40);
        // Add half a unit of the last bit that is kept, minus one unless that bit is 1: a tie is rounded up only from an odd number.
        var half = 0x7FFF + ((bits >> 16) & 1);
        return (ushort)((bits + half) >> 16);
    }
}
