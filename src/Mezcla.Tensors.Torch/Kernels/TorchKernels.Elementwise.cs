using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Torch.Native;

namespace Mezcla.Tensors.Torch;

internal sealed unsafe partial class TorchKernels
{
    public override void Scale(Handle x, Handle y, long n, float factor, bool accumulate)
    {
        if (n > 0)
            Run("scale"u8, y, F(x, n), F(y, n), factor, accumulate);
    }

    public override void Unary(UnaryKind kind, Handle x, Handle y, long n, float a, float b)
    {
        if (n == 0)
            return;
        Run(kind switch
        {
            UnaryKind.Affine => "affine"u8,
            UnaryKind.Reciprocal => "reciprocal"u8,
            UnaryKind.Exp => "exp"u8,
            UnaryKind.Log => "log"u8,
            UnaryKind.Sqrt => "sqrt"u8,
            UnaryKind.Square => "square"u8,
            UnaryKind.Pow => "pow"u8,
            UnaryKind.Tanh => "tanh"u8,
            UnaryKind.Sigmoid => "sigmoid"u8,
            UnaryKind.Gelu => "gelu"u8,
            UnaryKind.GeluTanh => "gelu_tanh"u8,
            UnaryKind.Silu => "silu"u8,
            UnaryKind.Relu => "relu"u8,
            UnaryKind.Softplus => "softplus"u8,
            UnaryKind.NormalCdf => "normal_cdf"u8,
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        }, y, F(x, n), F(y, n), a, b);
    }

    public override void UnaryBackward(UnaryKind kind, Handle saved, Handle dy, Handle dx, long n, float a, float b, bool accumulate)
    {
        if (n == 0)
            return;
        Run(kind switch
        {
            UnaryKind.Affine => "affine_backward"u8,
            UnaryKind.Reciprocal => "reciprocal_backward"u8,
            UnaryKind.Exp => "exp_backward"u8,
            UnaryKind.Log => "log_backward"u8,
            UnaryKind.Sqrt => "sqrt_backward"u8,
            UnaryKind.Square => "square_backward"u8,
            UnaryKind.Pow => "pow_backward"u8,
            UnaryKind.Tanh => "tanh_backward"u8,
            UnaryKind.Sigmoid => "sigmoid_backward"u8,
            UnaryKind.Gelu => "gelu_backward"u8,
            UnaryKind.GeluTanh => "gelu_tanh_backward"u8,
            UnaryKind.Silu => "silu_backward"u8,
            UnaryKind.Relu => "relu_backward"u8,
            UnaryKind.Softplus => "softplus_backward"u8,
            UnaryKind.NormalCdf => "normal_cdf_backward"u8,
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        }, dx, saved.IsNull ? F(dy, n) : F(saved, n), F(dy, n), F(dx, n), a, b, accumulate);
    }

    public override void Binary(BinaryKind kind, Handle a, ReadOnlySpan<long> aStrides, Handle b, ReadOnlySpan<long> bStrides, Handle y,
        in Shape shape, bool accumulate)
    {
        if (shape.Count == 0)
            return;
        var rank = shape.Rank;
        Span<long> sizes = stackalloc long[rank];
        Sizes(shape, sizes);
        Run(kind switch
        {
            BinaryKind.Add => "add_two"u8,
            BinaryKind.Subtract => "subtract"u8,
            BinaryKind.Multiply => "multiply"u8,
            BinaryKind.Divide => "divide"u8,
            BinaryKind.Greater => "greater"u8,
            BinaryKind.Less => "less"u8,
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        }, y, View(a, Block.Float32, sizes, aStrides[..rank]), View(b, Block.Float32, sizes, bStrides[..rank]), F(y, sizes), accumulate);
    }

    public override void SwiGlu(Handle a, Handle b, Handle y, long n)
    {
        if (n > 0)
            Run("swiglu"u8, y, F(a, n), F(b, n), F(y, n));
    }

    public override void SwiGluBackward(Handle a, Handle b, Handle dy, Handle da, bool accumulateA, Handle db, bool accumulateB, long n)
    {
        if (n == 0)
            return;
        Forget(db);
        Run("swiglu_backward"u8, da, F(a, n), F(b, n), F(dy, n), F(da, n), accumulateA, F(db, n), accumulateB);
    }

    public override void Dropout(Handle x, Handle y, long n, float p, ulong seed, ulong stream, ulong position, bool accumulate)
    {
        if (n == 0)
            return;
        var first = position >> 2;
        Run("dropout"u8, y, F(x, n), F(y, n), p, (int)(position & 3), (long)(uint)first, (long)(first >> 32), (long)(uint)stream,
            (long)(stream >> 32),
            (long)(uint)seed, (long)(seed >> 32), accumulate);
    }
}
