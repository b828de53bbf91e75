using System.Text;
using Mezcla.Tokenization;

namespace Mezcla.Weights.Tokenizers;

/// <summary>
/// Reads SentencePiece's <c>tokenizer.model</c>, a protocol buffer (<c>sentencepiece_model.proto</c>): the pieces, and the few settings
/// that say whether it is byte-pair encoding without normalization of the text, as in Llama 2.
/// </summary>
internal static class SentencePieceReader
{
    /// <exception cref="FormatException">The file is damaged, or of another kind.</exception>
    public static SentencePieceTokenizer Read(ReadOnlyMemory<byte> file)
    {
        var pieces = new List<SentencePiece>();
        Dictionary<int, (ulong Number, string Text)> training = [], normalization = [];
        foreach (var (field, _, content) in Fields(file))
        {
            if (field is < 1 or > 3)
                continue;
            var message = new Dictionary<int, (ulong Number, string Text)>();
            foreach (var (inner, number, text) in Fields(content))
                message[inner] = (number, Encoding.UTF8.GetString(text.Span));
            if (field == 2)
                training = message;
            else if (field == 3)
                normalization = message;
            else
                pieces.Add(new(message.GetValueOrDefault(1).Text ?? throw new FormatException($"piece {pieces.Count} has no text"),
                    BitConverter.UInt32BitsToSingle((uint)message.GetValueOrDefault(2).Number), (SentencePieceType)Number(message, 3, 1)));
        }
        if (pieces.Count == 0)
            throw new FormatException("it has no pieces");
        var model = Number(training, 3, 1);
        if (model != 2)
            throw new FormatException(
                $"it is a SentencePiece model of type {model} ({(model == 1 ? "unigram" : "word or character")}); only type 2, BPE, is " +
                    "read");
        // 2: a table of rewriting rules; 4: remove extra spaces; 5: spaces become '▁'; in the training settings, 24: a space ends a word.
        var removesSpaces = Number(normalization, 4, 1) != 0;
        if (removesSpaces || Number(normalization, 5, 1) == 0 || Number(training, 24, 0) != 0
            || !string.IsNullOrEmpty(normalization.GetValueOrDefault(2).Text))
            throw new FormatException(
                $"it rewrites text before encoding (normalizer '{normalization.GetValueOrDefault(1).Text}'" +
                    $"{(removesSpaces ? ", extra spaces removed" : "")}), which is not supported");
        return new SentencePieceTokenizer(pieces,
            Number(normalization, 3, 1) != 0 ? SpacePrefix.StartAndAfterControl : SpacePrefix.Never)
        { ExpectsBeginOfText = true };
    }

    private static ulong Number(Dictionary<int, (ulong Number, string Text)> message, int field, ulong otherwise) =>
        message.TryGetValue(field, out var value) ? value.Number : otherwise;

    // The fields of a message. Each is a number, or the bytes of a string or of a nested message.
    private static IEnumerable<(int Field, ulong Number, ReadOnlyMemory<byte> Content)> Fields(ReadOnlyMemory<byte> message)
    {
        while (!message.IsEmpty)
        {
            ulong tag = VarInt(ref message), kind = tag & 7;
            var number = kind switch
            {
                0 or 2 => VarInt(ref message),
                1 => LittleEndian(ref message, 8),
                5 => LittleEndian(ref message, 4),
                _ => throw new FormatException("it is neither a tokenizer.json nor a SentencePiece model"),
            };
            yield return ((int)(tag >> 3), number, kind == 2 ? Take(ref message, number) : default);
        }
    }

    private static ulong VarInt(ref ReadOnlyMemory<byte> message)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Take(ref message, 1).Span[0];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }
        throw new FormatException("a number in it does not end");
    }

    private static ulong LittleEndian(ref ReadOnlyMemory<byte> message, int length)
    {
        ulong value = 0;
        for (var shift = 0; shift < length * 8; shift += 8)
            value |= (ulong)Take(ref message, 1).Span[0] << shift;
        return value;
    }

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> message, ulong length)
    {
        if (length > (ulong)message.Length)
            throw new FormatException("it ends too early");
        var taken = message[..(int)length];
        message = message[(int)length..];
        return taken;
    }
}
