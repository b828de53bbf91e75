using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Torch.Native;

namespace Mezcla.Tensors.Torch;

/// <summary>
/// Every kernel as a call of libtorch, on views of the pool's blocks: NVIDIA's and Apple's GPUs, and the CPU, where the tests run.
/// This file keeps the memory and the views; those beside it say which function of the scripts a kernel is. Nothing is
/// computed elsewhere, and nothing waits but who reads results, and a grouped product for its offsets.
/// </summary>
internal sealed unsafe partial class TorchKernels : DeviceKernels
{
    private static readonly string[] Scripts = ["memory", "elementwise", "rows", "products", "attention", "training"];
    private static readonly Lazy<Script> Compiled = new(() => new Script(Scripts));

    private readonly Script _script;
    private readonly int _deviceType, _deviceIndex;
    private readonly string _name;
    private readonly Block _record;
    private readonly Block _found;

    /// <summary>Opens a device of libtorch, whose native library is loaded first.</summary>
    /// <param name="kind">cpu, cuda or mps.</param>
    /// <param name="index">Which of that kind.</param>
    /// <exception cref="DeviceException">The library or the device is not there.</exception>
    internal TorchKernels(string kind, int index)
    {
        TorchLibrary.Load(kind == "cuda");
        (_deviceType, _deviceIndex) = kind switch
        {
            "cpu" => (0, -1),
            "cuda" => (1, index),
            "mps" => (13, -1),
            _ => throw new ArgumentException($"libtorch has no device '{kind}'.")
        };
        _name = kind == "cpu" ? "torch:cpu" : kind == "cuda" ? $"torch:cuda:{index}" : "torch:mps";
        _script = Compiled.Value;
        (_record, _found) = (Make(sizeof(long) * RecordLength), Make(2 * sizeof(int)));
        Write(_record, 0, stackalloc byte[sizeof(long) * RecordLength]);
    }

    public override string Name => _name;

    // libtorch says when a GPU's memory is used up; the pool then gives back what waits, and says who holds what.
    public override long MemoryLimit => _deviceType == 0 ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes : 1L << 42;

    /// <summary>How often numbers were read from the device.</summary>
    internal long Reads { get; private set; }

    public override nint Allocate(long bytes) => TryMake(bytes) is { } block ? GCHandle.ToIntPtr(GCHandle.Alloc(block)) : 0;

    public override void Free(nint address, long bytes)
    {
        var handle = GCHandle.FromIntPtr(address);
        ((Block)handle.Target!).Release();
        handle.Free();
    }

    public override void Upload(ReadOnlySpan<byte> from, Handle to)
    {
        if (from.Length == 0)
            return;
        Forget(to);
        Write(Block.Of(to.Storage!), to.Offset, from);
        GC.KeepAlive(to.Storage);
    }

    public override void Download(Handle from, Span<byte> to)
    {
        if (to.Length > 0)
        {
            Read(Block.Of(from.Storage!), from.Offset, to);
            GC.KeepAlive(from.Storage);
        }

        CheckRecord();
    }

    public override void Synchronize()
    {
        // What is read was made after all that was asked for before.
        CheckRecord();
    }

    private Block Make(long bytes)
        => TryMake(Math.Max(bytes, 64))
            ?? throw new DeviceException(
                $"{Name} has no {MemoryUse.Text(bytes)} of memory for the device's own needs. End other programs that use it, or choose " +
                "another device with MEZCLA_DEVICE.");

    private Block? TryMake(long bytes)
    {
        if (Block.Make(bytes, _deviceType, _deviceIndex) is { } block)
            return block;
        var failure = LibTorch.Failure() ?? "";
        return failure.Contains("memory", StringComparison.OrdinalIgnoreCase)
            ? null
            : throw new DeviceException($"{Name}: libtorch says: {failure.Trim()}");
    }

