using System.Globalization;
using System.Net;
using System.Text;

namespace Mezcla.Notebooks;

/// <summary>Creates bundles from pictures. The first bytes tell the format.</summary>
internal static class Pictures
{
    /// <exception cref="ArgumentException">The bytes are not a picture that notebooks can show.</exception>
    public static MimeBundle ToBundle(ReadOnlySpan<byte> bytes, string name)
    {
        var mime = Format(bytes) ?? throw new ArgumentException(
            $"{name} is not a picture a notebook can show: the bytes are neither PNG, JPEG, GIF, WebP, BMP nor SVG.");
        var content = mime == MimeBundle.Svg ? Encoding.UTF8.GetString(bytes) : Convert.ToBase64String(bytes);
        var text =
            string.Create(CultureInfo.InvariantCulture,
                $"{name}: {mime["image/".Length..].Replace("+xml", "", StringComparison.Ordinal).ToUpperInvariant()} " +
                    $"picture, {bytes.Length:N0} bytes");
        var data = new Dictionary<string, string> { [mime] = content, [MimeBundle.PlainText] = text };
        if (mime is MimeBundle.Svg or "image/webp" or "image/bmp")
            data[MimeBundle.Html] =
                $"<img alt=\"{WebUtility.HtmlEncode(name)}\" src=\"data:{mime};base64,{Convert.ToBase64String(bytes)}\">";

        return new MimeBundle(data);
    }

    private static string? Format(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 4 && bytes[0] == 0x89 && bytes[1..].StartsWith("PNG"u8))
            return "image/png";

        if (bytes.Length > 3 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF)
            return "image/jpeg";

        if (bytes.StartsWith("GIF8"u8))
            return "image/gif";

        if (bytes.Length > 12 && bytes.StartsWith("RIFF"u8) && bytes[8..].StartsWith("WEBP"u8))
            return "image/webp";

        if (bytes.StartsWith("BM"u8))
            return "image/bmp";

        var head = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 1000)]).TrimStart('\uFEFF').TrimStart();
        return head.StartsWith("<svg", StringComparison.Ordinal)
            || (head.StartsWith("<?xml", StringComparison.Ordinal) && head.Contains("<svg", StringComparison.Ordinal))
            ? MimeBundle.Svg
            : null;
    }
}
