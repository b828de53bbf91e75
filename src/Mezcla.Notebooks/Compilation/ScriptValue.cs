using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mezcla.Notebooks;

/// <summary>Tells a cell that ends in a value from one that ends in a statement.</summary>
internal static class ScriptValue
{
    public static bool Exists(CSharpCompilation compilation)
    {
        var tree = compilation.SyntaxTrees[0];
        var last = tree.GetCompilationUnitRoot().Members.LastOrDefault() as GlobalStatementSyntax;
        if (last?.Statement is ExpressionStatementSyntax { SemicolonToken.IsMissing: true } statement)
            return compilation.GetSemanticModel(tree)
                .GetTypeInfo(statement.Expression).Type is not { SpecialType: SpecialType.System_Void };

        return tree.GetRoot()
            .DescendantNodes(
                node =>
                    node is not (AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax or BaseMethodDeclarationSyntax
                        or BaseTypeDeclarationSyntax))
            .OfType<ReturnStatementSyntax>()
            .Any(statement => statement.Expression is not null);
    }
}
