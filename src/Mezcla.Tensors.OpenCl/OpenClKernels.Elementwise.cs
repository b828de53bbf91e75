using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.OpenCl;

internal sealed unsafe partial class OpenClKernels
{
    public override void Scale(Handle x, Handle y, long n, float factor, bool accumulate) => Each("scale", n, x, y, n, factor, accumulate);

    public override void Unary(UnaryKind kind, Handle x, Handle y, long n, float a, float b) => Each("unary", n, (long)kind, x, y, n, a, b);

    public override void UnaryBackward(UnaryKind kind, Handle saved, Handle dy, Handle dx, long n, float a, float b, bool accumulate)
        => Each("unary_backward", n, (long)kind, saved, dy, dx, n, a, b, accumulate);

    public override void Binary(BinaryKind kind, Handle a, ReadOnlySpan<long> aStrides, Handle b, ReadOnlySpan<long> bStrides, Handle y,
        in Shape shape, bool accumulate)
        => Each("binary", shape.Count, (long)kind, a, b, y, Strides(shape, aStrides, bStrides), shape.Count, accumulate);

    public override void SwiGlu(Handle a, Handle b, Handle y, long n) => Each("swiglu", n, a, b, y, n);

    public override void SwiGluBackward(Handle a, Handle b, Handle dy, Handle da, bool accumulateA, Handle db, bool accumulateB, long n)
        => Each("swiglu_backward", n, a, b, dy, da, accumulateA, db, accumulateB, n);

    public override void Dropout(Handle x, Handle y, long n, float p, ulong seed, ulong stream, ulong position, bool accumulate)
        => Each("dropout", n, x, y, n, p, seed, stream, position, accumulate);
}
