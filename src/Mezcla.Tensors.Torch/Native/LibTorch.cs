using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Torch.Native;

/// <summary>
/// The few entry points of TorchSharp's native part that a kernel goes through, taken directly: a call then makes no managed object, and
/// what it makes in libtorch is released where the call ends.
/// </summary>
internal static unsafe partial class LibTorch
{
    internal const string Name = "LibTorchSharp";

    /// <summary>An argument of a script's function, or a result: TorchSharp's struct.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Value
    {
        public long Type;
        public long Length;
        public nint Handle;
    }

    [LibraryImport(Name)]
    internal static partial nint THSTensor_empty(long* sizes, int length, sbyte type, int deviceType, int deviceIndex, byte requiresGrad);

    [LibraryImport(Name)]
    internal static partial nint THSTensor_as_strided(nint tensor, long* sizes, int sizesLength, long* strides, int stridesLength,
        long offset);

    [LibraryImport(Name)]
    internal static partial void THSTensor_set_(nint tensor, nint source);

    [LibraryImport(Name)]
    internal static partial void THSTensor_dispose(nint tensor);

    [LibraryImport(Name)]
    internal static partial nint THSStorage_data_ptr(nint tensor);

    [LibraryImport(Name)]
    internal static partial nint THSTorch_float64_to_scalar(double value);

    [LibraryImport(Name)]
    internal static partial nint THSTorch_int64_to_scalar(long value);

    [LibraryImport(Name)]
    internal static partial void THSTorch_dispose_scalar(nint scalar);

    [LibraryImport(Name)]
    internal static partial nint THSTorch_get_and_reset_last_err();

    [LibraryImport(Name)]
    internal static partial nint THSJIT_compile(byte* source);

    [LibraryImport(Name)]
    internal static partial void THSJIT_CompilationUnit_Invoke(
        nint unit, byte* function, Value* arguments, int count, delegate* unmanaged<int, nuint, Value*> allocator, sbyte* type, int first);

    /// <summary>What libtorch said the last time that it failed on this thread, without the
    /// trace of its own functions; null where nothing failed.</summary>
    internal static string? Failure()
    {
        var text = THSTorch_get_and_reset_last_err();
        return text == 0 ? null : Marshal.PtrToStringUTF8(text);
    }

    /// <summary>Throws what libtorch said, if it failed.</summary>
    internal static void Check(string what)
    {
        if (Failure() is { } failure)
            throw new DeviceException($"{what}: libtorch says: {failure.Trim()}");
    }
}
