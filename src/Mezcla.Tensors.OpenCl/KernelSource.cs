using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Mezcla.Tensors.OpenCl;

/// <summary>The kernels' one source, and compiled programs kept on disk by source and device.</summary>
internal static class KernelSource
{
    // A prelude, and files that use what those before them define.
    internal static readonly string[] Files = ["prelude", "copies", "elementwise", "axis", "rows", "products", "groups", "attention_layout",
        "attention", "attention_tiles", "training"];

    /// <summary>The kernels of <see cref="Files"/>, for groups of so many work items.</summary>
    internal static string For(int groupSize) => Joined(groupSize, Files);

    /// <summary>Source from outside, which may use all that the prelude defines.</summary>
    internal static string With(int groupSize, string source) => Joined(groupSize, ["prelude"]) + source;

    private static string Joined(int groupSize, IEnumerable<string> files)
    {
        var text = new StringBuilder($"#define GROUP {groupSize}\n");
        foreach (var file in files)
        {
            using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Mezcla.Tensors.OpenCl.{file}.cl")!;
            text.Append(new StreamReader(stream).ReadToEnd());
        }
        return text.ToString();
    }

    /// <summary>The compiled program kept for this source on this device; null where there is none, or only a damaged one.</summary>
    internal static byte[]? Cached(string source, string device, string? folder = null)
    {
        try
        {
            var path = PathFor(source, device, folder);
            var kept = File.Exists(path) ? File.ReadAllBytes(path) : [];
            // Drivers do not check a compiled program: a truncated one could crash this process.
            return kept.Length > SHA256.HashSizeInBytes
                && SHA256.HashData(kept.AsSpan(SHA256.HashSizeInBytes)).AsSpan().SequenceEqual(kept.AsSpan(0, SHA256.HashSizeInBytes))
                ? kept[SHA256.HashSizeInBytes..] : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps a compiled program behind its hash. Where that cannot be done, the next start compiles again.</summary>
    internal static void Keep(string source, string device, byte[] program, string? folder = null)
    {
        string path = PathFor(source, device, folder), unfinished = $"{path}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(unfinished, [.. SHA256.HashData(program), .. program]);
            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Only time is lost.
        }
    }

    /// <summary>Where a program is kept, by default in the user's own data.</summary>
    internal static string PathFor(string source, string device, string? folder = null)
        =>
        Path.Combine(
            folder
                ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData,
                    Environment.SpecialFolderOption.DoNotVerify), "Mezcla", "kernels"),
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(device + "\n" + source))) + ".bin");
}
