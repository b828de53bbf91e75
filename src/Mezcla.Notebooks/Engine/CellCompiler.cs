using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

namespace Mezcla.Notebooks;

/// <summary>A cell's code, compiled and loaded but not yet run.</summary>
/// <param name="Compilation">What the next cell builds on.</param>
/// <param name="Start">Runs the code; the array holds the cells' state by submission.</param>
/// <param name="HasValue">Whether the code ends in an expression.</param>
/// <param name="Warnings">The compiler's warnings.</param>
internal sealed record CompiledCell(
    CSharpCompilation Compilation,
    Func<object?[], Task<object?>>? Start,
    bool HasValue,
    ImmutableArray<Diagnostic> Warnings);

/// <summary>The compiler refused a cell's code.</summary>
internal sealed class CellCompilationException(ImmutableArray<Diagnostic> errors) : Exception("The cell does not compile.")
{
    public ImmutableArray<Diagnostic> Errors => errors;
}

/// <summary>Compiles the cells of one engine, each seeing what the earlier ones declared.</summary>
internal sealed class CellCompiler
{
    public static readonly CSharpParseOptions ParseOptions =
        new(LanguageVersion.CSharp14, DocumentationMode.Parse, SourceCodeKind.Script);

    private readonly CellLoadContext _context;
    private readonly Type? _globalsType;
    private readonly CSharpCompilationOptions _options;
    private readonly List<MetadataReference> _references;
    private int _submissions;

    public CellCompiler(CellLoadContext context, IEnumerable<MetadataReference> references, IEnumerable<string> imports, Type? globalsType)
    {
        _context = context;
        _globalsType = globalsType;
        _references = references.ToList();
        _options = new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            usings: imports,
            optimizationLevel: OptimizationLevel.Release,
            allowUnsafe: true,
            nullableContextOptions: NullableContextOptions.Annotations,
            concurrentBuild: false);
    }

    /// <summary>The last cell that was run: what names mean now.</summary>
    public CSharpCompilation? Previous { get; private set; }

    /// <summary>How many places an array of cells' states needs.</summary>
    public int Slots => _submissions + 2;

    public IReadOnlyList<MetadataReference> CompileReferences => _references;

    public void AddReference(MetadataReference reference) => _references.Add(reference);

    /// <summary>The compilation that results if this code is run next.</summary>
    public CSharpCompilation Analyze(string code, string path)
    {
        var tree = CSharpSyntaxTree.ParseText(SourceText.From(code, Encoding.UTF8), ParseOptions, path);
        var name = $"Cell{_submissions + 1}";
        return CSharpCompilation.CreateScriptCompilation(
            name, tree, _references, _options.WithScriptClassName(name), Previous, typeof(object), _globalsType);
    }

    /// <exception cref="CellCompilationException">The code does not compile.</exception>
    public CompiledCell Compile(string code, string path, CancellationToken cancellation)
    {
        var compilation = Analyze(code, path);
        using var image = new MemoryStream();
        using var symbols = new MemoryStream();
        var emitted = compilation.Emit(
            image, symbols, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb), cancellationToken: cancellation);
        if (!emitted.Success)
            throw new CellCompilationException([.. emitted.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)]);

        var assembly = _context.Load(image, symbols);
        var entry = compilation.GetEntryPoint(cancellation)!;
        var start = assembly
            .GetType(entry.ContainingType.MetadataName, throwOnError: true)!
            .GetMethod(entry.MetadataName, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!
            .CreateDelegate<Func<object?[], Task<object?>>>();
        _submissions++;
        Previous = compilation;
        return new CompiledCell(
            compilation,
            start,
            HasValue(compilation),
            [.. emitted.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Warning)]);
    }

    /// <summary>Whether the code ends in an expression without a semicolon, or returns a value.</summary>
    private static bool HasValue(CSharpCompilation compilation)
    {
        var tree = compilation.SyntaxTrees[0];
        var last = tree.GetCompilationUnitRoot().Members.LastOrDefault() as GlobalStatementSyntax;
        if (last?.Statement is ExpressionStatementSyntax { SemicolonToken.IsMissing: true } statement)
            return compilation.GetSemanticModel(tree).GetTypeInfo(statement.Expression).Type is not { SpecialType: SpecialType.System_Void };

        return tree.GetRoot()
            .DescendantNodes(node => node is not (AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax or BaseMethodDeclarationSyntax or BaseTypeDeclarationSyntax))
            .OfType<ReturnStatementSyntax>()
            .Any(statement => statement.Expression is not null);
    }
}
