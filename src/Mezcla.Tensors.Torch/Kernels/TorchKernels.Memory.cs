using System.Runtime.InteropServices;
using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Torch.Native;

namespace Mezcla.Tensors.Torch;

internal sealed unsafe partial class TorchKernels
{
    public override void Copy(Handle x, Handle y, long bytes)
    {
        if (bytes == 0)
            return;
        // Whole words where they are, since libtorch copies bytes slowly.
        var (type, size) = (bytes | x.Offset | y.Offset) % 4 == 0 ? (Block.Float32, 4) : (bytes | x.Offset | y.Offset) % 2 == 0
            ? (Block.Int16, 2) : (Block.Byte, 1);
        Run("copy"u8, y, Dense(x, type, [bytes / size]), Dense(y, type, [bytes / size]));
    }

    public override void Fill(Handle y, long n, float value)
    {
        if (n > 0)
            Run("fill"u8, y, F(y, n), value);
    }

    public override void CopyStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape,
        int elementBytes)
        => Move("copy"u8, x, xStrides, y, yStrides, shape, elementBytes == 2 ? Block.Int16 : Block.Float32);

    public override void AddStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape)
        => Move("add"u8, x, xStrides, y, yStrides, shape, Block.Float32);

    private void Move(ReadOnlySpan<byte> function, Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides,
        in Shape shape, int type)
    {
        if (shape.Count == 0)
            return;
        var rank = shape.Rank;
        Span<long> sizes = stackalloc long[rank];
        Sizes(shape, sizes);
        Run(function, y, View(x, type, sizes, xStrides[..rank]), View(y, type, sizes, yStrides[..rank]));
    }

    public override void Convert(Handle x, DType from, Handle y, DType to, long n)
    {
        if (from == to)
            Copy(x, y, n * from.Bytes());
        else if (n > 0)
            Run("copy"u8, y, Dense(x, TypeOf(from), [n]), Dense(y, TypeOf(to), [n]));

        static int TypeOf(DType type) => type switch
        {
            DType.BFloat16 => Block.BFloat16,
            DType.Int32 => Block.Int32,
            _ => Block.Float32,
        };
    }

    public override long GatherRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long rowBytes, in IndexCheck check)
    {
        if (axis == 0 || outer * count * rowBytes == 0)
        {
            Look(ids, count, axis, check);
            return -1;
        }

        var (type, size) = (rowBytes | x.Offset | y.Offset) % 4 == 0 ? (Block.Float32, 4) : (Block.Int16, 2);
        Run("gather_rows"u8, y, Dense(x, type, [outer, axis, rowBytes / size]), I(ids, count),
            Dense(y, type, [outer, count, rowBytes / size]), Record, Number(check));
        return -1;
    }

    public override void ScatterAddRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long row, in IndexCheck check)
    {
        if (outer * axis * count * row > 0)
            Run("scatter_add_rows"u8, y, F(x, outer, count, row), I(ids, count), F(y, outer, axis, row), Record, Number(check));
    }

    public override long Gather(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, int elementBytes,
        in IndexCheck check)
    {
        var n = outer * count * inner;
        if (n == 0 || axis == 0)
        {
            Look(index, n, axis, check);
            return -1;
        }

        var type = elementBytes == 2 ? Block.Int16 : Block.Float32;
        Run("gather"u8, y, Dense(x, type, [outer, axis, inner]), I(index, outer, count, inner), Dense(y, type, [outer, count, inner]),
            Record, Number(check));
        return -1;
    }

    public override long ScatterAdd(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, in IndexCheck check)
    {
        var n = outer * count * inner;
        if (n == 0 || axis == 0)
            Look(index, n, axis, check);
        else
            Run("scatter_add"u8, y, F(x, outer, count, inner), I(index, outer, count, inner), F(y, outer, axis, inner), Record,
                Number(check));
        return -1;
    }

    public override void Select(Handle mask, Handle a, float aValue, Handle b, float bValue, Handle y, long n, bool accumulate)
    {
        if (n > 0)
            Run("select"u8, y, I(mask, n), F(a, n), aValue, F(b, n), bValue, F(y, n), accumulate);
    }

    public override void Tril(Handle x, Handle y, long batch, long rows, long columns, long diagonal, bool accumulate)
    {
        if (batch * rows * columns > 0)
            Run("tril"u8, y, F(x, batch, rows, columns), F(y, batch, rows, columns), diagonal, accumulate);
    }

    public override long FirstNaN(Handle x, long n)
    {
        if (n == 0)
            return -1;
        lock (_found)
        {
            Span<int> found = stackalloc int[2];
            _script.Run("first_nan"u8, F(x, n), Argument.View(Strided(_found.As(Block.Int32), [2], [1], 0)));
            Read(_found, 0, MemoryMarshal.AsBytes(found));
            return found[0] == 0 ? -1 : found[1];
        }
    }

    // Where there is nothing to do, the integers are still looked at.
    private void Look(Handle ids, long n, long limit, in IndexCheck check)
    {
        if (n > 0 && check.Operation is not null)
            _script.Run("check_indices"u8, I(ids, n), limit, Record, Number(check));
    }
}
