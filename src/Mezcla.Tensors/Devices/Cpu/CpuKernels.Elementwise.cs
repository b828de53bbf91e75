using System.Numerics.Tensors;
using F = Mezcla.Tensors.Devices.Cpu.UnaryFunctions;

namespace Mezcla.Tensors.Devices.Cpu;

internal sealed unsafe partial class CpuKernels
{
    internal override void Scale(Handle x, Handle y, long n, float factor, bool accumulate)
    {
        float* from = Floats(x), to = Floats(y);
        for (long at = 0; at < n; at += 1 << 30)
        {
            int length = Piece(at, n);
            var source = new ReadOnlySpan<float>(from + at, length);
            var target = new Span<float>(to + at, length);
            if (accumulate && factor == 1)
                TensorPrimitives.Add(target, source, target);
            else if (accumulate)
                TensorPrimitives.MultiplyAdd(source, factor, target, target);
            else if (factor == 1)
                source.CopyTo(target);
            else
                TensorPrimitives.Multiply(source, factor, target);
        }
    }

    internal override void Unary(UnaryKind kind, Handle x, Handle y, long n, float a, float b)
    {
        float* from = Floats(x), to = Floats(y);
        switch (kind)
        {
            case UnaryKind.Affine: Map<F.Affine>(from, to, n, a, b); break;
            case UnaryKind.Reciprocal: Map<F.Reciprocal>(from, to, n, a, b); break;
            case UnaryKind.Exp: Map<F.Exp>(from, to, n, a, b); break;
            case UnaryKind.Log: Map<F.Log>(from, to, n, a, b); break;
            case UnaryKind.Sqrt: Map<F.Sqrt>(from, to, n, a, b); break;
            case UnaryKind.Rsqrt: Map<F.Rsqrt>(from, to, n, a, b); break;
            case UnaryKind.Square: Map<F.Square>(from, to, n, a, b); break;
            case UnaryKind.Abs: Map<F.Abs>(from, to, n, a, b); break;
            case UnaryKind.Pow: Map<F.Pow>(from, to, n, a, b); break;
            case UnaryKind.Clamp: Map<F.Clamp>(from, to, n, a, b); break;
            case UnaryKind.Tanh: Map<F.Tanh>(from, to, n, a, b); break;
            case UnaryKind.Sigmoid: Map<F.Sigmoid>(from, to, n, a, b); break;
            case UnaryKind.Gelu: Map<F.Gelu>(from, to, n, a, b); break;
            case UnaryKind.GeluTanh: Map<F.GeluTanh>(from, to, n, a, b); break;
            case UnaryKind.Silu: Map<F.Silu>(from, to, n, a, b); break;
            case UnaryKind.Relu: Map<F.Relu>(from, to, n, a, b); break;
            case UnaryKind.Softplus: Map<F.Softplus>(from, to, n, a, b); break;
            case UnaryKind.Sin: Map<F.Sin>(from, to, n, a, b); break;
            case UnaryKind.Cos: Map<F.Cos>(from, to, n, a, b); break;
            default: throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
        }
    }

    internal override void UnaryBackward(UnaryKind kind, Handle saved, Handle dy, Handle dx, long n, float a, float b, bool accumulate)
    {
        float* s = Floats(saved), g = Floats(dy), to = Floats(dx);
        switch (kind)
        {
            case UnaryKind.Affine: Scale(dy, dx, n, a, accumulate); break;
            case UnaryKind.Reciprocal: MapBack<F.Reciprocal>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Exp: MapBack<F.Exp>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Log: MapBack<F.Log>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Sqrt: MapBack<F.Sqrt>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Rsqrt: MapBack<F.Rsqrt>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Square: MapBack<F.Square>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Abs: MapBack<F.Abs>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Pow: MapBack<F.Pow>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Clamp: MapBack<F.Clamp>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Tanh: MapBack<F.Tanh>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Sigmoid: MapBack<F.Sigmoid>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Gelu: MapBack<F.Gelu>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.GeluTanh: MapBack<F.GeluTanh>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Silu: MapBack<F.Silu>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Relu: MapBack<F.Relu>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Softplus: MapBack<F.Softplus>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Sin: MapBack<F.Sin>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Cos: MapBack<F.Cos>(s, g, to, n, a, b, accumulate); break;
            default: throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
        }
    }

    private static void Map<TFunction>(float* x, float* y, long n, float a, float b) where TFunction : IUnaryFunction
    {
        for (long i = 0; i < n; i++)
            y[i] = TFunction.Value(x[i], a, b);
    }

    private static void MapBack<TFunction>(float* saved, float* dy, float* dx, long n, float a, float b, bool accumulate) where TFunction : IUnaryFunction
    {
        if (accumulate)
            for (long i = 0; i < n; i++)
                dx[i] += dy[i] * TFunction.Derivative(saved[i], a, b);
        else
            for (long i = 0; i < n; i++)
                dx[i] = dy[i] * TFunction.Derivative(saved[i], a, b);
    }

