using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y (+)= factor·x.</summary>
    public override void Scale(Handle x, Handle y, long n, float factor, bool accumulate)
    {
        Numbers<float> from = Floats(x), to = Floats(y);
        for (long i = 0; i < n; i++)
            Put(ref to[i], (double)factor * from[i], accumulate);
    }

    /// <summary>y = f(x).</summary>
    public override void Unary(UnaryKind kind, Handle x, Handle y, long n, float a, float b)
    {
        Numbers<float> from = Floats(x), to = Floats(y);
        for (long i = 0; i < n; i++)
            to[i] = (float)Functions.Value(kind, from[i], a, b);
    }

    /// <summary>dx (+)= dy·f′.</summary>
    public override void UnaryBackward(
        UnaryKind kind, Handle saved, Handle dy, Handle dx, long n, float a, float b, bool accumulate)
    {
        Numbers<float> from = Floats(saved), gradient = Floats(dy), to = Floats(dx);
        for (long i = 0; i < n; i++)
        {
            // A function that saves nothing has a derivative that needs nothing.
            var slope = Functions.Derivative(kind, from.IsNull ? 0 : from[i], a, b);
            Put(ref to[i], gradient[i] * slope, accumulate);
        }
    }

    /// <summary>The position of the first NaN, or -1.</summary>
    public override long FirstNaN(Handle x, long n)
    {
        for (long i = 0; i < n; i++)
            if (float.IsNaN(Floats(x)[i]))
                return i;
        return -1;
    }
}
