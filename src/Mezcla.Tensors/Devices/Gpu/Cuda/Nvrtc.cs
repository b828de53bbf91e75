using System.Runtime.InteropServices;
using System.Text;

namespace Mezcla.Tensors.Devices.Gpu.Cuda;

/// <summary>NVRTC, the library that compiles CUDA C: version 11.2 or later. It needs no GPU.</summary>
internal sealed unsafe class Nvrtc
{
    internal static readonly string[] Names = NativeLibraries.Here(["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2"], ["nvrtc64_130_0.dll", "nvrtc64_120_0.dll", "nvrtc64_112_0.dll"], []);

    private readonly nint library;

    internal Nvrtc(nint library, string path)
    {
        (this.library, Path) = (library, path);
        int major, minor, count;
        Check(((delegate* unmanaged<int*, int*, int>)Export("nvrtcVersion"))(&major, &minor), "nvrtcVersion");
        Version = new Version(major, minor);
        Check(((delegate* unmanaged<int*, int>)Export("nvrtcGetNumSupportedArchs"))(&count), "nvrtcGetNumSupportedArchs");
        Architectures = new int[count];
        fixed (int* to = Architectures)
            Check(((delegate* unmanaged<int*, int>)Export("nvrtcGetSupportedArchs"))(to), "nvrtcGetSupportedArchs");
    }

    internal Version Version { get; }

    internal string Path { get; }

    /// <summary>Compute capabilities that it compiles for, 90 for 9.0.</summary>
    internal int[] Architectures { get; }

    /// <summary>
    /// What to ask for: the card's own code, or, where the card is newer than the library, the newest code that the driver can translate. Null where the card is too old.
    /// </summary>
    internal static string? Target(int capability, IEnumerable<int> architectures)
        => architectures.Where(known => known <= capability).DefaultIfEmpty().Max() is > 0 and var best ? $"{(best == capability ? "sm" : "compute")}_{best}" : null;

    /// <summary>The program for a <see cref="Target"/>.</summary>
    /// <exception cref="DeviceException">It does not compile; the message has the compiler's own words.</exception>
    internal byte[] Compile(string source, string target)
    {
        nint program;
        fixed (byte* text = CudaApi.Zeroed(source))
        fixed (byte* name = CudaApi.Zeroed("mezcla.cu"))
            Check(((delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int>)Export("nvrtcCreateProgram"))(&program, text, name, 0, null, null), "nvrtcCreateProgram");
        try
        {
            // Division and square root as IEEE says, no flush to zero: NVRTC's own choice where no fast mathematics is asked for.
            int error;
            fixed (byte* architecture = CudaApi.Zeroed($"--gpu-architecture={target}"))
            fixed (byte* space = CudaApi.Zeroed("-default-device"))
            {
                byte** options = stackalloc byte*[2] { architecture, space };
                error = ((delegate* unmanaged<nint, int, byte**, int>)Export("nvrtcCompileProgram"))(program, 2, options);
            }
            if (error != 0)
                throw new DeviceException($"NVRTC {Version} ({Path}) does not compile the kernels for {target}: {ErrorText(error)}. Install another version of NVRTC (pip install nvidia-cuda-nvrtc-cu12), or choose another device with MEZCLA_DEVICE. It says:\n{Encoding.UTF8.GetString(Output(program, "nvrtcGetProgramLog")).TrimEnd('\0')}");
            return Output(program, target.StartsWith("sm", StringComparison.Ordinal) ? "nvrtcGetCUBIN" : "nvrtcGetPTX");
        }
        finally
        {
            ((delegate* unmanaged<nint*, int>)Export("nvrtcDestroyProgram"))(&program);
        }
    }

    private byte[] Output(nint program, string what)
    {
        nuint size;
        Check(((delegate* unmanaged<nint, nuint*, int>)Export(what + "Size"))(program, &size), what + "Size");
        var bytes = new byte[size];
        fixed (byte* to = bytes)
            Check(((delegate* unmanaged<nint, byte*, int>)Export(what))(program, to), what);
        return bytes;
    }

    private nint Export(string name) => NativeLibrary.GetExport(library, name);

    private string ErrorText(int error) => CudaApi.Text(((delegate* unmanaged<int, byte*>)Export("nvrtcGetErrorString"))(error));

    private void Check(int error, string function)
    {
        if (error != 0)
            throw new DeviceException($"NVRTC's {function} failed with {ErrorText(error)} ({Path}). Install NVRTC again (pip install nvidia-cuda-nvrtc-cu12), or choose another device with MEZCLA_DEVICE.");
    }
}
