using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y[i, c] = c = ids[i] ? 1 : 0.</summary>
    public override long OneHot(Handle ids, Handle y, long n, long classes, in IndexCheck check)
    {
        var wrong = FirstOutside(Ints(ids), n, classes);
        if (wrong >= 0)
            return wrong;
        var to = Floats(y);
        for (long i = 0; i < n; i++)
            for (long c = 0; c < classes; c++)
                to[i * classes + c] = c == Ints(ids)[i] ? 1 : 0;
        return -1;
    }
}
