using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Devices.Gpu.OpenCl;

/// <summary>The functions and constants of OpenCL 1.2 that are used, from the loader of whatever drivers are installed.</summary>
internal static unsafe partial class Cl
{
    private const string Library = "OpenCL";

    internal const int Success = 0, DeviceNotFound = -1, BuildProgramFailure = -11, InvalidKernelName = -46, PlatformNotFound = -1001;
    internal const uint PlatformName = 0x0902, DeviceTypeInfo = 0x1000, DeviceMaxWorkGroup = 0x1004, DeviceMaxAllocation = 0x1010, DeviceGlobalMemory = 0x101F, DeviceName = 0x102B, DriverVersion = 0x102D, DeviceVersion = 0x102F;
    internal const uint ProgramBinarySizes = 0x1165, ProgramBinaries = 0x1166, ProgramBuildLog = 0x1183;
    internal const ulong DeviceTypeCpu = 2, DeviceTypeGpu = 4, DeviceTypeAll = 0xFFFFFFFF, ReadWrite = 1;

    internal static readonly string[] Names = NativeLibraries.Here(["libOpenCL.so.1", "libOpenCL.so"], ["OpenCL.dll"],
        ["/System/Library/Frameworks/OpenCL.framework/OpenCL", "libOpenCL.dylib"]);

    private static readonly Lazy<nint> Handle = new(() => NativeLibraries.Load(Names));

    static Cl() => NativeLibrary.SetDllImportResolver(typeof(Cl).Assembly, (name, _, _) => name == Library ? Handle.Value : 0);

    internal static bool IsThere => Handle.Value != 0;

    [LibraryImport(Library)] internal static partial int clGetPlatformIDs(uint count, nint* platforms, uint* found);

    [LibraryImport(Library)] internal static partial int clGetPlatformInfo(nint platform, uint what, nuint size, void* value, nuint* needed);

    [LibraryImport(Library)] internal static partial int clGetDeviceIDs(nint platform, ulong type, uint count, nint* devices, uint* found);

    [LibraryImport(Library)] internal static partial int clGetDeviceInfo(nint device, uint what, nuint size, void* value, nuint* needed);

    [LibraryImport(Library)] internal static partial nint clCreateContext(nint* properties, uint count, nint* devices, nint notify, nint data, int* error);

    [LibraryImport(Library)] internal static partial nint clCreateCommandQueue(nint context, nint device, ulong properties, int* error);

    [LibraryImport(Library)] internal static partial nint clCreateBuffer(nint context, ulong flags, nuint size, void* host, int* error);

    [LibraryImport(Library)] internal static partial int clFlush(nint queue);

    [LibraryImport(Library)] internal static partial int clReleaseMemObject(nint memory);

    [LibraryImport(Library)] internal static partial int clEnqueueWriteBuffer(nint queue, nint buffer, uint blocking, nuint offset, nuint size, void* from, uint waits, nint* events, nint* done);

    [LibraryImport(Library)] internal static partial int clEnqueueReadBuffer(nint queue, nint buffer, uint blocking, nuint offset, nuint size, void* to, uint waits, nint* events, nint* done);

    [LibraryImport(Library)] internal static partial int clEnqueueCopyBuffer(nint queue, nint from, nint to, nuint fromOffset, nuint toOffset, nuint size, uint waits, nint* events, nint* done);

    [LibraryImport(Library)] internal static partial nint clCreateProgramWithSource(nint context, uint count, byte** texts, nuint* lengths, int* error);

    [LibraryImport(Library)] internal static partial nint clCreateProgramWithBinary(nint context, uint count, nint* devices, nuint* lengths, byte** binaries, int* status, int* error);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial int clBuildProgram(nint program, uint count, nint* devices, string options, nint notify, nint data);

    [LibraryImport(Library)] internal static partial int clReleaseProgram(nint program);

    [LibraryImport(Library)] internal static partial int clGetProgramInfo(nint program, uint what, nuint size, void* value, nuint* needed);

    [LibraryImport(Library)] internal static partial int clGetProgramBuildInfo(nint program, nint device, uint what, nuint size, void* value, nuint* needed);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial nint clCreateKernel(nint program, string name, int* error);

    [LibraryImport(Library)] internal static partial int clSetKernelArg(nint kernel, uint index, nuint size, void* value);

    [LibraryImport(Library)] internal static partial int clEnqueueNDRangeKernel(nint queue, nint kernel, uint dimensions, nuint* offset, nuint* global, nuint* local, uint waits, nint* events, nint* done);

    [LibraryImport(Library)] internal static partial int clFinish(nint queue);
}
