namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y = silu(a)·b with silu(a) = a·σ(a) (Shazeer, arXiv:2002.05202).</summary>
    public override void SwiGlu(Handle a, Handle b, Handle y, long n)
    {
        Numbers<float> gate = Floats(a), up = Floats(b), to = Floats(y);
        for (long i = 0; i < n; i++)
            to[i] = (float)(gate[i] * Functions.Sigmoid(gate[i]) * up[i]);
    }

    /// <summary>da (+)= dy·b·silu′(a), db (+)= dy·silu(a).</summary>
    public override void SwiGluBackward(
        Handle a, Handle b, Handle dy, Handle da, bool accumulateA, Handle db, bool accumulateB, long n)
    {
        Numbers<float> gate = Floats(a), up = Floats(b), gradient = Floats(dy), toA = Floats(da), toB = Floats(db);
        for (long i = 0; i < n; i++)
        {
            var sigmoid = Functions.Sigmoid(gate[i]);
            var (forGate, forUp) = (gradient[i] * (double)up[i] * Functions.GatedDerivative(gate[i], sigmoid, 1), gradient[i] * gate[i] * sigmoid);
            if (!toA.IsNull)
                Put(ref toA[i], forGate, accumulateA);
            if (!toB.IsNull)
                Put(ref toB[i], forUp, accumulateB);
        }
    }
}
