using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Devices.Gpu.Cuda;

/// <summary>What there is of CUDA: the driver, its devices, the compiler, matrix products. What is missing is a sentence with the remedy.</summary>
internal sealed unsafe class CudaInstallation
{
    // As cuDriverGetVersion counts: 11.8.
    private const int OldestDriver = 11080;

    internal static readonly string[] DriverNames = NativeLibraries.Here(["libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"], ["nvcuda.dll"], []);
    private static readonly Lazy<CudaInstallation> s_here = new(() => new CudaInstallation(DriverNames, CudaPlaces.Here.Files(Nvrtc.Names),
        Environment.GetEnvironmentVariable("MEZCLA_CUBLAS") == "0" ? [] : CudaPlaces.Here.Files(CuBlasLt.Names)));

    private readonly CudaApi? api;
    private readonly Lazy<(Nvrtc? Found, string Missing)> compiler;
    private readonly Lazy<(CuBlasLt? Found, string Refused)> products;

    internal CudaInstallation(IReadOnlyList<string> drivers, IEnumerable<string> compilers, IEnumerable<string> products)
    {
        compiler = new(() => FindCompiler(compilers));
        this.products = new(() => First(products, (library, file) => new CuBlasLt(library, file), found => (found.Major, $"{found.Major}")));
        string names = drivers.Count > 0 ? drivers[0] : "for Linux and Windows";
        nint library = NativeLibraries.Load(drivers);
        if (library == 0)
        {
            Missing = $"no NVIDIA driver ({names}) was found";
            return;
        }
        try
        {
            api = new CudaApi(library);
            Missing = Search(names);
        }
        catch (EntryPointNotFoundException e)
        {
            Missing = $"the NVIDIA driver ({names}) is too old: {e.Message}. Mezcla needs one for CUDA 11.8 or later: update it from nvidia.com/drivers";
        }
    }

    internal static CudaInstallation Here => s_here.Value;

    /// <summary>Empty where nothing is missing to list devices.</summary>
    internal string Missing { get; }

    internal IReadOnlyList<DeviceDescription> Devices { get; private set; } = [];

    /// <summary>As the driver counts, 12040 for CUDA 12.4.</summary>
    internal int Version { get; private set; }

    /// <summary>For people: the compiler, or what is missing.</summary>
    internal string Report => Missing.Length > 0 ? Missing
        : compiler.Value.Found is { } found ? $"driver for CUDA {VersionText}, NVRTC {found.Version} ({found.Path}), {Products}"
        : $"driver for CUDA {VersionText}, but {compiler.Value.Missing}";

    private string Products => products.Value.Found is { } found ? $"cuBLASLt {found.Major} ({found.Path})"
        : $"no cuBLASLt, so that our own slower kernels multiply{products.Value.Refused}: pip install {Package("cublas")}";

    private string VersionText => $"{Version / 1000}.{Version % 1000 / 10}";

    /// <exception cref="DeviceException">The device or a library that it needs is not there.</exception>
    internal CudaDriver Open(int index, int groupSize = 256)
    {
        if (Missing.Length > 0)
            throw new DeviceException($"cuda:{index}: {Missing}." + (api is null ? " Install it (nvidia.com/drivers), or choose another device; mezcla doctor lists them." : ""));
        if (index < 0 || index >= Devices.Count)
            throw new DeviceException($"cuda:{index} does not exist; there are {string.Join("; ", Devices.Select(d => $"{d.Name} ({d.Hardware})"))}.");
        return new CudaDriver(api!, index, Devices[index], compiler.Value.Found ?? throw new DeviceException($"cuda:{index} ({Devices[index].Hardware}; {Devices[index].Driver}): {compiler.Value.Missing}."), products.Value.Found, groupSize);
    }

    private string Search(string names)
    {
        int version, count = 0;
        if (api!.DriverVersion(&version) != CudaApi.Success)
            version = 0;
        Version = version;
        if (version < OldestDriver)
            return $"the NVIDIA driver ({names}) is for CUDA {VersionText}, and Mezcla needs one for CUDA 11.8 or later: update it from nvidia.com/drivers";
        int error = api.Init(0);
        if (error == CudaApi.Success)
            error = api.DeviceCount(&count);
        if (error == CudaApi.NoDevice || (error == CudaApi.Success && count == 0))
            return $"the NVIDIA driver ({names}, for CUDA {VersionText}) sees no GPU; nvidia-smi lists those there are, and CUDA_VISIBLE_DEVICES may hide some";
        if (error != CudaApi.Success)
            return $"the NVIDIA driver ({names}, for CUDA {VersionText}) does not start: {api.Error(error)}. Restart the machine, or install the driver again";
        Devices = [.. Enumerable.Range(0, count).Select(Describe)];
        return "";
    }

    private DeviceDescription Describe(int index)
    {
        int device, major, minor;
        nuint bytes;
        byte* name = stackalloc byte[256];
        name[0] = 0;
        if (api!.DeviceGet(&device, index) != CudaApi.Success || api.DeviceName(name, 256, device) != CudaApi.Success || api.DeviceMemory(&bytes, device) != CudaApi.Success)
            return new DeviceDescription($"cuda:{index}", "does not answer", 0, $"driver for CUDA {VersionText}", false);
        api.DeviceAttribute(&major, CudaApi.CapabilityMajor, device);
        api.DeviceAttribute(&minor, CudaApi.CapabilityMinor, device);
        return new DeviceDescription($"cuda:{index}", $"{CudaApi.Text(name)}, compute capability {major}.{minor}", (long)bytes, $"driver for CUDA {VersionText}", false);
    }

    private (Nvrtc?, string) FindCompiler(IEnumerable<string> files)
    {
        var (found, refused) = First(files, (library, file) => new Nvrtc(library, file), found => (found.Version.Major, $"{found.Version}"));
        return (found, $"NVRTC, CUDA's compiler ({string.Join(", ", Nvrtc.Names)}), was not found where the loader looks, in CUDA_PATH, CUDA_HOME, /usr/local/cuda* or a Python environment{refused}. "
            + $"Install a CUDA toolkit of at most the driver's version, or: pip install {Package("cuda-nvrtc")}");
    }

    // What belongs to a main version above the driver's does not work with it; a later minor version does.
    private (T? Found, string Refused) First<T>(IEnumerable<string> files, Func<nint, string, T> open, Func<T, (int Major, string Text)> version)
        where T : class
    {
        var refused = new List<string>();
        foreach (string file in files)
        {
            foreach (string needed in CudaPlaces.Companions(file))
                NativeLibrary.TryLoad(needed, out _);
            if (!NativeLibrary.TryLoad(file, out nint library))
            {
                if (Path.IsPathRooted(file))
                    refused.Add($"{file} does not load");
                continue;
            }
            try
            {
                T found = open(library, file);
                if (version(found).Major <= Version / 1000)
                    return (found, "");
                refused.Add($"{file} is {version(found).Text}, too new for the driver");
            }
            catch (Exception e) when (e is EntryPointNotFoundException or DeviceException)
            {
                refused.Add($"{file}: {e.Message}");
            }
        }
        return (null, refused.Count > 0 ? $" ({string.Join("; ", refused)})" : "");
    }

    // Of Python's index: from CUDA 13 on without a version in its name.
    private string Package(string name) => Version / 1000 >= 13 ? $"nvidia-{name}" : $"nvidia-{name}-cu{Version / 1000}";
}
