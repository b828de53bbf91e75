using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Torch.Native;

/// <summary>What a script's function is given; what was made for the call is released after it.</summary>
internal readonly unsafe struct Argument
{
    // TorchSharp's numbers for the kinds of arguments.
    private const long Tensor = 0, Scalar = 1, Boolean = 2, Int32 = 3, Tensors = 5, None = 8;

    private readonly bool _owned;

    private Argument(long type, nint handle, bool owned = false, long length = 0)
    {
        Value = new LibTorch.Value { Type = type, Handle = handle, Length = length };
        _owned = owned;
    }

    internal LibTorch.Value Value { get; }

    internal static Argument Nothing => new(None, 0);

    /// <summary>A tensor that is released after the call.</summary>
    internal static Argument View(nint tensor) => new(Tensor, tensor, owned: true);

    /// <summary>A tensor that stays.</summary>
    internal static Argument Borrowed(nint tensor) => new(Tensor, tensor);

    /// <summary>A list of tensors that are released after the call.</summary>
    internal static Argument List(ReadOnlySpan<nint> tensors)
    {
        var values = (LibTorch.Value*)NativeMemory.Alloc((nuint)Math.Max(tensors.Length, 1), (nuint)sizeof(LibTorch.Value));
        for (var i = 0; i < tensors.Length; i++)
            values[i] = new LibTorch.Value { Type = Tensor, Handle = tensors[i] };
        return new Argument(Tensors, (nint)values, owned: true, length: tensors.Length);
    }

    public static implicit operator Argument(bool value) => new(Boolean, value ? 1 : 0);

    public static implicit operator Argument(int value) => new(Int32, value);

    public static implicit operator Argument(long value) => (int)value == value
        ? new(Int32, (nint)value)
        : new(Scalar, LibTorch.THSTorch_int64_to_scalar(value), owned: true);

    public static implicit operator Argument(double value) => new(Scalar, LibTorch.THSTorch_float64_to_scalar(value), owned: true);

    internal void Release()
    {
        if (!_owned)
            return;
        switch (Value.Type)
        {
            case Tensor:
                LibTorch.THSTensor_dispose(Value.Handle);
                break;
            case Scalar:
                LibTorch.THSTorch_dispose_scalar(Value.Handle);
                break;
            default:
                for (long i = 0; i < Value.Length; i++)
                    LibTorch.THSTensor_dispose(((LibTorch.Value*)Value.Handle)[i].Handle);
                NativeMemory.Free((void*)Value.Handle);
                break;
        }
    }
}
