using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;
using F = Mezcla.Tensors.Cpu.UnaryFunctions;

namespace Mezcla.Tensors.Cpu;

internal sealed unsafe partial class CpuKernels
{
    public override void Scale(Handle x, Handle y, long n, float factor, bool accumulate)
    {
        float* from = Floats(x), to = Floats(y);
        if (factor != 1)
            VectorMap.Run<VectorMap.Scale>(from, from, from, to, n, factor, 0, accumulate);
        else if (accumulate)
            VectorMap.Run<VectorMap.Add>(to, from, from, to, n);
        else
            Copy(x, y, n * 4);
    }

    public override void Unary(UnaryKind kind, Handle x, Handle y, long n, float a, float b)
    {
        float* from = Floats(x), to = Floats(y);
        switch (kind)
        {
            case UnaryKind.Affine:
                VectorMap.Unary<F.Affine>(from, to, n, a, b);
                break;
            case UnaryKind.Reciprocal:
                VectorMap.Unary<F.Reciprocal>(from, to, n, a, b);
                break;
            case UnaryKind.Exp:
                VectorMap.Unary<F.Exp>(from, to, n, a, b);
                break;
            case UnaryKind.Log:
                VectorMap.Unary<F.Log>(from, to, n, a, b);
                break;
            case UnaryKind.Sqrt:
                VectorMap.Unary<F.Sqrt>(from, to, n, a, b);
                break;
            case UnaryKind.Square:
                VectorMap.Unary<F.Square>(from, to, n, a, b);
                break;
            case UnaryKind.Pow:
                VectorMap.Unary<F.Pow>(from, to, n, a, b);
                break;
            case UnaryKind.Tanh:
                VectorMap.Unary<F.Tanh>(from, to, n, a, b);
                break;
            case UnaryKind.Sigmoid:
                VectorMap.Unary<F.Sigmoid>(from, to, n, a, b);
                break;
            case UnaryKind.Gelu:
                VectorMap.Unary<F.Gelu>(from, to, n, a, b);
                break;
            case UnaryKind.GeluTanh:
                VectorMap.Unary<F.GeluTanh>(from, to, n, a, b);
                break;
            case UnaryKind.Silu:
                VectorMap.Unary<F.Silu>(from, to, n, a, b);
                break;
            case UnaryKind.Relu:
                VectorMap.Unary<F.Relu>(from, to, n, a, b);
                break;
            case UnaryKind.Softplus:
                VectorMap.Unary<F.Softplus>(from, to, n, a, b);
                break;
            case UnaryKind.NormalCdf:
                VectorMap.Unary<F.NormalCdf>(from, to, n, a, b);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
        }
    }