    private void Write(Block block, long offset, ReadOnlySpan<byte> from)
    {
        if (block.Data != 0)
        {
            from.CopyTo(new Span<byte>((byte*)block.Data + offset, from.Length));
            return;
        }

        // The driver has taken pageable memory in when the call returns, so that nothing waits for the kernels before.
        long n = from.Length;
        var source = Near(n);
        from.CopyTo(new Span<byte>((void*)LibTorch.THSStorage_data_ptr(source), from.Length));
        _script.Run("copy_in"u8, Argument.View(source), Argument.View(Strided(block.As(Block.Byte), [n], [1], offset)));
    }

    private void Read(Block block, long offset, Span<byte> to)
    {
        Reads++;
        if (block.Data != 0)
        {
            new ReadOnlySpan<byte>((byte*)block.Data + offset, to.Length).CopyTo(to);
            return;
        }

        long n = to.Length;
        var target = Near(n);
        _script.Run("copy"u8, Argument.View(Strided(block.As(Block.Byte), [n], [1], offset)), Argument.Borrowed(target));
        new ReadOnlySpan<byte>((void*)LibTorch.THSStorage_data_ptr(target), to.Length).CopyTo(to);
        LibTorch.THSTensor_dispose(target);
    }

    // Bytes that the CPU can reach.
    private static nint Near(long bytes)
    {
        var tensor = LibTorch.THSTensor_empty(&bytes, 1, Block.Byte, 0, -1, 0);
        LibTorch.Check("Memory for a copy");
        return tensor;
    }

    // Views.

    private static nint Strided(nint tensor, ReadOnlySpan<long> sizes, ReadOnlySpan<long> strides, long offset)
    {
        // Along an axis of one element the stride has no meaning, but libtorch refuses to write to an operand whose strides look different.
        var rank = sizes.Length;
        var steps = stackalloc long[rank];
        for (var i = rank - 1; i >= 0; i--)
            steps[i] = sizes[i] != 1 ? strides[i] : i == rank - 1 ? 1 : steps[i + 1] * sizes[i + 1];
        nint view;
        fixed (long* size = sizes)
            view = LibTorch.THSTensor_as_strided(tensor, size, rank, steps, rank, offset);
        if (view == 0)
            LibTorch.Check("A view");
        return view;
    }

    private static Argument View(Handle handle, int type, ReadOnlySpan<long> sizes, ReadOnlySpan<long> strides)
        => Argument.View(Raw(handle, type, sizes, strides));

    private static nint Raw(Handle handle, int type, ReadOnlySpan<long> sizes, ReadOnlySpan<long> strides)
        => Strided(Block.Of(handle.Storage!).As(type), sizes, strides,
            handle.Offset / (type is Block.Int16 or Block.BFloat16 ? 2 : type == Block.Byte ? 1 : 4));

    /// <summary>Row-major numbers of float32; nothing for a null handle.</summary>
    private static Argument F(Handle handle, params ReadOnlySpan<long> sizes) => Dense(handle, Block.Float32, sizes);

    /// <summary>Row-major integers.</summary>
    private static Argument I(Handle handle, params ReadOnlySpan<long> sizes) => Dense(handle, Block.Int32, sizes);

    private static Argument Dense(Handle handle, int type, ReadOnlySpan<long> sizes)
    {
        if (handle.IsNull)
            return Argument.Nothing;
        Span<long> strides = stackalloc long[sizes.Length];
        long stride = 1;
        for (var i = sizes.Length - 1; i >= 0; stride *= sizes[i--])
            strides[i] = stride;
        return View(handle, type, sizes, strides);
    }

    private static void Sizes(in Shape shape, Span<long> sizes)
    {
        for (var i = 0; i < shape.Rank; i++)
            sizes[i] = shape[i];
    }

    // Calls that write to memory in which offsets of groups may have been read before.
    private void Run(ReadOnlySpan<byte> function, Handle written, params ReadOnlySpan<Argument> arguments)
    {
        Forget(written);
        _script.Run(function, arguments);
    }
}
