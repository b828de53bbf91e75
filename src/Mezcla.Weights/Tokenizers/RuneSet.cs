using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Mezcla.Weights.Tokenizers;

/// <summary>A set of Unicode code points: one bit for each up to the last one that matters, and one answer for those beyond it.</summary>
internal sealed class RuneSet
{
    private const int Size = 0x110000;

    // Letters of the general categories, in the order of UnicodeCategory.
    private static readonly string[] Categories = ["Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc",
        "Cf", "Cs", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn"];

    private static readonly Dictionary<string, string> LongNames = ("Letter L Uppercase_Letter Lu Lowercase_Letter Ll " +
        "Titlecase_Letter Lt Modifier_Letter Lm Other_Letter Lo Mark M Nonspacing_Mark Mn Spacing_Mark Mc Enclosing_Mark Me " +
        "Number N Decimal_Number Nd Letter_Number Nl Other_Number No Punctuation P Symbol S Math_Symbol Sm Currency_Symbol Sc " +
        "Modifier_Symbol Sk Other_Symbol So Separator Z Other C Control Cc").Split(' ').Chunk(2)
        .ToDictionary(n => n[0], n => n[1], StringComparer.OrdinalIgnoreCase);

    private static readonly ConcurrentDictionary<string, RuneSet?> Properties = new();

    private static readonly Lazy<ILookup<int, int>> Folds = new(() =>
        Enumerable.Range(0, Size).Where(Rune.IsValid).Where(code => Fold(code) != code || Rune.ToUpperInvariant(new(code)).Value != code)
            .ToLookup(Fold));

    private readonly ulong[] _bits;
    private readonly bool _beyond;

    private RuneSet(ulong[] bits, bool beyond) => (_bits, _beyond) = (bits, beyond);

    /// <summary>The empty set.</summary>
    public static RuneSet Empty { get; } = new([], false);

    /// <summary>White_Space, as <c>\s</c> means in Oniguruma and in Rust.</summary>
    public static RuneSet WhiteSpace { get; } = Of(code => Rune.IsValid(code) && Rune.IsWhiteSpace(new(code)));

    /// <summary>Decimal digits, letters that are numbers, and other numbers: what Rust calls numeric.</summary>
    public static RuneSet Numeric => Category("N")!;

    /// <summary>Punctuation of ASCII, among it symbols like <c>$</c>, and what Unicode calls punctuation.</summary>
    public static RuneSet Punctuation { get; } = Of(code => code < 128 && (char.IsPunctuation((char)code) || char.IsSymbol((char)code)))
        .Union(Category("P")!);

    /// <summary>Characters of words: alphabetic ones, marks, decimal digits and connecting punctuation; <c>\w</c> in brackets.</summary>
    public static RuneSet Word { get; } = Category("L")!.Union(Category("M")!).Union(Category("Nd")!).Union(Category("Nl")!)
        .Union(Category("Pc")!)
        .Union(Of(code => code is >= 0x24B6 and <= 0x24E9 or >= 0x1F130 and <= 0x1F149 or >= 0x1F150 and <= 0x1F169
            or >= 0x1F170 and <= 0x1F189));

    /// <summary>What <c>\w</c> means outside of brackets: characters of words, and the raised digits and fractions of Latin-1.</summary>
    public static RuneSet WordOrLatinNumber { get; } = Word.Union(Of(code => code is 0xB2 or 0xB3 or 0xB9 or >= 0xBC and <= 0xBE));

    public bool this[int code] => code >> 6 < _bits.Length ? (_bits[code >> 6] >> (code & 63) & 1) != 0 : _beyond;

    public static RuneSet Of(Func<int, bool> contains) => Of(Enumerable.Range(0, Size).Where(contains));

    public static RuneSet Range(int first, int last) => Of(Enumerable.Range(first, last - first + 1));

    private static RuneSet Of(IEnumerable<int> codes)
    {
        var bits = new ulong[0];
        foreach (var code in codes)
        {
            if (code >> 6 >= bits.Length)
                Array.Resize(ref bits, Math.Max((code >> 6) + 1, Math.Min(2 * bits.Length, Size / 64)));
            bits[code >> 6] |= 1UL << (code & 63);
        }
        return new(bits, false);
    }

    /// <summary>The code points of a general category (<c>L</c>, <c>Lu</c>, <c>Letter</c>); null for a name that is not one.</summary>
    public static RuneSet? Category(string name) => Properties.GetOrAdd(name, static name =>
    {
        if (name.Length == 0)
            return null;
        var wanted = LongNames.GetValueOrDefault(name, name);
        var indices = Categories.Index().Where(c => c.Item.StartsWith(wanted, StringComparison.OrdinalIgnoreCase)).Select(c => c.Index)
            .ToHashSet();
        return indices.Count == 0 ? null : Of(code => indices.Contains((int)CharUnicodeInfo.GetUnicodeCategory(code)));
    });

    public RuneSet Union(RuneSet other) => Combine(other, (a, b) => a | b);

    public RuneSet Intersect(RuneSet other) => Combine(other, (a, b) => a & b);

    public RuneSet Complement() => new([.. _bits.Select(b => ~b)], !_beyond);

    /// <summary>The set with all characters that differ from its own in case only.</summary>
    public RuneSet AnyCase() => Union(Of(Folds.Value.Select(group => group.Append(group.Key).ToArray())
        .Where(group => group.Any(code => this[code])).SelectMany(group => group)));

    // .NET has no capital for the long s.
    private static int Fold(int code) => code == 0x17F ? 's' : Rune.ToLowerInvariant(Rune.ToUpperInvariant(new(code))).Value;

    private ulong Bits(int index) => index < _bits.Length ? _bits[index] : _beyond ? ulong.MaxValue : 0;

    private RuneSet Combine(RuneSet other, Func<ulong, ulong, ulong> combine) => new(
        [.. Enumerable.Range(0, Math.Max(_bits.Length, other._bits.Length)).Select(i => combine(Bits(i), other.Bits(i)))],
        combine(_beyond ? 1UL : 0, other._beyond ? 1UL : 0) != 0);
}
