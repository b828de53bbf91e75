namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y (+)= x/(1 - p) where the random number of the element is at least p, else 0.</summary>
    public override void Dropout(Handle x, Handle y, long n, float p, ulong seed, ulong stream, ulong position, bool accumulate)
    {
        var random = new RandomStream(seed, stream) { Position = position };
        Put(y, n, i => random.NextFloat() >= p ? Floats(x)[i] / (1.0 - p) : 0, accumulate);
    }
}
