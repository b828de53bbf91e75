using System.Text;

namespace Mezcla.Notebooks;

/// <summary>Documentation of .NET's own types, from the reference pack that comes with the SDK. Without an SDK there is none.</summary>
internal static class FrameworkDocumentation
{
    private static readonly Lazy<string[]> Files = new(FindFiles);

    /// <summary>The XML of a member, or null.</summary>
    /// <remarks>The files are large and asked rarely: a search for the member's line is fast, and nothing stays in memory.</remarks>
    public static string? Find(string documentationId, string assemblyName)
    {
        var start = Encoding.UTF8.GetBytes($"<member name=\"{System.Security.SecurityElement.Escape(documentationId)}\">");
        foreach (var file in Files.Value.OrderBy(file => Distance(Path.GetFileNameWithoutExtension(file), assemblyName)))
        {
            byte[] bytes;
            try
            {
                bytes = File.ReadAllBytes(file);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            var at = bytes.AsSpan().IndexOf(start);
            if (at < 0)
                continue;

            var length = bytes.AsSpan(at).IndexOf("</member>"u8);
            return length < 0 ? null : Encoding.UTF8.GetString(bytes.AsSpan(at, length + "</member>"u8.Length));
        }

        return null;
    }

    /// <summary>The assembly's own file first, then the one with the basic types, which live elsewhere at run time.</summary>
    private static int Distance(string file, string assemblyName) => file == assemblyName ? 0 : file == "System.Runtime"
        ? 1
        : file == "System.Collections" ? 2 : 3;

    private static string[] FindFiles()
    {
        try
        {
            var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location);
            if (string.IsNullOrEmpty(runtime))
                return [];

            var packs = new DirectoryInfo(Path.Combine(runtime, "..", "..", "..", "packs", "Microsoft.NETCore.App.Ref"));
            if (!packs.Exists)
                return [];

            var major = FormattableString.Invariant($"{Environment.Version.Major}.");
            var pack = packs.EnumerateDirectories(major + "*")
                .MaxBy(folder => Version.TryParse(folder.Name.Split('-')[0], out var version) ? version : new Version());
            return pack?.GetDirectories("ref").SelectMany(folder => folder.GetFiles("*.xml", SearchOption.AllDirectories))
                .Select(file => file.FullName).ToArray() ?? [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
