using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Mezcla.Tensors.Torch;

/// <summary>Where libtorch and TorchSharp's native part may lie on a machine, and what they are called there.</summary>
/// <param name="Application">The program's folder.</param>
/// <param name="Packages">NuGet's folder of packages.</param>
/// <param name="Own">Mezcla's folder for libraries.</param>
/// <param name="Platform">Such as linux-x64.</param>
internal sealed record TorchPlaces(string Application, string Packages, string Own, string Platform)
{
    /// <summary>The version of libtorch that TorchSharp is made for.</summary>
    internal const string Version = "2.10.0";

    /// <summary>The version of TorchSharp.</summary>
    internal const string BindingVersion = "0.107.0";

    /// <summary>The version of CUDA that TorchSharp's packages bring.</summary>
    internal const string CudaVersion = "12.8";

    /// <summary>This machine's.</summary>
    internal static TorchPlaces Here { get; } = new(
        AppContext.BaseDirectory,
        Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } packages
            ? packages : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages"),
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
            "Mezcla", "libtorch"),
        $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-" +
            $"{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}");

    /// <summary>TorchSharp's native part.</summary>
    internal string BindingFile => IsWindows ? "LibTorchSharp.dll" : IsMac ? "libLibTorchSharp.dylib" : "libLibTorchSharp.so";

    /// <summary>The libraries of libtorch that are loaded before it, in their order.</summary>
    internal string[] Files(bool cuda) => IsWindows
        ? ["c10.dll", "torch_cpu.dll", .. cuda ? (ReadOnlySpan<string>)["c10_cuda.dll", "torch_cuda.dll"] : [], "torch.dll"]
        : [
            .. ((ReadOnlySpan<string>)["c10", "torch_cpu", .. cuda ? (ReadOnlySpan<string>)["c10_cuda", "torch_cuda"] : [], "torch"])
                .ToArray().Select(name => $"lib{name}{(IsMac ? ".dylib" : ".so")}")];

    /// <summary>The package that brings libtorch.</summary>
    internal string Package(bool cuda) => cuda ? $"libtorch-cuda-{CudaVersion}-{Platform}" : $"libtorch-cpu-{Platform}";

    /// <summary>Whether there is such a build of libtorch for this kind of machine.</summary>
    internal bool HasBuild(bool cuda) => Platform is "linux-x64" or "win-x64" || (!cuda && Platform is "osx-arm64" or "win-arm64");

    /// <summary>The folder of its own that holds a build.</summary>
    internal string OwnFolder(bool cuda) => Path.Combine(Own, Version, cuda ? $"cuda-{CudaVersion}" : "cpu");

    /// <summary>Folders in which libtorch may lie, the nearest first.</summary>
    internal IEnumerable<string> Folders(bool cuda)
    {
        var native = Path.Combine("runtimes", Platform, "native");
        yield return Application;
        yield return Path.Combine(Application, native);
        yield return Path.Combine(Application, cuda ? $"cuda-{CudaVersion}" : "cpu");
        yield return OwnFolder(cuda);
        yield return Path.Combine(Packages, Package(cuda), Version, native);
    }

    /// <summary>Files that may be TorchSharp's native part.</summary>
    internal IEnumerable<string> Bindings(string folder)
    {
        var native = Path.Combine("runtimes", Platform, "native", BindingFile);
        yield return Path.Combine(folder, BindingFile);
        yield return Path.Combine(Application, BindingFile);
        yield return Path.Combine(Application, native);
        yield return Path.Combine(Packages, "torchsharp", BindingVersion, native);
    }

    /// <summary>Where the repaired copy of a binding lies, for systems with an old libstdc++: one folder for each original.</summary>
    internal string Repaired(string binding)
        => Path.Combine(Own, "repaired", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(binding)))[..16], BindingFile);

    /// <summary>How large the restored package is, for people.</summary>
    internal string Size(bool cuda) => cuda ? "several GB to download and as much again on the disk"
        : Platform == "linux-x64"
            ? "130 MB to download, 600 MB on the disk"
            : "100 to 200 MB to download, several times as much on the disk";

    private bool IsWindows => Platform.StartsWith("win", StringComparison.Ordinal);

    private bool IsMac => Platform.StartsWith("osx", StringComparison.Ordinal);
}
