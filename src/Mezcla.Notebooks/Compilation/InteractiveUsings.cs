using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mezcla.Notebooks;

/// <summary>
/// Blanks <c>using Microsoft.DotNet.Interactive.…;</c>, with which many published notebooks begin. The helpers that this kernel offers
/// need no using directive, and the others are reported where the code uses them. They stay where code asks for that kernel itself, or
/// for its functions that write HTML as C#.
/// </summary>
internal static partial class InteractiveUsings
{
    private const string Root = "Microsoft.DotNet.Interactive";

    /// <summary>Whether code sends something to a kernel, asks for the context in which it runs, or makes kernels and commands.</summary>
    public static bool IsForKernels(string code) => ForKernels().IsMatch(code);

    /// <summary>Whether code uses something that needs .NET Interactive's assemblies: its kernels, or the functions that write HTML as
    /// C#.</summary>
    public static bool IsForAssemblies(string code) => code.Contains("PocketViewTags", StringComparison.Ordinal) || IsForKernels(code);

    [GeneratedRegex(@"\bKernel\.(Root|Current)\b|\b(KernelInvocationContext|KernelCommand|KernelEvent|SubmitCode|CompositeKernel)\b")]
    private static partial Regex ForKernels();

    public static string Blank(string code)
    {
        if (!code.Contains(Root, StringComparison.Ordinal) || IsForAssemblies(code))
            return code;

        var root = CSharpSyntaxTree.ParseText(code, CellCompiler.ParseOptions).GetCompilationUnitRoot();
        return Blanking.Without(code, root.Usings.Where(IsInteractive).Select(directive => directive.Span));
    }

    // `using static` and aliases stay: an error there is more useful than one where their members are used.
    private static bool IsInteractive(UsingDirectiveSyntax directive) =>
        directive is { Alias: null, StaticKeyword.RawKind: 0 }
        && directive.NamespaceOrType.ToString() is var name && (name == Root || name.StartsWith(Root + ".", StringComparison.Ordinal));
}
