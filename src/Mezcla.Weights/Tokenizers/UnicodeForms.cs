using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Mezcla.Weights.Tokenizers;

/// <summary>
/// Unicode's normalization forms (UAX 15). .NET's own leave every text as it is where globalization is invariant, as it is in this house,
/// and elsewhere depend on the system's ICU; a tokenizer has to give the same ids everywhere.
/// </summary>
internal static class UnicodeForms
{
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7, Vowels = 21, Tails = 28,
        Syllables = 19 * Vowels * Tails;

    private sealed class Table
    {
        public readonly Dictionary<int, byte> Classes = [];
        public readonly Dictionary<int, int[]> Canonical = [], Compatible = [];
        public readonly Dictionary<(int, int), int> Composed = [];
    }

    private static readonly Lazy<Table> Characters = new(Read);

    /// <summary>A text in one of the forms NFC, NFD, NFKC and NFKD.</summary>
    /// <param name="text">A text without lone surrogates.</param>
    /// <param name="compatible">Whether characters that only look different become the same (K).</param>
    /// <param name="compose">Whether letters and marks are joined again (C) or stay apart (D).</param>
    public static string Normalize(string text, bool compatible, bool compose)
    {
        // Characters before the first mark or the first one that decomposes, U+00A0, are the same in all forms.
        if (text.AsSpan().IndexOfAnyExceptInRange('\0', '\u009F') < 0)
            return text;
        var table = Characters.Value;
        var codes = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
            Decompose(table, rune.Value, compatible, codes);
        Order(table, CollectionsMarshal.AsSpan(codes));
        if (compose)
            Compose(table, codes);
        var normal = new StringBuilder(codes.Count);
        foreach (var code in codes)
            normal.Append(new Rune(code).ToString());
        return normal.ToString();
    }

    private static void Decompose(Table table, int code, bool compatible, List<int> codes)
    {
        if (code - SyllableBase is >= 0 and < Syllables and var syllable)
        {
            codes.Add(LeadBase + syllable / (Vowels * Tails));
            codes.Add(VowelBase + syllable / Tails % Vowels);
            if (syllable % Tails != 0)
                codes.Add(TailBase + syllable % Tails);
        }
        else if (table.Canonical.TryGetValue(code, out var parts) || compatible && table.Compatible.TryGetValue(code, out parts))
            foreach (var part in parts)
                Decompose(table, part, compatible, codes);
        else
            codes.Add(code);
    }

    // Marks that follow one letter, by their class; those of the same class stay in their order.
    private static void Order(Table table, Span<int> codes)
    {
        for (var i = 1; i < codes.Length; i++)
        {
            var rank = table.Classes.GetValueOrDefault(codes[i]);
            for (var j = i; rank != 0 && j > 0 && table.Classes.GetValueOrDefault(codes[j - 1]) > rank; j--)
                (codes[j], codes[j - 1]) = (codes[j - 1], codes[j]);
        }
    }

    private static void Compose(Table table, List<int> codes)
    {
        int count = 0, starter = -1, before = -1;
        foreach (var code in codes.ToArray())
        {
            var rank = table.Classes.GetValueOrDefault(code);
            // A mark is blocked from its letter by another mark of at least its class, and a letter by any mark.
            if (starter >= 0 && before < rank && Pair(table, codes[starter], code) is { } joined)
            {
                codes[starter] = joined;
                continue;
            }
            (starter, before) = rank == 0 ? (count, -1) : (starter, rank);
            codes[count++] = code;
        }
        codes.RemoveRange(count, codes.Count - count);
    }

    private static int? Pair(Table table, int left, int right)
    {
        if (left - LeadBase is >= 0 and < 19 and var lead && right - VowelBase is >= 0 and < Vowels and var vowel)
            return SyllableBase + (lead * Vowels + vowel) * Tails;
        if (left - SyllableBase is >= 0 and < Syllables and var syllable && syllable % Tails == 0
            && right - TailBase is > 0 and < Tails and var tail)
            return left + tail;
        return table.Composed.TryGetValue((left, right), out var joined) ? joined : null;
    }

    private static Table Read()
    {
        var table = new Table();
        using var reader = new StreamReader(typeof(UnicodeForms).Assembly.GetManifestResourceStream("unicode.txt")!);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;
            var fields = line.Split(' ');
            var code = Hexadecimal(fields[0]);
            if (fields[1] != "0")
                table.Classes[code] = byte.Parse(fields[1], CultureInfo.InvariantCulture);
            int[] parts = [.. fields.Skip(3).Select(Hexadecimal)];
            if (parts.Length > 0)
                (fields[2] == "~" ? table.Compatible : table.Canonical)[code] = parts;
            if (fields[2] == "=")
                table.Composed[(parts[0], parts[1])] = code;
        }
        return table;
    }

    private static int Hexadecimal(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
