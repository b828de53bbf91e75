namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    public override void Copy(Handle x, Handle y, long bytes)
    {
        if (bytes > 0)
            Bytes(x).Part(0, bytes).CopyTo(Bytes(y).Part(0, bytes));
    }

    public override void Fill(Handle y, long n, float value)
    {
        var to = Floats(y);
        for (long i = 0; i < n; i++)
            to[i] = value;
    }

    /// <summary>y[i·yStrides] = x[i·xStrides] for every index i of the shape.</summary>
    public override void CopyStrided(
        Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape, int elementBytes)
    {
        // A slice of an empty tensor may begin after the end of its block.
        if (shape.Count == 0)
            return;
        if (elementBytes == 2)
            CopyStrided(new NumberSpan<ushort>(x), xStrides, new NumberSpan<ushort>(y), yStrides, shape);
        else
            CopyStrided(new NumberSpan<uint>(x), xStrides, new NumberSpan<uint>(y), yStrides, shape);
    }

    /// <summary>y[i·yStrides] += x[i·xStrides] for every index i of the shape: the derivative of a strided copy.</summary>
    public override void AddStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape)
    {
        if (shape.Count == 0)
            return;
        NumberSpan<float> from = Floats(x), to = Floats(y);
        for (long i = 0; i < shape.Count; i++)
            to[Position(i, shape, yStrides)] += from[Position(i, shape, xStrides)];
    }

    private static void CopyStrided<T>(
        NumberSpan<T> x, ReadOnlySpan<long> xStrides, NumberSpan<T> y, ReadOnlySpan<long> yStrides, in Shape shape) where T : unmanaged
    {
        for (long i = 0; i < shape.Count; i++)
            y[Position(i, shape, yStrides)] = x[Position(i, shape, xStrides)];
    }

    /// <summary>
    /// The offset, in an array with these strides, of element number <paramref name="i"/> of a shape, counted row by row.
    /// </summary>
    private static long Position(long i, in Shape shape, ReadOnlySpan<long> strides)
    {
        long position = 0;
        for (var axis = shape.Rank - 1; axis >= 0; axis--)
        {
            position += i % shape[axis] * strides[axis];
            i /= shape[axis];
        }
        return position;
    }
}
