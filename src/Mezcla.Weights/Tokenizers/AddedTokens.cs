namespace Mezcla.Weights.Tokenizers;

/// <summary>
/// Tokens that are cut out of a text before anything is merged. A vocabulary of byte pairs may also make one of them by merges; those
/// merges never happen, since no text still holds the token when merging begins.
/// </summary>
internal static class AddedTokens
{
    /// <summary>Whether a token also stands for a single byte, which a byte-pair vocabulary needs.</summary>
    public static bool IsByte(string token) => token is [>= '!' and <= '~'];

    /// <summary>The merges that can happen, in their order.</summary>
    /// <param name="merges">The two parts of each merge, as text.</param>
    /// <param name="added">The tokens that are cut out first.</param>
    public static List<(string Left, string Right)> WithoutThem(IEnumerable<(string Left, string Right)> merges, IEnumerable<string> added)
    {
        var cut = added.ToHashSet();
        return [.. merges.Where(m => !cut.Contains(m.Left) && !cut.Contains(m.Right) && !cut.Contains(m.Left + m.Right))];
    }
}
