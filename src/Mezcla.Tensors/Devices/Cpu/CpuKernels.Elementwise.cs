using System.Numerics.Tensors;
using F = Mezcla.Tensors.Devices.Cpu.UnaryFunctions;

namespace Mezcla.Tensors.Devices.Cpu;

internal sealed unsafe partial class CpuKernels
{
    internal override void Scale(Handle x, Handle y, long n, float factor, bool accumulate)
    {
        float* from = Floats(x), to = Floats(y);
        if (factor != 1)
            VectorMap.Run<VectorMap.Scale>(from, from, from, to, n, factor, 0, accumulate);
        else if (accumulate)
            VectorMap.Run<VectorMap.Add>(to, from, from, to, n);
        else
            Copy(x, y, n * 4);
    }

    internal override void Unary(UnaryKind kind, Handle x, Handle y, long n, float a, float b)
    {
        float* from = Floats(x), to = Floats(y);
        switch (kind)
        {
            case UnaryKind.Affine: VectorMap.Unary<F.Affine>(from, to, n, a, b); break;
            case UnaryKind.Reciprocal: VectorMap.Unary<F.Reciprocal>(from, to, n, a, b); break;
            case UnaryKind.Exp: VectorMap.Unary<F.Exp>(from, to, n, a, b); break;
            case UnaryKind.Log: VectorMap.Unary<F.Log>(from, to, n, a, b); break;
            case UnaryKind.Sqrt: VectorMap.Unary<F.Sqrt>(from, to, n, a, b); break;
            case UnaryKind.Rsqrt: VectorMap.Unary<F.Rsqrt>(from, to, n, a, b); break;
            case UnaryKind.Square: VectorMap.Unary<F.Square>(from, to, n, a, b); break;
            case UnaryKind.Abs: VectorMap.Unary<F.Abs>(from, to, n, a, b); break;
            case UnaryKind.Pow: VectorMap.Unary<F.Pow>(from, to, n, a, b); break;
            case UnaryKind.Clamp: VectorMap.Unary<F.Clamp>(from, to, n, a, b); break;
            case UnaryKind.Tanh: VectorMap.Unary<F.Tanh>(from, to, n, a, b); break;
            case UnaryKind.Sigmoid: VectorMap.Unary<F.Sigmoid>(from, to, n, a, b); break;
            case UnaryKind.Gelu: VectorMap.Unary<F.Gelu>(from, to, n, a, b); break;
            case UnaryKind.GeluTanh: VectorMap.Unary<F.GeluTanh>(from, to, n, a, b); break;
            case UnaryKind.Silu: VectorMap.Unary<F.Silu>(from, to, n, a, b); break;
            case UnaryKind.Relu: VectorMap.Unary<F.Relu>(from, to, n, a, b); break;
            case UnaryKind.Softplus: VectorMap.Unary<F.Softplus>(from, to, n, a, b); break;
            case UnaryKind.Sin: VectorMap.Unary<F.Sin>(from, to, n, a, b); break;
            case UnaryKind.Cos: VectorMap.Unary<F.Cos>(from, to, n, a, b); break;
            case UnaryKind.NormalCdf: VectorMap.Unary<F.NormalCdf>(from, to, n, a, b); break;
            default: throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
        }
    }

    internal override void UnaryBackward(UnaryKind kind, Handle saved, Handle dy, Handle dx, long n, float a, float b, bool accumulate)
    {
        float* s = Floats(saved), g = Floats(dy), to = Floats(dx);
        switch (kind)
        {
            case UnaryKind.Affine: Scale(dy, dx, n, a, accumulate); break;
            case UnaryKind.Reciprocal: VectorMap.UnaryBackward<F.Reciprocal>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Exp: VectorMap.UnaryBackward<F.Exp>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Log: VectorMap.UnaryBackward<F.Log>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Sqrt: VectorMap.UnaryBackward<F.Sqrt>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Rsqrt: VectorMap.UnaryBackward<F.Rsqrt>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Square: VectorMap.UnaryBackward<F.Square>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Abs: VectorMap.UnaryBackward<F.Abs>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Pow: VectorMap.UnaryBackward<F.Pow>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Clamp: VectorMap.UnaryBackward<F.Clamp>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Tanh: VectorMap.UnaryBackward<F.Tanh>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Sigmoid: VectorMap.UnaryBackward<F.Sigmoid>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Gelu: VectorMap.UnaryBackward<F.Gelu>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.GeluTanh: VectorMap.UnaryBackward<F.GeluTanh>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Silu: VectorMap.UnaryBackward<F.Silu>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Relu: VectorMap.UnaryBackward<F.Relu>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Softplus: VectorMap.UnaryBackward<F.Softplus>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Sin: VectorMap.UnaryBackward<F.Sin>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.Cos: VectorMap.UnaryBackward<F.Cos>(s, g, to, n, a, b, accumulate); break;
            case UnaryKind.NormalCdf: VectorMap.UnaryBackward<F.NormalCdf>(s, g, to, n, a, b, accumulate); break;
            default: throw new ArgumentOutOfRangeException(nameof(kind), kind, null);
        }
    }

    internal override void Binary(BinaryKind kind, Handle a, ReadOnlySpan<long> aStrides, Handle b, ReadOnlySpan<long> bStrides, Handle y, in Shape shape, bool accumulate)
    {
        Span<long> yStrides = stackalloc long[Shape.MaxRank];
        shape.Strides(yStrides);
        var loop = new StridedLoop(shape, aStrides, bStrides, yStrides);
        float* left = Floats(a), right = Floats(b), to = Floats(y);
        if (loop.Rows == 1 && loop.StepA == 1 && loop.StepB == 1 && kind <= BinaryKind.Divide)
        {
            Whole(kind, left, right, to, loop.Length, accumulate);
            return;
        }
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

    private static void Whole(BinaryKind kind, float* a, float* b, float* y, long n, bool accumulate)
    {
        switch (kind)
        {
            case BinaryKind.Add: VectorMap.Run<VectorMap.Add>(a, b, b, y, n, 0, 0, accumulate); break;
            case BinaryKind.Subtract: VectorMap.Run<VectorMap.Subtract>(a, b, b, y, n, 0, 0, accumulate); break;
            case BinaryKind.Multiply: VectorMap.Run<VectorMap.Multiply>(a, b, b, y, n, 0, 0, accumulate); break;
            default: VectorMap.Run<VectorMap.Divide>(a, b, b, y, n, 0, 0, accumulate); break;
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
        float* gate = Floats(a), up = Floats(b);
        VectorMap.Run<VectorMap.SwiGlu>(gate, up, up, Floats(y), n);
    }

    internal override void SwiGluBackward(Handle a, Handle b, Handle dy, Handle da, bool accumulateA, Handle db, bool accumulateB, long n)
    {
        float* gate = Floats(a), g = Floats(dy);
        if (!da.IsNull)
            VectorMap.Run<VectorMap.SwiGluGate>(gate, Floats(b), g, Floats(da), n, 0, 0, accumulateA);
        if (!db.IsNull)
            VectorMap.Run<VectorMap.SwiGlu>(gate, g, g, Floats(db), n, 0, 0, accumulateB);
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
