using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Notebooks;

/// <summary>Describes the name at the cursor.</summary>
internal static class Inspector
{
    public static MimeBundle? Inspect(CSharpCompilation compilation, int cursor, int detail, CancellationToken cancellation)
    {
        var tree = compilation.SyntaxTrees[0];
        var node = tree.GetRoot(cancellation).FindToken(Math.Clamp(cursor, 0, tree.Length)).Parent;
        if (node is null)
            return null;

        var model = (SemanticModel)compilation.GetSemanticModel(tree);
        var info = model.GetSymbolInfo(node, cancellation);
        var symbol = info.Symbol ?? info.CandidateSymbols.FirstOrDefault() ?? model.GetDeclaredSymbol(node, cancellation);
        return symbol is null ? null : new MimeBundle(MimeBundle.PlainText, symbol.ToDisplayString());
    }
}
