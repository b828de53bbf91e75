namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y (+)= factor·x.</summary>
    public override void Scale(Handle x, Handle y, long n, float factor, bool accumulate)
        => Put(y, n, i => (double)factor * Floats(x)[i], accumulate);

    /// <summary>y = f(x).</summary>
    public override void Unary(UnaryKind kind, Handle x, Handle y, long n, float a, float b)
        => Put(y, n, i => ElementFunctions.Value(kind, Floats(x)[i], a, b), false);

    /// <summary>dx (+)= dy·f′; if the function saves nothing, its derivative uses neither x nor y.</summary>
    public override void UnaryBackward(UnaryKind kind, Handle saved, Handle dy, Handle dx, long n, float a, float b, bool accumulate)
        => Put(dx, n, i => Floats(dy)[i] * ElementFunctions.Derivative(kind, saved.IsNull ? 0 : Floats(saved)[i], a, b), accumulate);

    /// <summary>The position of the first NaN, or -1.</summary>
    public override long FirstNaN(Handle x, long n)
    {
        for (long i = 0; i < n; i++)
            if (float.IsNaN(Floats(x)[i]))
                return i;
        return -1;
    }
}