    internal override void Binary(BinaryKind kind, Handle a, ReadOnlySpan<long> aStrides, Handle b, ReadOnlySpan<long> bStrides, Handle y, in Shape shape, bool accumulate)
    {
        Span<long> yStrides = stackalloc long[Shape.MaxRank];
        shape.Strides(yStrides);
        var loop = new StridedLoop(shape, aStrides, bStrides, yStrides);
        float* left = Floats(a), right = Floats(b), to = Floats(y);
        while (loop.Next(out long atA, out long atB, out long atY))
        {
            if (!accumulate && kind <= BinaryKind.Divide && loop.StepA is 0 or 1 && loop.StepB is 0 or 1)
                Row(kind, left + atA, loop.StepA, right + atB, loop.StepB, to + atY, loop.Length);
            else
                for (int i = 0; i < loop.Length; i++)
                {
                    float value = Apply(kind, left[atA + i * loop.StepA], right[atB + i * loop.StepB]);
                    to[atY + i] = accumulate ? to[atY + i] + value : value;
                }
        }
    }

    private static void Row(BinaryKind kind, float* a, long stepA, float* b, long stepB, float* y, int n)
    {
        var left = new ReadOnlySpan<float>(a, stepA == 0 ? 1 : n);
        var right = new ReadOnlySpan<float>(b, stepB == 0 ? 1 : n);
        var to = new Span<float>(y, n);
        if (stepA == 0 && stepB == 0)
            to.Fill(Apply(kind, *a, *b));
        else if (stepB == 0)
            switch (kind)
            {
                case BinaryKind.Add: TensorPrimitives.Add(left, *b, to); break;
                case BinaryKind.Subtract: TensorPrimitives.Subtract(left, *b, to); break;
                case BinaryKind.Multiply: TensorPrimitives.Multiply(left, *b, to); break;
                default: TensorPrimitives.Divide(left, *b, to); break;
            }
        else if (stepA == 0)
            switch (kind)
            {
                case BinaryKind.Add: TensorPrimitives.Add(right, *a, to); break;
                case BinaryKind.Subtract: TensorPrimitives.Subtract(*a, right, to); break;
                case BinaryKind.Multiply: TensorPrimitives.Multiply(right, *a, to); break;
                default: TensorPrimitives.Divide(*a, right, to); break;
            }
        else
            switch (kind)
            {
                case BinaryKind.Add: TensorPrimitives.Add(left, right, to); break;
                case BinaryKind.Subtract: TensorPrimitives.Subtract(left, right, to); break;
                case BinaryKind.Multiply: TensorPrimitives.Multiply(left, right, to); break;
                default: TensorPrimitives.Divide(left, right, to); break;
            }
    }

    private static float Apply(BinaryKind kind, float a, float b) => kind switch
    {
        BinaryKind.Add => a + b,
        BinaryKind.Subtract => a - b,
        BinaryKind.Multiply => a * b,
        BinaryKind.Divide => a / b,
        BinaryKind.Maximum => MathF.Max(a, b),
        BinaryKind.Minimum => MathF.Min(a, b),
        BinaryKind.Greater => a > b ? 1 : 0,
        BinaryKind.Less => a < b ? 1 : 0,
        _ => a == b ? 1 : 0,
    };

    internal override void SwiGlu(Handle a, Handle b, Handle y, long n)
    {
        float* gate = Floats(a), up = Floats(b), to = Floats(y);
        for (long i = 0; i < n; i++)
            to[i] = F.Silu.Value(gate[i], 0, 0) * up[i];
    }

    internal override void SwiGluBackward(Handle a, Handle b, Handle dy, Handle da, bool accumulateA, Handle db, bool accumulateB, long n)
    {
        float* gate = Floats(a), up = Floats(b), g = Floats(dy), dGate = Floats(da), dUp = Floats(db);
        for (long i = 0; i < n; i++)
        {
            float forGate = g[i] * up[i] * F.Silu.Derivative(gate[i], 0, 0), forUp = g[i] * F.Silu.Value(gate[i], 0, 0);
            if (dGate != null)
                dGate[i] = accumulateA ? dGate[i] + forGate : forGate;
            if (dUp != null)
                dUp[i] = accumulateB ? dUp[i] + forUp : forUp;
        }
    }

    internal override void Dropout(Handle x, Handle y, long n, float p, ulong seed, ulong stream, ulong position, bool accumulate)
    {
        float* from = Floats(x), to = Floats(y);
        float scale = 1 / (1 - p);
        var random = new RandomStream(seed, stream) { Position = position };
        for (long i = 0; i < n; i++)
        {
            float value = random.NextFloat() >= p ? from[i] * scale : 0;
            to[i] = accumulate ? to[i] + value : value;
        }
    }

    internal override long FirstNaN(Handle x, long n)
    {
        float* values = Floats(x);
        for (long i = 0; i < n; i++)
            if (float.IsNaN(values[i]))
                return i;
        return -1;
    }
}
