using Mezcla.BytePairs;
using Mezcla.Tokenization;

namespace Mezcla.Weights.Tokenizers;

/// <summary>Byte-pair vocabularies as <c>tokenizer.json</c> and GGUF write them: each token as text in GPT-2's
/// <see cref="ByteAlphabet"/>, each merge as a pair of tokens.</summary>
internal static class Gpt2Vocabulary
{
    /// <summary>Makes the tokenizer of a vocabulary and its merges, written in GPT-2's
    /// alphabet as in <c>tokenizer.json</c> and GGUF.</summary>
    /// <param name="vocabulary">The tokens and their ids, without the added ones.</param>
    /// <param name="merges">The pairs that merge, by rank.</param>
    /// <param name="pattern">The pattern that splits text before merging.</param>
    /// <param name="specialTokens">The special tokens and their ids.</param>
    /// <param name="always">Tokens that are not made by merges and are recognized wherever they occur in the text.</param>
    /// <param name="wholePieces">Whether a piece of text that is in the vocabulary becomes that token without any merging
    /// (<c>ignore_merges</c>; Llama 3).</param>
    /// <param name="addPrefixSpace">Whether a text that starts without a space is encoded as if it had one.</param>
    /// <param name="expectsBeginOfText">See <see cref="Tokenizer.ExpectsBeginOfText"/>.</param>
    /// <exception cref="FormatException">The vocabulary and the merges do not fit together, an id is used twice, or a byte has no
    /// token.</exception>
    public static BytePairTokenizer FromMerges(IReadOnlyDictionary<string, int> vocabulary, IEnumerable<(string Left, string Right)> merges,
        SplitPattern pattern, IReadOnlyDictionary<string, int> specialTokens, IReadOnlyDictionary<string, int>? always = null,
        bool wholePieces = false, bool addPrefixSpace = false, bool expectsBeginOfText = false)
    {
        int largest = vocabulary.Values.Append(-1).Max(),
            largestOfAll = specialTokens.Values.Concat(always?.Values ?? []).Append(largest).Max();
        // A malicious file could give one token an id of two billion.
        if (largestOfAll > vocabulary.Count * 4L + 100_000)
            throw new FormatException($"it has {vocabulary.Count} tokens, but an id as large as {largestOfAll}");
        var tokens = new byte[]?[largest + 1];
        foreach (var (text, id) in vocabulary)
        {
            if (id < 0 || tokens[id] is not null)
                throw new FormatException(
                    $"the token '{text}' has the id {id}, which {(id < 0 ? "is negative" : "another token has too")}");
            tokens[id] = ByteAlphabet.ToBytes(text);
        }
        var table = new MergeTable(vocabulary.Count);
        var rank = 0;
        foreach (var (left, right) in merges)
            table.Add(Id(left), Id(right), rank++, Id(left + right));
        try
        {
            return new(new Vocabulary(tokens), table, wholePieces, pattern, specialTokens, addPrefixSpace, always)
            {
                ExpectsBeginOfText = expectsBeginOfText,
            };
        }
        catch (ArgumentException e)
        {
            throw new FormatException(e.Message, e);
        }

        int Id(string token) => vocabulary.TryGetValue(token, out var id)
            ? id
            : throw new FormatException($"merge {rank} names '{token}', which the vocabulary lacks");
    }
}
