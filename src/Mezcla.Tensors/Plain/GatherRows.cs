using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y[o, i, :] = x[o, ids[i], :], rows of bytes: an embedding is this with outer = 1.</summary>
    public override long GatherRows(
        Handle x, Handle ids, Handle y, long outer, long axis, long count, long rowBytes, in IndexCheck check)
    {
        var wrong = FirstOutside(Ints(ids), count, axis);
        if (wrong >= 0 || rowBytes == 0)
            return wrong;
        for (long o = 0; o < outer; o++)
            for (long i = 0; i < count; i++)
                Bytes(x).Part((o * axis + Ints(ids)[i]) * rowBytes, rowBytes).CopyTo(Bytes(y).Part((o * count + i) * rowBytes, rowBytes));
        return -1;
    }

    /// <summary>y[o, ids[i], :] += x[o, i, :], in the order of i, the derivative of gathering; ids outside are left out.</summary>
    public override void ScatterAddRows(
        Handle x, Handle ids, Handle y, long outer, long axis, long count, long row, in IndexCheck check)
    {
        Numbers<float> from = Floats(x), to = Floats(y);
        var id = Ints(ids);
        for (long o = 0; o < outer; o++)
            for (long i = 0; i < count; i++)
                if (id[i] >= 0 && id[i] < axis)
                    for (long c = 0; c < row; c++)
                        to[(o * axis + id[i]) * row + c] += from[(o * count + i) * row + c];
    }

    /// <summary>The position of the first id that is not in 0..limit, or -1.</summary>
    private static long FirstOutside(Numbers<int> ids, long n, long limit)
    {
        for (long i = 0; i < n; i++)
            if (ids[i] < 0 || ids[i] >= limit)
                return i;
        return -1;
    }
}
