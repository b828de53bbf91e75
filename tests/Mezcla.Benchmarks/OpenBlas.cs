using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Mezcla.Benchmarks;

/// <summary>OpenBLAS, the other side of the matrix products, where the system has it (Debian: libopenblas0-openmp).</summary>
internal static unsafe class OpenBlas
{
    private static readonly nint Library = Load();

    /// <summary>
    /// The kernels that OpenBLAS must be told to take, by the variable OPENBLAS_CORETYPE; null where it finds the best by itself. Debian
    /// 12's version 0.3.21 does not know processors made after it: on an Intel Xeon of 2023 it falls back to kernels of 2004, and beside
    /// those any product looks fast.
    /// </summary>
    public static string? CoreType => Avx512F.IsSupported ? "SKYLAKEX" : null;

    public static bool Found => Library != 0;

    public static int Threads
    {
        set => ((delegate* unmanaged<int, void>)NativeLibrary.GetExport(Library, "openblas_set_num_threads"))(value);
    }

    public static string Configuration =>
        Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)NativeLibrary.GetExport(Library, "openblas_get_config"))())!;

    private static readonly
        delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> Gemm =
        Library == 0
            ? null
            : (delegate* unmanaged<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void>)
                NativeLibrary.GetExport(Library, "cblas_sgemm");

    public static void Multiply(bool transposeA, bool transposeB, int m, int n, int k, float* a, int lda, float* b, int ldb, float beta,
        float* c, int ldc)
    {
        const int rowMajor = 101, plain = 111, transposed = 112;
        Gemm(rowMajor, transposeA ? transposed : plain, transposeB ? transposed : plain, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
    }

    // .NET's own environment is a copy, which native libraries do not see.
    [DllImport("libc", EntryPoint = "unsetenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int Unset(string name);

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int Set(string name, string value, int overwrite);

    private static nint Load()
    {
        // Some machines force an older processor's kernels on OpenBLAS; beside them any product looks fast.
        if (!OperatingSystem.IsWindows())
        {
            foreach (var name in new[] { "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE" })
                Unset(name);
            if (CoreType is { } core)
                Set("OPENBLAS_CORETYPE", core, 1);
        }

        string[] names = ["/usr/lib/x86_64-linux-gnu/openblas-openmp/libopenblas.so.0", "libopenblas.so.0", "libopenblas"];
        foreach (var name in names)
            if (NativeLibrary.TryLoad(name, out var handle))
                return handle;
        return 0;
    }
}
