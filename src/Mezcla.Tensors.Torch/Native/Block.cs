using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Torch.Native;

/// <summary>A block of the pool: a tensor of float32, and the same memory as other types, made when first asked for.</summary>
internal sealed unsafe class Block
{
    /// <summary>As libtorch numbers types.</summary>
    internal const int Byte = 0, Int16 = 2, Int32 = 3, Int64 = 4, Float32 = 6, BFloat16 = 15;

    private readonly nint[] _byType = new nint[BFloat16 + 1];
    private readonly int _deviceType;
    private readonly int _deviceIndex;

    private Block(nint floats, int deviceType, int deviceIndex)
    {
        _byType[Float32] = floats;
        (_deviceType, _deviceIndex) = (deviceType, deviceIndex);
        Data = deviceType == 0 ? LibTorch.THSStorage_data_ptr(floats) : 0;
    }

    /// <summary>The address of the block, if the CPU can reach it; else 0.</summary>
    internal nint Data { get; }

    /// <summary>A block of at least so many bytes; null where libtorch has failed, which then says why.</summary>
    internal static Block? Make(long bytes, int deviceType, int deviceIndex)
    {
        var floats = (bytes + 3) / 4;
        var tensor = LibTorch.THSTensor_empty(&floats, 1, Float32, deviceType, deviceIndex, 0);
        return tensor == 0 ? null : new Block(tensor, deviceType, deviceIndex);
    }

    /// <summary>What a storage's address is here: a reference to its block.</summary>
    internal static Block Of(Storage storage) => (Block)GCHandle.FromIntPtr(storage.Address).Target!;

    /// <summary>The memory as a type. Its shape does not matter: what computes takes views of it.</summary>
    internal nint As(int type)
    {
        ref var place = ref _byType[type];
        if (Volatile.Read(ref place) is not 0 and var known)
            return known;

        // An empty tensor of the type, which is then given the storage of this one. It is given an empty view: as many numbers of a larger
        // type would need more memory, and libtorch would move the storage.
        long none = 0;
        long one = 1;
        var made = LibTorch.THSTensor_empty(&none, 1, (sbyte)type, _deviceType, _deviceIndex, 0);
        var view = LibTorch.THSTensor_as_strided(_byType[Float32], &none, 1, &one, 1, 0);
        LibTorch.THSTensor_set_(made, view);
        LibTorch.THSTensor_dispose(view);
        LibTorch.Check("Memory as another type");
        var other = Interlocked.CompareExchange(ref place, made, 0);
        if (other == 0)
            return made;
        LibTorch.THSTensor_dispose(made);
        return other;
    }

    internal void Release()
    {
        foreach (var tensor in _byType)
        {
            if (tensor != 0)
                LibTorch.THSTensor_dispose(tensor);
        }
    }
}
