using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y[o, j, i] = x[o, index[o, j, i], i].</summary>
    public override long Gather(
        Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, int elementBytes, in IndexCheck check)
    {
        var wrong = FirstOutside(Ints(index), outer * count * inner, axis);
        if (wrong >= 0)
            return wrong;
        if (elementBytes == 2)
            Gather(new Numbers<ushort>(x), Ints(index), new Numbers<ushort>(y), outer, axis, inner, count);
        else
            Gather(new Numbers<uint>(x), Ints(index), new Numbers<uint>(y), outer, axis, inner, count);
        return -1;
    }

    /// <summary>y[o, index[o, j, i], i] += x[o, j, i], in the order of j: the derivative of gathering.</summary>
    public override long ScatterAdd(
        Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, in IndexCheck check)
    {
        var id = Ints(index);
        var wrong = FirstOutside(id, outer * count * inner, axis);
        if (wrong >= 0)
            return wrong;
        Numbers<float> from = Floats(x), to = Floats(y);
        for (long o = 0; o < outer; o++)
            for (long j = 0; j < count; j++)
                for (long i = 0; i < inner; i++)
                {
                    var at = (o * count + j) * inner + i;
                    to[(o * axis + id[at]) * inner + i] += from[at];
                }
        return -1;
    }

    private static void Gather<T>(
        Numbers<T> x, Numbers<int> id, Numbers<T> y, long outer, long axis, long inner, long count) where T : unmanaged
    {
        for (long o = 0; o < outer; o++)
            for (long j = 0; j < count; j++)
                for (long i = 0; i < inner; i++)
                {
                    var at = (o * count + j) * inner + i;
                    y[at] = x[(o * axis + id[at]) * inner + i];
                }
    }
}
