using System.IO.Compression;

namespace Mezcla.Notebooks.Html;

/// <summary>A library of scripts that draws outputs of one MIME type in a browser. A page that has such an output carries it.</summary>
/// <param name="mimeType">The MIME type: <see cref="MimeBundle.Plotly"/> or <see cref="MimeBundle.Mermaid"/>.</param>
/// <param name="open">Opens the library's one file, as it is or compressed by gzip.</param>
public sealed class ScriptLibrary(string mimeType, Func<Stream> open)
{
    private readonly Lazy<string> _packed = new(() => Pack(open));

    /// <summary>The MIME type of what it draws.</summary>
    public string MimeType => mimeType;

    /// <summary>The file, compressed by gzip and written in Base64: about 40 % of its size.</summary>
    internal string Packed => _packed.Value;

    private static string Pack(Func<Stream> open)
    {
        using var file = open();
        using var content = new MemoryStream();
        file.CopyTo(content);
        var bytes = content.ToArray();
        if (bytes is [0x1F, 0x8B, ..])
            return Convert.ToBase64String(bytes);

        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
            gzip.Write(bytes);
        return Convert.ToBase64String(packed.ToArray());
    }
}
