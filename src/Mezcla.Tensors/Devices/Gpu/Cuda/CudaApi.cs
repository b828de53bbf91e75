using System.Runtime.InteropServices;
using System.Text;

namespace Mezcla.Tensors.Devices.Gpu.Cuda;

/// <summary>The functions of NVIDIA's driver that are used. A driver that lacks one is too old: <see cref="EntryPointNotFoundException"/>.</summary>
internal sealed unsafe class CudaApi(nint library)
{
    internal const int Success = 0, OutOfMemory = 2, NoDevice = 100, NotFound = 500, CapabilityMajor = 75, CapabilityMinor = 76;
    internal const uint NonBlockingStream = 1;

    // CU_STREAM_CAPTURE_MODE_RELAXED: memory may be allocated meanwhile.
    internal const int RelaxedCapture = 2;

    internal readonly delegate* unmanaged<uint, int> Init = (delegate* unmanaged<uint, int>)Export(library, "cuInit");
    internal readonly delegate* unmanaged<int*, int> DriverVersion = (delegate* unmanaged<int*, int>)Export(library, "cuDriverGetVersion");
    internal readonly delegate* unmanaged<int*, int> DeviceCount = (delegate* unmanaged<int*, int>)Export(library, "cuDeviceGetCount");
    internal readonly delegate* unmanaged<int*, int, int> DeviceGet = (delegate* unmanaged<int*, int, int>)Export(library, "cuDeviceGet");
    internal readonly delegate* unmanaged<byte*, int, int, int> DeviceName = (delegate* unmanaged<byte*, int, int, int>)Export(library, "cuDeviceGetName");
    internal readonly delegate* unmanaged<nuint*, int, int> DeviceMemory = (delegate* unmanaged<nuint*, int, int>)Export(library, "cuDeviceTotalMem_v2");
    internal readonly delegate* unmanaged<int*, int, int, int> DeviceAttribute = (delegate* unmanaged<int*, int, int, int>)Export(library, "cuDeviceGetAttribute");
    internal readonly delegate* unmanaged<nint*, int, int> RetainContext = (delegate* unmanaged<nint*, int, int>)Export(library, "cuDevicePrimaryCtxRetain");
    internal readonly delegate* unmanaged<nint, int> SetCurrent = (delegate* unmanaged<nint, int>)Export(library, "cuCtxSetCurrent");
    internal readonly delegate* unmanaged<nint*, uint, int> StreamCreate = (delegate* unmanaged<nint*, uint, int>)Export(library, "cuStreamCreate");
    internal readonly delegate* unmanaged<nint, int> StreamSynchronize = (delegate* unmanaged<nint, int>)Export(library, "cuStreamSynchronize");
    internal readonly delegate* unmanaged<ulong*, nuint, int> Allocate = (delegate* unmanaged<ulong*, nuint, int>)Export(library, "cuMemAlloc_v2");
    internal readonly delegate* unmanaged<ulong, int> Free = (delegate* unmanaged<ulong, int>)Export(library, "cuMemFree_v2");
    internal readonly delegate* unmanaged<void**, nuint, uint, int> AllocatePinned = (delegate* unmanaged<void**, nuint, uint, int>)Export(library, "cuMemHostAlloc");
    internal readonly delegate* unmanaged<ulong, void*, nuint, nint, int> CopyToDevice = (delegate* unmanaged<ulong, void*, nuint, nint, int>)Export(library, "cuMemcpyHtoDAsync_v2");
    internal readonly delegate* unmanaged<void*, ulong, nuint, nint, int> CopyFromDevice = (delegate* unmanaged<void*, ulong, nuint, nint, int>)Export(library, "cuMemcpyDtoHAsync_v2");
    internal readonly delegate* unmanaged<ulong, ulong, nuint, nint, int> CopyOnDevice = (delegate* unmanaged<ulong, ulong, nuint, nint, int>)Export(library, "cuMemcpyDtoDAsync_v2");
    internal readonly delegate* unmanaged<nint*, void*, int> ModuleLoad = (delegate* unmanaged<nint*, void*, int>)Export(library, "cuModuleLoadData");
    internal readonly delegate* unmanaged<nint*, nint, byte*, int> ModuleFunction = (delegate* unmanaged<nint*, nint, byte*, int>)Export(library, "cuModuleGetFunction");

    internal readonly delegate* unmanaged<nint, int, int> BeginCapture = (delegate* unmanaged<nint, int, int>)Export(library, "cuStreamBeginCapture_v2");
    internal readonly delegate* unmanaged<nint, nint*, int> EndCapture = (delegate* unmanaged<nint, nint*, int>)Export(library, "cuStreamEndCapture");
    internal readonly delegate* unmanaged<nint*, nint, ulong, int> GraphInstantiate = (delegate* unmanaged<nint*, nint, ulong, int>)Export(library, "cuGraphInstantiateWithFlags");
    internal readonly delegate* unmanaged<nint, nint, int> GraphLaunch = (delegate* unmanaged<nint, nint, int>)Export(library, "cuGraphLaunch");
    internal readonly delegate* unmanaged<nint, int> GraphDestroy = (delegate* unmanaged<nint, int>)Export(library, "cuGraphDestroy");
    internal readonly delegate* unmanaged<nint, int> ExecutableDestroy = (delegate* unmanaged<nint, int>)Export(library, "cuGraphExecDestroy");

    // The function; groups in three directions; items of a group in three; bytes of shared memory; the stream; the addresses of the arguments; none.
    internal readonly delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int> Launch =
        (delegate* unmanaged<nint, uint, uint, uint, uint, uint, uint, uint, nint, void**, void**, int>)Export(library, "cuLaunchKernel");

    private readonly delegate* unmanaged<int, byte**, int> errorName = (delegate* unmanaged<int, byte**, int>)Export(library, "cuGetErrorName");
    private readonly delegate* unmanaged<int, byte**, int> errorText = (delegate* unmanaged<int, byte**, int>)Export(library, "cuGetErrorString");

    /// <summary>Such as <c>CUDA_ERROR_OUT_OF_MEMORY (2: out of memory)</c>.</summary>
    internal string Error(int error)
    {
        byte* name = null, text = null;
        errorName(error, &name);
        errorText(error, &text);
        return name is null ? $"error {error}" : $"{Text(name)} ({error}: {Text(text)})";
    }

    internal static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    /// <summary>A name as C wants it.</summary>
    internal static byte[] Zeroed(string text) => Encoding.UTF8.GetBytes(text + "\0");

    private static nint Export(nint library, string name) => NativeLibrary.GetExport(library, name);
}
