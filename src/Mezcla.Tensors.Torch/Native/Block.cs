using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Torch.Native;

/// <summary>A block of the pool: a tensor of float32, and the same memory seen as other types, made when first asked for.</summary>
internal sealed unsafe class Block(nint floats, nint data, Script script)
{
    private nint _ints, _halves, _bytes;

    /// <summary>As libtorch numbers types.</summary>
    internal const int Byte = 0, Int16 = 2, Int32 = 3, Float32 = 6, BFloat16 = 15;

    /// <summary>Where it lies, if the processor can reach it.</summary>
    internal nint Data => data;

    /// <summary>What a storage's address is here: a reference to its block.</summary>
    internal static Block Of(Storage storage) => (Block)GCHandle.FromIntPtr(storage.Address).Target!;

    /// <summary>The memory as a type.</summary>
    internal nint As(int type) => type switch
    {
        Float32 => floats,
        Int32 => Seen(ref _ints, type),
        Int16 => Seen(ref _halves, type),
        Byte => Seen(ref _bytes, type),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    internal void Release()
    {
        foreach (var tensor in (ReadOnlySpan<nint>)[floats, _ints, _halves, _bytes])
            if (tensor != 0)
                LibTorch.THSTensor_dispose(tensor);
    }

    private nint Seen(ref nint place, int type)
    {
        if (Volatile.Read(ref place) is not 0 and var known)
            return known;
        nint made = script.Make("seen_as"u8, Argument.Borrowed(floats), type);
        nint other = Interlocked.CompareExchange(ref place, made, 0);
        if (other == 0)
            return made;
        LibTorch.THSTensor_dispose(made);
        return other;
    }
}
