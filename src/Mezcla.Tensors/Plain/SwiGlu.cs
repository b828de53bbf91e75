namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y = silu(a)·b with silu(a) = a·σ(a) (Shazeer, arXiv:2002.05202).</summary>
    public override void SwiGlu(Handle a, Handle b, Handle y, long n)
        => Put(y, n, i => ElementFunctions.Value(UnaryKind.Silu, Floats(a)[i], 0, 0) * Floats(b)[i], false);

    /// <summary>da (+)= dy·b·silu′(a), db (+)= dy·silu(a).</summary>
    public override void SwiGluBackward(Handle a, Handle b, Handle dy, Handle da, bool accumulateA, Handle db, bool accumulateB, long n)
    {
        Put(da, n, i => Floats(dy)[i] * (double)Floats(b)[i] * ElementFunctions.Derivative(UnaryKind.Silu, Floats(a)[i], 0, 0),
            accumulateA);
        Put(db, n, i => Floats(dy)[i] * ElementFunctions.Value(UnaryKind.Silu, Floats(a)[i], 0, 0), accumulateB);
    }
}
