using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Notebooks;

/// <summary>A place in unfinished code about which something is asked, with the code made whole enough to be understood.</summary>
/// <remarks>
/// At the cursor stands a made-up name, followed by a semicolon where the line ends there; without it the parser would read the next line
/// as part of this one.
/// </remarks>
internal sealed class QuestionSite
{
    private const string MadeUp = "zzCursor";

    private QuestionSite(CSharpCompilation compilation, int start, int end, string prefix)
    {
        Compilation = compilation;
        (Start, End, Prefix) = (start, end, prefix);
        Tree = compilation.SyntaxTrees[0];
        Root = Tree.GetRoot();
        Model = compilation.GetSemanticModel(Tree);
        Token = Root.FindToken(start, findInsideTrivia: false);
    }

    public CSharpCompilation Compilation { get; }

    /// <summary>Where the name at the cursor begins.</summary>
    public int Start { get; }

    /// <summary>The cursor.</summary>
    public int End { get; }

    /// <summary>What of the name has been typed.</summary>
    public string Prefix { get; }

    public SyntaxTree Tree { get; }

    public SyntaxNode Root { get; }

    public SemanticModel Model { get; }

    /// <summary>The made-up name, if it came to be a name: not in a comment or string.</summary>
    public SyntaxToken Token { get; }

    public bool IsName => Token.IsKind(SyntaxKind.IdentifierToken) && Token.ValueText == MadeUp && Token.SpanStart == Start;

    public SyntaxNode? Node => Token.Parent;

    public static QuestionSite At(CellCompiler compiler, string code, int cursor)
    {
        cursor = Math.Clamp(cursor, 0, code.Length);
        var start = cursor;
        while (start > 0 && SyntaxFacts.IsIdentifierPartCharacter(code[start - 1]))
            start--;

        var lineEnd = code.IndexOf('\n', cursor);
        var rest = code[cursor..(lineEnd < 0 ? code.Length : lineEnd)];
        var made = string.IsNullOrWhiteSpace(rest) ? MadeUp + ";" : SyntaxFacts.IsIdentifierPartCharacter(rest[0]) ? MadeUp + " " : MadeUp;
        var whole = CodeOnly(code[..start]) + made + CodeOnly(code[cursor..]);
        return new QuestionSite(compiler.Analyze(whole, ""), start, cursor, code[start..cursor]);
    }

    /// <summary>The code with directives, which the compiler wouldn't understand, blanked.</summary>
    private static string CodeOnly(string code) => code.Contains('#', StringComparison.Ordinal)
        ? string.Join('\n', code.Split('\n').Select(line => IsDirective(line) ? new string(' ', line.Length) : line))
        : code;

    private static bool IsDirective(string line)
    {
        var text = line.AsSpan().TrimStart();
        return text.StartsWith("#!") || text.StartsWith("#r ") || text.StartsWith("#i ") || text.StartsWith("#load ");
    }
}
