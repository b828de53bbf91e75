using System.Buffers.Binary;
using System.Text;

namespace Mezcla.Tokenization;

/// <summary>
/// Reads SentencePiece's <c>tokenizer.model</c>, a protocol buffer (<c>sentencepiece_model.proto</c>): the pieces, and the few settings that say whether
/// it is byte-pair encoding without rewriting of the text, as Llama 2's is.
/// </summary>
internal static class SentencePieceReader
{
    /// <exception cref="FormatException">The file is damaged, or of another kind.</exception>
    public static SentencePieceTokenizer Read(ReadOnlySpan<byte> file)
    {
        var pieces = new List<SentencePiece>();
        ulong model = 1; // unigram, the default
        string normalizer = "";
        bool prefix = true, removeSpaces = true, escapeSpaces = true, suffix = false, rules = false;
        while (Next(ref file, out int field, out ulong number, out var content))
        {
            if (field == 1)
            {
                string? text = null;
                float score = 0;
                var type = SentencePieceType.Normal;
                while (Next(ref content, out field, out number, out var inner))
                {
                    if (field == 1) text = Encoding.UTF8.GetString(inner);
                    else if (field == 2) score = BitConverter.UInt32BitsToSingle((uint)number);
                    else if (field == 3) type = (SentencePieceType)number;
                }
                pieces.Add(new(text ?? throw new FormatException($"piece {pieces.Count} has no text"), score, type));
            }
            else if (field == 2)
            {
                while (Next(ref content, out field, out number, out _))
                    if (field == 3) model = number;
                    else if (field == 24) suffix = number != 0;
            }
            else if (field == 3)
            {
                while (Next(ref content, out field, out number, out var inner))
                    if (field == 1) normalizer = Encoding.UTF8.GetString(inner);
                    else if (field == 2) rules = inner.Length > 0;
                    else if (field == 3) prefix = number != 0;
                    else if (field == 4) removeSpaces = number != 0;
                    else if (field == 5) escapeSpaces = number != 0;
            }
        }
        if (pieces.Count == 0) throw new FormatException("it has no pieces");
        if (model != 2) throw new FormatException($"it is a SentencePiece model of type {model} ({(model == 1 ? "unigram" : "word or character")}); only type 2, BPE, is read");
        if (rules || removeSpaces || suffix || !escapeSpaces)
            throw new FormatException($"it rewrites text before encoding (normalizer '{normalizer}'{(removeSpaces ? ", extra spaces removed" : "")}), which is not supported");
        return new SentencePieceTokenizer(pieces, prefix ? SpacePrefix.StartAndAfterControl : SpacePrefix.Never) { ExpectsBeginOfText = true };
    }

    // The next field of a message: its value if it is a number, its bytes if it is a string or a message.
    private static bool Next(ref ReadOnlySpan<byte> message, out int field, out ulong number, out ReadOnlySpan<byte> content)
    {
        (field, number) = (0, 0);
        content = default;
        if (message.IsEmpty) return false;
        ulong tag = VarInt(ref message);
        field = (int)(tag >> 3);
        switch (tag & 7)
        {
            case 0:
                number = VarInt(ref message);
                return true;
            case 1:
                number = BinaryPrimitives.ReadUInt64LittleEndian(Take(ref message, 8));
                return true;
            case 2:
                content = Take(ref message, VarInt(ref message));
                return true;
            case 5:
                number = BinaryPrimitives.ReadUInt32LittleEndian(Take(ref message, 4));
                return true;
            default:
                throw new FormatException("it is neither a tokenizer.json nor a SentencePiece model");
        }
    }

    private static ulong VarInt(ref ReadOnlySpan<byte> message)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte b = Take(ref message, 1)[0];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw new FormatException("a number in it does not end");
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> message, ulong length)
    {
        if (length > (ulong)message.Length) throw new FormatException("it ends too early");
        var taken = message[..(int)length];
        message = message[(int)length..];
        return taken;
    }
}
