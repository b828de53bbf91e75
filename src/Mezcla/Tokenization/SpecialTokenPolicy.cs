namespace Mezcla.Tokenization;

/// <summary>
/// What <see cref="Tokenizer.Encode(string, SpecialTokenPolicy?)"/> does when the text spells a special token such as
/// <c>&lt;|endoftext|&gt;</c>. Text from strangers must not be able to say "the document ends here", so the default is to refuse.
/// The same choices as tiktoken's <c>allowed_special</c> and <c>disallowed_special</c>.
/// </summary>
public sealed class SpecialTokenPolicy
{
    private readonly HashSet<string>? _allowed;
    private readonly bool _refuseOthers;

    private SpecialTokenPolicy(HashSet<string>? allowed, bool refuseOthers) => (_allowed, _refuseOthers) = (allowed, refuseOthers);

    /// <summary>
    /// A special token in the text throws an <see cref="ArgumentException"/> that gives the token and its position. This is the default.
    /// </summary>
    public static SpecialTokenPolicy Raise { get; } = new([], refuseOthers: true);

    /// <summary>No token is special: <c>&lt;|endoftext|&gt;</c> is encoded as thirteen ordinary characters.</summary>
    public static SpecialTokenPolicy None { get; } = new([], refuseOthers: false);

    /// <summary>Every special token in the text becomes its id.</summary>
    public static SpecialTokenPolicy All { get; } = new(null, refuseOthers: false);

    /// <summary>The tokens named become their ids; any other special token in the text is an error.</summary>
    public static SpecialTokenPolicy Only(params string[] tokens) => new([.. tokens], refuseOthers: true);

    /// <summary>The tokens named become their ids; any other special token is ordinary text.</summary>
    public static SpecialTokenPolicy OnlyElseText(params string[] tokens) => new([.. tokens], refuseOthers: false);

    internal bool Allows(string token) => _allowed is null || _allowed.Contains(token);

    internal bool Refuses(string token) => _refuseOthers && !Allows(token);

    internal IEnumerable<string> Names => _allowed ?? [];
}
