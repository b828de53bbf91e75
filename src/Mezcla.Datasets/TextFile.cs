using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Mezcla.Datasets;

/// <summary>Reads text files that the user gave. If a file is not text, the exception says exactly what is wrong with it.</summary>
public static class TextFile
{
    /// <summary>
    /// The size of the largest file that is read, 1 GiB: far more than one machine can train on in a day, and safely inside a .NET string.
    /// </summary>
    public const long LargestFile = 1L << 30;

    /// <summary>Reads a whole UTF-8 file. A byte order mark is removed and line ends become <c>\n</c>.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The path is missing, is a folder, or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is empty, too large, binary, or not UTF-8; the message gives
    /// the first bad byte and its line.</exception>
    public static string Read(string path)
    {
        if (Directory.Exists(path))
            throw new IOException($"'{path}' is a folder. Give a text file.");
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file '{path}' (looked for '{Path.GetFullPath(path)}').", path);
        var length = new FileInfo(path).Length;
        if (length > LargestFile)
            throw new InvalidDataException(
                $"'{path}' has {length:N0} bytes; texts of up to {LargestFile:N0} bytes are read. Cut it into parts.");
        try
        {
            return Decode(File.ReadAllBytes(path), path);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"'{path}' may not be read by this user: {e.Message}", e);
        }
    }

    internal static string Decode(ReadOnlySpan<byte> bytes, string path)
    {
        if (bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
            throw new InvalidDataException($"'{path}' is UTF-16 text. Save it as UTF-8.");
        if (FirstBadByte(bytes) is var bad and >= 0)
        {
            var line = bytes[..bad].Count((byte)'\n') + 1;
            var what = bytes[bad] == 0
                ? "It is a zero byte, so this is probably not a text file."
                : "If this is text, it is in another encoding: save it as UTF-8.";
            throw new InvalidDataException($"'{path}' is not UTF-8 text: byte {bytes[bad]:X2} at offset {bad:N0}, line {line:N0}. {what}");
        }
        var text = Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF').Replace("\r\n", "\n").Replace('\r', '\n');
        if (text.Length == 0)
            throw new InvalidDataException($"'{path}' is empty. A model learns from text: give a file that contains some.");
        if (string.IsNullOrWhiteSpace(text))
            throw new InvalidDataException(
                $"'{path}' contains only white space. A model learns from text: give a file that contains some.");
        return text;
    }

    /// <summary>The offset of the first byte that cannot be UTF-8 text, or -1. A zero byte is legal UTF-8, but no text has one.</summary>
    private static int FirstBadByte(ReadOnlySpan<byte> bytes)
    {
        var zero = bytes.IndexOf((byte)0);
        var before = zero < 0 ? bytes : bytes[..zero];
        if (Utf8.IsValid(before))
            return zero;
        for (var offset = 0; offset < before.Length;)
        {
            if (Rune.DecodeFromUtf8(before[offset..], out _, out var consumed) != OperationStatus.Done)
                return offset;
            offset += consumed;
        }
        return zero;
    }
}
