namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// y (+)= scale·x, summed over the axes along which <paramref name="own"/> was repeated to become <paramref name="shape"/>.
    /// </summary>
    internal static void SumTo(Device device, Handle x, Shape shape, Handle y, in Shape own, float scale, bool accumulate)
    {
        Storage? between = null;
        while (true)
        {
            var (from, to) = Run(shape, own, 0);
            if (from == to)
            {
                device.Kernels.Scale(x, y, shape.Count, scale, accumulate);
                break;
            }
            long outer = shape.Product(0, from), n = shape.Product(from, to), inner = shape.Product(to, shape.Rank);
            if (Run(shape, own, to) is var (next, end) && next == end)
            {
                device.Kernels.Sum(x, y, outer, n, inner, scale, squares: false, accumulate);
                break;
            }
            var storage = device.Pool.Rent(outer * inner * 4, "working memory");
            device.Kernels.Sum(x, new Handle(storage, 0), outer, n, inner, 1, squares: false, accumulate: false);
            between?.Release();
            between = storage;
            x = new Handle(storage, 0);
            for (var i = from; i < to; i++)
                shape = shape.With(i, 1);
        }
        between?.Release();

        // The first run of neighbouring axes to be summed, from axis `start` on.
        static (int From, int To) Run(in Shape shape, in Shape own, int start)
        {
            var missing = shape.Rank - own.Rank;
            for (; start < shape.Rank; start++)
                if (Repeated(shape, own, start))
                    break;
            var end = start;
            while (end < shape.Rank && Repeated(shape, own, end))
                end++;
            return (start, end);

            bool Repeated(in Shape shape, in Shape own, int axis) => shape[axis] != 1 && (axis < missing || own[axis - missing] == 1);
        }
    }
}
