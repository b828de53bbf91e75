using System.Text;
using Mezcla.Tokenization;

namespace Mezcla.Weights.Tokenizers;

/// <summary>
/// One token for each character (Unicode code point) that occurs in a text, in order of code point: the simplest possible vocabulary.
/// </summary>
public sealed class CharacterTokenizer : Tokenizer
{
    private readonly byte[][] _bytes;
    private readonly Dictionary<Rune, int> _ids = [];

    /// <summary>Makes a tokenizer from a list of characters: the id of a character is its index in the list.</summary>
    /// <param name="characters">The characters.</param>
    /// <param name="specialTokens">The special tokens and their ids.</param>
    public CharacterTokenizer(IReadOnlyList<Rune> characters, IEnumerable<KeyValuePair<string, int>> specialTokens) : base(specialTokens)
    {
        _bytes = [.. characters.Select(c => Encoding.UTF8.GetBytes(c.ToString()))];
        foreach (var character in characters)
            _ids.Add(character, _ids.Count);
        VocabularySize = SpecialTokens.Values.Append(characters.Count - 1).Max() + 1;
    }

    /// <inheritdoc/>
    public override int VocabularySize { get; }

    /// <summary>The characters and their ids.</summary>
    public IReadOnlyDictionary<Rune, int> Characters => _ids;

    /// <summary>Makes a tokenizer for a text: its characters by code point, then the special tokens.</summary>
    public static CharacterTokenizer Train(string text, params ReadOnlySpan<string> specialTokens)
    {
        Rune[] characters = [.. text.EnumerateRunes().Distinct().Order()];
        return new(characters, Numbered(specialTokens, characters.Length));
    }

    /// <inheritdoc/>
    protected override void EncodeOrdinary(ReadOnlySpan<char> part, List<int> ids, int? before)
    {
        foreach (var character in part.EnumerateRunes())
            ids.Add(_ids.TryGetValue(character, out var id) ? id
                : throw new ArgumentException(
                    $"The character '{character}' (U+{character.Value:X4}) is not among the {_ids.Count} that this tokenizer was made " +
                        "from."));
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<byte> OrdinaryBytes(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : throw NoSuchId(id);
}
