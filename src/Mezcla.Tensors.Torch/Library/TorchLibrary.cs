using System.Runtime.InteropServices;
using Mezcla.Tensors.Torch.Native;

namespace Mezcla.Tensors.Torch;

/// <summary>
/// libtorch, the native library behind TorchSharp: where it is, and its loading. Nothing is downloaded here;
/// <c>mezcla doctor --install torch</c> does that. Load it before the first use of TorchSharp: TorchSharp then finds it wherever it lies.
/// </summary>
public sealed class TorchLibrary
{
    private static readonly Lock Gate = new();
    private static TorchLibrary? _loaded;
    private static nint _binding;

    private TorchLibrary(TorchPlaces places, bool cuda, string? folder, string? binding)
        => (Places, IsCuda, Folder, Binding) = (places, cuda, folder, binding);

    /// <summary>Whether it is the build for NVIDIA's GPUs.</summary>
    public bool IsCuda { get; }

    /// <summary>The folder of libtorch; null where none was found.</summary>
    public string? Folder { get; }

    /// <summary>TorchSharp's native part; null where none was found.</summary>
    public string? Binding { get; }

    /// <summary>Whether both are there.</summary>
    public bool IsComplete => Folder is not null && Binding is not null;

    /// <summary>What was found and where, or what is missing, how large it is and what to type.</summary>
    public string Report => IsComplete
        ? $"{Build} in {Folder}{(OldLibstdcxx.IsHere ? $" ({Repairs})" : "")}"
        : $"{Missing} Type: mezcla doctor --install torch{(IsCuda ? " --cuda" : "")} ({Places.Size(IsCuda)}).";

    private string Build => $"libtorch {TorchPlaces.Version}{(IsCuda ? $" for CUDA {TorchPlaces.CudaVersion}" : "")}";

    private string Repairs => $"with a repaired copy of {Places.BindingFile}, since this libstdc++ is older than GCC 13's";

    private string Missing => Folder is null
        ? $"{Build} is not here: neither beside the program nor in {Path.Combine(Places.Own, TorchPlaces.Version)} " +
            $"nor as NuGet's package {Places.Package(IsCuda)}."
        : $"{Places.BindingFile} of TorchSharp {TorchPlaces.BindingVersion} is not here.";

    private TorchPlaces Places { get; }

    /// <summary>Looks for the library; loads nothing.</summary>
    /// <param name="cuda">Whether the build for NVIDIA's GPUs is wanted.</param>
    public static TorchLibrary Find(bool cuda) => Find(TorchPlaces.Here, cuda);

    /// <summary>The build for the CPU, or else the build for NVIDIA's GPUs, which computes on the CPU too.</summary>
    internal static TorchLibrary Any => Find(cuda: false) is { IsComplete: false } && Find(cuda: true) is { IsComplete: true } nvidia
        ? nvidia : Find(cuda: false);

    internal static TorchLibrary Find(TorchPlaces places, bool cuda)
    {
        var folder = places.Folders(cuda).FirstOrDefault(place => places.Files(cuda).All(file => IsThere(Path.Combine(place, file))));
        return new TorchLibrary(places, cuda, folder, places.Bindings(folder ?? places.Application).FirstOrDefault(File.Exists));
    }

    // A link whose target was deleted exists for .NET.
    private static bool IsThere(string file)
        => File.Exists(file) && File.ResolveLinkTarget(file, returnFinalTarget: true) is not { Exists: false };

    /// <summary>Loads the library, once for the program: the build for NVIDIA's GPUs where
    /// that is asked for, else whichever is loaded or found.</summary>
    /// <param name="cuda">Whether it must be the build for NVIDIA's GPUs.</param>
    /// <returns>What was loaded.</returns>
    /// <exception cref="DeviceException">It is not there, does not load, or the other build is loaded already.</exception>
    public static TorchLibrary Load(bool cuda = false)
    {
        lock (Gate)
        {
            if (_loaded is { } loaded && (!cuda || loaded.IsCuda))
                return loaded;
            var library = cuda ? Find(cuda: true) : Any;
            if (!library.IsComplete)
                throw new DeviceException(library.Report);
            if (_loaded is not null)
                throw new DeviceException(
                    "libtorch's build for the CPU is loaded already, and a program holds one build: open the CUDA device first.");
            library.LoadFiles();
            return _loaded = library;
        }
    }

    /// <summary>
    /// What to load in place of a native file of other packages, such as those that a notebook asks for: where libstdc++ is older than
    /// GCC 13's a repaired copy of TorchSharp's binding, after the parts of libtorch that it needs; else the file itself.
    /// </summary>
    /// <param name="file">The file about to be loaded.</param>
    /// <param name="others">All native files of these packages.</param>
    /// <exception cref="DllNotFoundException">A part of libtorch does not load.</exception>
    public static string Loadable(string file, IReadOnlyCollection<string> others)
    {
        var places = TorchPlaces.Here;
        if (Path.GetFileName(file) != places.BindingFile || !OldLibstdcxx.IsHere)
            return file;
        var cuda = others.Any(other => Path.GetFileName(other) == places.Files(cuda: true)[^2]);
        foreach (var part in places.Files(cuda))
            if (others.FirstOrDefault(other => Path.GetFileName(other) == part) is { } found)
                NativeLibrary.Load(found);
        return Repair(file, places.Repaired(file));
    }

    private void LoadFiles()
    {
        try
        {
            foreach (var file in Places.Files(IsCuda))
                NativeLibrary.Load(Path.Combine(Folder!, file));
            _binding = NativeLibrary.Load(OldLibstdcxx.IsHere ? Repair(Binding!, Places.Repaired(Binding!)) : Binding!);
        }
        catch (Exception exception)
            when (exception is DllNotFoundException or BadImageFormatException or IOException or UnauthorizedAccessException
                or InvalidDataException)
        {
            throw new DeviceException($"libtorch in {Folder} does not load: {exception.Message.Split('\n')[0]}");
        }

        // TorchSharp looks by name, and would miss the copy.
        foreach (var type in (ReadOnlySpan<Type>)[typeof(TorchLibrary), typeof(TorchSharp.torch)])
            NativeLibrary.SetDllImportResolver(type.Assembly, (name, _, _) => name == LibTorch.Name ? _binding : 0);
    }

    /// <summary>Makes the copy that loads with an old libstdc++, unless it is there.</summary>
    internal static string Repair(string from, string to)
    {
        if (File.Exists(to) && File.GetLastWriteTimeUtc(to) >= File.GetLastWriteTimeUtc(from))
            return to;
        if (OldLibstdcxx.Repaired(File.ReadAllBytes(from)) is not { } copy)
            return from;
        // Written aside first: another program may be making it too, or loading it.
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        var aside = $"{to}.{Environment.ProcessId}";
        File.WriteAllBytes(aside, copy);
        File.Move(aside, to, overwrite: true);
        return to;
    }
}
