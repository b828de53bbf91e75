using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Devices.Gpu.Cuda;

/// <summary>
/// The functions of cuBLASLt, NVIDIA's matrix products, of the main versions 11 to 13. Numbers are those of cublasLt.h and library_types.h, which never change between versions.
/// </summary>
internal sealed unsafe class CuBlasLt
{
    internal static readonly string[] Names = NativeLibraries.Here(["libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so.11"], ["cublasLt64_13.dll", "cublasLt64_12.dll", "cublasLt64_11.dll"], []);

    // cublasComputeType_t: sums in float32, no factor rounded to TF32. cudaDataType_t.
    internal const int ComputeFloat32 = 68, Float32 = 0, BFloat16 = 14;

    // cublasLtMatmulDescAttributes_t; cublasLtEpilogue_t.
    internal const int TransposeA = 3, TransposeB = 4, Epilogue = 7, BiasPointer = 8, AddBias = 4;

    // cublasLtMatrixLayoutAttribute_t.
    internal const int BatchCount = 5, BatchStride = 6;

    // cublasLtMatmulPreferenceAttributes_t; the alignments of A, B, C and D follow each other.
    internal const int MostWorkspace = 1, LeastAlignmentA = 5;

    internal const int Success = 0;

    internal readonly delegate* unmanaged<nint*, int> Create;
    internal readonly delegate* unmanaged<nint*, int, int, int> DescriptionCreate;
    internal readonly delegate* unmanaged<nint, int, void*, nuint, int> DescriptionSet;
    internal readonly delegate* unmanaged<nint*, int, ulong, ulong, long, int> LayoutCreate;
    internal readonly delegate* unmanaged<nint, int, void*, nuint, int> LayoutSet;
    internal readonly delegate* unmanaged<nint*, int> PreferenceCreate;
    internal readonly delegate* unmanaged<nint, int, void*, nuint, int> PreferenceSet;
    internal readonly delegate* unmanaged<nint, int> PreferenceDestroy;

    // The handle; the description; the layouts of A, B, C, D; the preference; how many are asked for; the results; how many there are.
    internal readonly delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int, Heuristic*, int*, int> Choose;

    // The handle; the description; alpha; A and its layout; B; beta; C; D; the algorithm; working memory and its size; the stream.
    internal readonly delegate* unmanaged<nint, nint, float*, ulong, nint, ulong, nint, float*, ulong, nint, ulong, nint, Algorithm*, ulong, nuint, nint, int> Multiply;

    internal CuBlasLt(nint library, string path)
    {
        Path = path;
        Create = (delegate* unmanaged<nint*, int>)Export("cublasLtCreate");
        DescriptionCreate = (delegate* unmanaged<nint*, int, int, int>)Export("cublasLtMatmulDescCreate");
        DescriptionSet = (delegate* unmanaged<nint, int, void*, nuint, int>)Export("cublasLtMatmulDescSetAttribute");
        LayoutCreate = (delegate* unmanaged<nint*, int, ulong, ulong, long, int>)Export("cublasLtMatrixLayoutCreate");
        LayoutSet = (delegate* unmanaged<nint, int, void*, nuint, int>)Export("cublasLtMatrixLayoutSetAttribute");
        PreferenceCreate = (delegate* unmanaged<nint*, int>)Export("cublasLtMatmulPreferenceCreate");
        PreferenceSet = (delegate* unmanaged<nint, int, void*, nuint, int>)Export("cublasLtMatmulPreferenceSetAttribute");
        PreferenceDestroy = (delegate* unmanaged<nint, int>)Export("cublasLtMatmulPreferenceDestroy");
        Choose = (delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint, int, Heuristic*, int*, int>)Export("cublasLtMatmulAlgoGetHeuristic");
        Multiply = (delegate* unmanaged<nint, nint, float*, ulong, nint, ulong, nint, float*, ulong, nint, ulong, nint, Algorithm*, ulong, nuint, nint, int>)Export("cublasLtMatmul");
        int major;
        // 0 asks for the main version.
        Check(((delegate* unmanaged<int, int*, int>)Export("cublasLtGetProperty"))(0, &major), "cublasLtGetProperty");
        Major = major;

        nint Export(string name) => NativeLibrary.GetExport(library, name);
    }

    internal int Major { get; }

    internal string Path { get; }

    internal void Check(int status, string function)
    {
        if (status != Success)
            throw new DeviceException($"cuBLASLt's {function} failed with status {status} ({Path}). Install the cuBLAS of the driver's CUDA version, or do without it: MEZCLA_CUBLAS=0.");
    }

    /// <summary>cublasLtMatmulAlgo_t: what the library chose, for itself to read.</summary>
    internal struct Algorithm
    {
        private fixed ulong words[8];
    }

    /// <summary>cublasLtMatmulHeuristicResult_t.</summary>
    internal struct Heuristic
    {
        internal Algorithm Algorithm;
        internal nuint Workspace;
        internal int State;
        internal float Waves;
        private fixed int reserved[4];
    }
}
