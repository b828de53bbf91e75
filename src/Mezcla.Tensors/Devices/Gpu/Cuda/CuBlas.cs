using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Devices.Gpu.Cuda;

/// <summary>NVIDIA's matrix products in float32, for plain ones; without the library, our own kernels do them. (Its default rounds no factor to TF32.)</summary>
internal sealed unsafe class CuBlas
{
    internal static readonly string[] Names = NativeLibraries.Here(["libcublas.so.13", "libcublas.so.12", "libcublas.so.11"], ["cublas64_13.dll", "cublas64_12.dll", "cublas64_11.dll"], []);

    /// <summary>Batches that every version takes.</summary>
    internal const int MostProducts = 65535;

    private readonly delegate* unmanaged<nint*, int> create;
    private readonly delegate* unmanaged<nint, nint, int> setStream;

    // The handle; how A and B are read; m, n, k; alpha; A, its leading size and stride; B; beta; C; the number of products.
    private readonly delegate* unmanaged<nint, int, int, int, int, int, float*, ulong, int, long, ulong, int, long, float*, ulong, int, long, int, int> product;

    internal CuBlas(nint library, string path)
    {
        Path = path;
        create = (delegate* unmanaged<nint*, int>)NativeLibrary.GetExport(library, "cublasCreate_v2");
        setStream = (delegate* unmanaged<nint, nint, int>)NativeLibrary.GetExport(library, "cublasSetStream_v2");
        product = (delegate* unmanaged<nint, int, int, int, int, int, float*, ulong, int, long, ulong, int, long, float*, ulong, int, long, int, int>)NativeLibrary.GetExport(library, "cublasSgemmStridedBatched");
        int major;
        // 0 asks for the main version.
        Check(((delegate* unmanaged<int, int*, int>)NativeLibrary.GetExport(library, "cublasGetProperty"))(0, &major), "cublasGetProperty");
        Major = major;
    }

    internal int Major { get; }

    internal string Path { get; }

    /// <summary>A handle that works on this stream of the current context.</summary>
    internal nint Open(nint stream)
    {
        nint handle;
        Check(create(&handle), "cublasCreate");
        Check(setStream(handle, stream), "cublasSetStream");
        return handle;
    }

    /// <summary>
    /// C (+)= op(A)·op(B). The library thinks in columns: what it reads is the transpose of every row-major matrix, so it is asked for Cᵀ = op(B)ᵀ·op(A)ᵀ.
    /// </summary>
    internal void Multiply(nint handle, in Product p, ulong a, ulong b, ulong c, bool accumulate)
    {
        float one = 1, keep = accumulate ? 1 : 0;
        Check(product(handle, p.TransposeB ? 1 : 0, p.TransposeA ? 1 : 0, p.N, p.M, p.K, &one, b, p.TransposeB ? p.K : p.N, p.StrideB, a, p.TransposeA ? p.M : p.K, p.StrideA, &keep, c, p.N, p.StrideC, p.Batch),
            "cublasSgemmStridedBatched");
    }

    private void Check(int status, string function)
    {
        if (status != 0)
            throw new DeviceException($"cuBLAS's {function} failed with status {status} ({Path}). Install the cuBLAS of the driver's CUDA version, or do without it: MEZCLA_CUBLAS=0.");
    }
}
