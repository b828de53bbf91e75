namespace Mezcla.Weights.Tokenizers;

/// <summary>
/// Tokens that are found in a text and set apart before merging begins. If the merges of a byte-pair vocabulary also produce such a token,
/// these merges never happen, because the text that is merged no longer contains it.
/// </summary>
internal static class AddedTokens
{
    /// <summary>Whether a token is also the token of a single byte, which a byte-pair vocabulary needs.</summary>
    public static bool IsByte(string token) => token is [>= '!' and <= '~'];

    /// <summary>The merges that can happen, in their order.</summary>
    /// <param name="merges">The two parts of each merge, as text.</param>
    /// <param name="added">The tokens that are set apart before merging.</param>
    public static List<(string Left, string Right)> WithoutThem(IEnumerable<(string Left, string Right)> merges, IEnumerable<string> added)
    {
        var cut = added.ToHashSet();
        return [.. merges.Where(m => !cut.Contains(m.Left) && !cut.Contains(m.Right) && !cut.Contains(m.Left + m.Right))];
    }
}
