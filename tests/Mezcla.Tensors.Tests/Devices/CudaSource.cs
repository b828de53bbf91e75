using System.Reflection;
using System.Text.RegularExpressions;
using Mezcla.Tensors.Devices.Gpu;
using Mezcla.Tests;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>The kernels as CUDA C, and a compiler for them that is no NVIDIA's: the clang that PoCL brings.</summary>
internal static partial class CudaSource
{
    internal const int GroupSize = 256;

    /// <summary>The programs as they are compiled: all kernels but those for tensor cores, and these by themselves.</summary>
    internal static string[] Programs { get; } = [KernelSource.For(GroupSize), KernelSource.For(GroupSize, KernelSource.TensorCoreFiles)];

    /// <summary>All in one.</summary>
    internal static string Text { get; } = KernelSource.For(GroupSize, KernelSource.Files.Union(KernelSource.TensorCoreFiles));

    internal static string[] Kernels { get; } = Names(Text);

    internal static string[] Names(string program) => [.. KernelName().Matches(program).Select(match => match.Groups[1].Value)];

    /// <summary>A clang, else the test is skipped.</summary>
    internal static string Clang()
    {
        foreach (string name in (string[])["clang", "clang-19", "clang-16", "clang-15", "clang-14"])
            if (Peer.CanRun(name, "--version"))
                return name;
        Assert.Skip("There is no clang here; on Debian, pocl-opencl-icd brings clang-15.");
        return "";
    }

    /// <summary>A new folder with files of the tests' own: their names, as they lie beside this one.</summary>
    internal static string Folder(params string[] files)
    {
        string folder = Directory.CreateTempSubdirectory("mezcla-cuda").FullName;
        foreach (string file in files)
        {
            using var from = Assembly.GetExecutingAssembly().GetManifestResourceStream(file)!;
            using var to = File.Create(Path.Combine(folder, file));
            from.CopyTo(to);
        }
        return folder;
    }

    /// <summary>Runs a program in a folder; what it said if it failed, else null.</summary>
    internal static string? Failure(string folder, string program, params string[] arguments)
    {
        var start = new System.Diagnostics.ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardError = true };
        using var process = System.Diagnostics.Process.Start(start)!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{said}";
    }

    [GeneratedRegex(@"^KERNEL (\w+)\(", RegexOptions.Multiline)]
    private static partial Regex KernelName();
}