    public override void UnaryBackward(UnaryKind kind, Handle saved, Handle dy, Handle dx, long n, float a, float b, bool accumulate)
    {
        float* s = Floats(saved), g = Floats(dy), to = Floats(dx);
        switch (kind)
        {
            case UnaryKind.Affine:
                Scale(dy, dx, n, a, accumulate);
                break;
            case UnaryKind.Reciprocal:
                VectorMap.UnaryBackward<F.Reciprocal>(s, g, to, n, a, b, accumulate);
                break;
            case UnaryKind.Exp:
                VectorMap.UnaryBackward<F.Exp>(s, g, to, n, a, b, accumulate);
                break;
            case UnaryKind.Log:
                VectorMap.UnaryBackward<F.Log>(s, g, to, n, a, b, accumulate);
                break;
            case UnaryKind.Sqrt:
                VectorMap.UnaryBackward<F.Sqrt>(s, g, to, n, a, b, accumulate);
                break;
            case UnaryKind.Square:
                VectorMap.UnaryBackward<F.Square>(s, g, to, n, a, b, accumulate);
                break;
            case UnaryKind.Pow:
                VectorMap.UnaryBackward<F.Pow>(s, g, to, n, a, b, accumulate);
                break;
            case UnaryKind.Tanh:
                VectorMap.UnaryBackward<F.Tanh>(s, g, to, n, a, b, accumulate);
                break;
            case UnaryKind.Sigmoid:
                VectorMap.UnaryBackward<F.Sigmoid>(s, g, to, n, a, b, accumulate);
                break;
            case UnaryKind.Gelu:
                VectorMap.UnaryBackward<F.Gelu>(s, g, to, n, a, b, accumulate);
                break;
            case UnaryKind.GeluTanh:
                VectorMap.UnaryBackward<F.GeluTanh>(s, g, to, n, a, b, accumulate);
                break;
            case UnaryKind.Silu:
                VectorMap.UnaryBackward<F.Silu>(s, g, to, n, a, b, accumulate);
                break;
            case UnaryKind.Relu:
                VectorMap.UnaryBackward<F.Relu>(s, g, to, n, a, b, accumulate);
                break;
            case UnaryKind.Softplus:
                VectorMap.UnaryBackward<F.Softplus>(s, g, to, n, a, b, accumulate);
                break;
            case UnaryKind.NormalCdf:
                VectorMap.UnaryBackward<F.NormalCdf>(s, g, to, n, a, b, accumulate);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
        }
    }

    public override void Binary(BinaryKind kind, Handle a, ReadOnlySpan<long> aStrides, Handle b, ReadOnlySpan<long> bStrides, Handle y,
        in Shape shape, bool accumulate)
    {
        var yStrides = shape.Strides();
        BinaryKernels.Run(kind, Floats(a), Floats(b), Floats(y), new StridedLoop(shape, aStrides, bStrides, yStrides), accumulate);
    }

    public override void SwiGlu(Handle a, Handle b, Handle y, long n)
    {
        float* gate = Floats(a), up = Floats(b);
        VectorMap.Run<VectorMap.SwiGlu>(gate, up, up, Floats(y), n);
    }

    public override void SwiGluBackward(Handle a, Handle b, Handle dy, Handle da, bool accumulateA, Handle db, bool accumulateB, long n)
    {
        float* gate = Floats(a), g = Floats(dy);
        if (!da.IsNull)
            VectorMap.Run<VectorMap.SwiGluGate>(gate, Floats(b), g, Floats(da), n, 0, 0, accumulateA);
        if (!db.IsNull)
            VectorMap.Run<VectorMap.SwiGlu>(gate, g, g, Floats(db), n, 0, 0, accumulateB);
    }

    public override void Dropout(Handle x, Handle y, long n, float p, ulong seed, ulong stream, ulong position, bool accumulate)
        =>
        CpuRanges.Run(n, 4,
            new DropoutJob
            {
                X = Floats(x),
                Y = Floats(y),
                P = p,
                Seed = seed,
                Stream = stream,
                Position = position,
                Accumulate = accumulate
            });

    private struct DropoutJob : IRangeJob
    {
        public float* X, Y;
        public float P;
        public ulong Seed, Stream, Position;
        public bool Accumulate;

        [MethodImpl(Lanes.Kernel)]
        public readonly void Run(long from, long to)
        {
            var scale = 1 / (1 - P);
            for (var i = from; i < to;)
            {
                var position = Position + (ulong)i;
                var (a, b, c, d) = RandomStream.Block(Seed, Stream, position >> 2);
                for (var j = (int)(position & 3); j < 4 && i < to; j++, i++)
                {
                    var value = RandomStream.ToFloat(j switch { 0 => a, 1 => b, 2 => c, _ => d }) >= P ? X[i] * scale : 0;
                    Y[i] = Accumulate ? Y[i] + value : value;
                }
            }
        }
    }

    public override long FirstNaN(Handle x, long n)
    {
        var values = Floats(x);
        for (long i = 0; i < n; i++)
            if (float.IsNaN(values[i]))
                return i;
        return -1;
    }
}
