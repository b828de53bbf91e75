namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>The sum of all elements (shape []), or along one axis, which then goes or, with <paramref name="keepDims"/>, has size 1. dx = dy, repeated.</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static Tensor Sum(this Tensor x, int? axis = null, bool keepDims = false) => Sum("Sum", x, axis, keepDims, mean: false);

    /// <summary>The mean of all elements, or along one axis; NaN where there is nothing to average. dx = dy/n, repeated.</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public static Tensor Mean(this Tensor x, int? axis = null, bool keepDims = false) => Sum("Mean", x, axis, keepDims, mean: true);

    private static Tensor Sum(string name, Tensor x, int? axis, bool keepDims, bool mean)
    {
        x = x.Floats(name);
        var (outer, n, inner, shape) = Along(name, x, axis, keepDims);
        float scale = mean ? 1f / n : 1;
        var y = Tensor.Empty(name, shape, DType.Float32, x.Device);
        x.Kernels.Sum(x.Handle, y.Handle, outer, n, inner, scale, squares: false, accumulate: false);
        if (Tape.Records(x))
            y.RecordedAs(new SumNode(name, y, x, outer, n, inner, scale));
        return Tape.Finish(name, y);
    }

    /// <summary>A tensor seen as [outer, n, inner] around an axis (around everything where it is null), and the shape without that axis.</summary>
    private static (long Outer, long N, long Inner, Shape Without) Along(string name, Tensor x, int? axis, bool keepDims)
    {
        ref readonly var shape = ref x.Sizes;
        if (axis is not { } chosen)
        {
            Span<int> ones = stackalloc int[keepDims ? shape.Rank : 0];
            ones.Fill(1);
            return (1, shape.Count, 1, new Shape(ones));
        }
        int at = x.Axis(name, chosen);
        return (shape.Product(0, at), shape[at], shape.Product(at + 1, shape.Rank), keepDims ? shape.With(at, 1) : shape.Without(at));
    }

    /// <summary>y (+)= scale·x, summed over the axes along which <paramref name="own"/> was repeated to become <paramref name="shape"/>.</summary>
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
            for (int i = from; i < to; i++)
                shape = shape.With(i, 1);
        }
        between?.Release();

        // The first run of neighbouring axes, from one on, that are to be summed.
        static (int From, int To) Run(in Shape shape, in Shape own, int start)
        {
            int missing = shape.Rank - own.Rank;
            for (; start < shape.Rank; start++)
                if (Repeated(shape, own, start))
                    break;
            int end = start;
            while (end < shape.Rank && Repeated(shape, own, end))
                end++;
            return (start, end);

            bool Repeated(in Shape shape, in Shape own, int axis) => shape[axis] != 1 && (axis < missing || own[axis - missing] == 1);
        }
    }

    private sealed class SumNode(string name, Tensor y, Tensor x, long outer, long n, long inner, float scale) : Node(name, y, x.GradNode)
    {
        internal override void Backward(Handle gradient)
        {
            var work = new Scratch(Device);
            if (scale != 1)
            {
                var scaled = work.Rent(Count);
                Kernels.Scale(gradient, scaled, Count, scale, accumulate: false);
                gradient = scaled;
            }
            var dx = Input0!.Target(out bool accumulate);
            var shape = new Shape(checked((int)outer), checked((int)n), checked((int)inner));
            ReadOnlySpan<long> repeated = [inner, 0, 1], full = [n * inner, inner, 1];
            if (accumulate)
                Kernels.AddStrided(gradient, repeated, dx, full, shape);
            else
                Kernels.CopyStrided(gradient, repeated, dx, full, shape, 4);
            work.Dispose();
        }
    }
}
