namespace Mezcla.Weights.Tokenizers;

/// <summary>
/// GPT-2's alphabet for writing bytes as visible characters in vocabulary files: printable Latin-1 bytes are written as themselves, and the
/// other 68 as the characters from U+0100 on, in order. A space is written <c>Ġ</c>, a line end <c>Ċ</c>.
/// </summary>
public static class ByteAlphabet
{
    private static readonly char[] Characters = Build();
    private static readonly Dictionary<char, byte> Bytes = Characters.Select((c, b) => (c, b)).ToDictionary(x => x.c, x => (byte)x.b);

    /// <summary>Writes bytes as visible characters, one for each byte.</summary>
    public static string ToText(ReadOnlySpan<byte> bytes)
    {
        var text = new char[bytes.Length];
        for (var i = 0; i < text.Length; i++)
            text[i] = Characters[bytes[i]];
        return new(text);
    }

    /// <summary>Whether a character stands for a byte.</summary>
    public static bool Contains(char character) => Bytes.ContainsKey(character);

    /// <summary>Converts text written by <see cref="ToText"/> back to bytes.</summary>
    /// <exception cref="FormatException">A character does not belong to the alphabet.</exception>
    public static byte[] ToBytes(string text)
    {
        var bytes = new byte[text.Length];
        for (var i = 0; i < bytes.Length; i++)
            if (!Bytes.TryGetValue(text[i], out bytes[i]))
                throw new FormatException($"'{text}' has a character (U+{(int)text[i]:X4}) that stands for no byte in GPT-2's alphabet.");
        return bytes;
    }

    private static char[] Build()
    {
        var next = 0x100;
        return [.. Enumerable.Range(0, 256).Select(b => (char)(b is >= '!' and <= '~' or >= 0xA1 and <= 0xFF and not 0xAD ? b : next++))];
    }
}
