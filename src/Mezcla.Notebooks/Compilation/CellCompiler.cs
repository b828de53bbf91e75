using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

namespace Mezcla.Notebooks;

/// <summary>Compiles the cells of one engine, each seeing what the earlier ones declared.</summary>
/// <remarks>
/// A cell becomes a script submission, whose variables and methods later submissions see. Its types are compiled before, as libraries,
/// wherever they can do without the cell's variables: then namespaces and extension classes work, and later libraries can use the types. A
/// type defined anew hides the old one by being in a library of the same name and a higher version; values of the old type stay usable.
/// </remarks>
internal sealed class CellCompiler
{
    public static readonly CSharpParseOptions ParseOptions =
        new(LanguageVersion.CSharp14, DocumentationMode.Parse, SourceCodeKind.Script);

    private static readonly EmitOptions EmitOptions = new(debugInformationFormat: DebugInformationFormat.PortablePdb);

    private readonly CellLoadContext _context;
    private readonly Type? _globalsType;
    private readonly CSharpCompilationOptions _options;
    private readonly Usings _usings;
    private readonly Dictionary<string, CellLibrary> _libraries = new(StringComparer.Ordinal);
    private readonly HashSet<string> _inScript = new(StringComparer.Ordinal);
    private volatile Snapshot _state;
    private int _submissions;
    private int _libraryCount;

    public CellCompiler(CellLoadContext context, IEnumerable<MetadataReference> references, IEnumerable<string> imports, Type? globalsType)
    {
        _context = context;
        _globalsType = globalsType;
        _usings = new Usings(imports);
        _options = new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            usings: _usings.Names,
            optimizationLevel: OptimizationLevel.Release,
            allowUnsafe: true,
            nullableContextOptions: NullableContextOptions.Annotations,
            concurrentBuild: false).WithNewestReferences();
        _state = new Snapshot(null, [.. references], 0);
    }

    /// <summary>How many places an array of cells' states needs.</summary>
    public int Slots => _submissions + 2;

    public void AddReferences(IEnumerable<MetadataReference> references) =>
        _state = _state with { References = _state.References.AddRange(references) };

    /// <summary>The compilation that results if this code is run next; for questions about the code only.</summary>
    public CSharpCompilation Analyze(string code, string path) => Submission(Parse(Prepared(code), path), _state, "Question");

    // What notebooks write and scripts refuse is blanked, so that lines and columns stay.
    private static string Prepared(string code) => InteractiveUsings.Blank(UsingVariables.Blank(code));

    /// <exception cref="CellCompilationException">The code does not compile.</exception>
    /// <exception cref="OperationCanceledException">The cell was interrupted meanwhile.</exception>
    public CompiledCell Compile(string code, string path, CancellationToken cancellation)
    {
        code = Prepared(code);
        var tree = Parse(code, path);
        var root = tree.GetCompilationUnitRoot(cancellation);
        var state = _state;
        var libraries = BuildLibraries(root, code, path, ref state, out var inScript, out var warnings, cancellation);
        if (libraries.Count > 0)
        {
            var built = libraries.SelectMany(library => library.Keys).ToHashSet(StringComparer.Ordinal);
            var gone = HoistedUnit.Find(root).Where(unit => built.Contains(unit.Key)).SelectMany(unit => unit.Declarations);
            var spaces = root.Members.OfType<BaseNamespaceDeclarationSyntax>();
            tree = Parse(Blanking.Without(code, gone.Concat(spaces).Select(node => node.Span)), path);
            root = tree.GetCompilationUnitRoot(cancellation);
        }

        Func<object?[], Task<object?>>? start = null;
        var hasValue = false;
        if (libraries.Count == 0 || root.Members.Count > 0 || root.Usings.Count > 0)
        {
            var compilation = Submission(tree, state, $"Cell{_submissions + 1}");
            if (root.Members.Count > 0)
            {
                (start, var emitWarnings) = Emit(compilation, libraries, cancellation);
                warnings = warnings.AddRange(emitWarnings);
                hasValue = ScriptValue.Exists(compilation);
                _submissions++;
            }
            else
            {
                // Using directives alone make no code.
                if (Errors(compilation.GetDiagnostics(cancellation)) is { Length: > 0 } errors)
                    throw new CellCompilationException(compilation, errors);

                Load(libraries);
            }

            state = state with { Previous = compilation, Inherited = state.References.Length };
        }
        else
        {
            Load(libraries);
        }

        foreach (var library in libraries)
        {
            foreach (var key in library.Keys)
                _libraries[key] = library;
        }

        _inScript.UnionWith(inScript);
        _usings.Add(root.Usings);
        _state = state;
        return new CompiledCell(start, hasValue, warnings);
    }

    private static SyntaxTree Parse(string code, string path) =>
        CSharpSyntaxTree.ParseText(SourceText.From(code, Encoding.UTF8), ParseOptions, path);

    private CSharpCompilation Submission(SyntaxTree tree, Snapshot state, string name) => CSharpCompilation.CreateScriptCompilation(
        name, tree, state.References.Skip(state.Inherited), _options.WithScriptClassName(name), state.Previous, typeof(object),
        _globalsType).Bound();

    private (Func<object?[], Task<object?>> Start, ImmutableArray<Diagnostic> Warnings) Emit(
        CSharpCompilation compilation, IReadOnlyList<CellLibrary> libraries, CancellationToken cancellation)
    {
        var (image, symbols) = (new MemoryStream(), new MemoryStream());
        var emitted = compilation.Emit(image, symbols, options: EmitOptions, cancellationToken: cancellation);
        if (!emitted.Success)
            throw new CellCompilationException(compilation, Errors(emitted.Diagnostics));

        Weaver.Weave(ref image, ref symbols);
        Load(libraries);
        var assembly = _context.Load(image, symbols);
        var entry = compilation.GetEntryPoint(cancellation)!;
        var start = assembly
            .GetType(entry.ContainingType.MetadataName, throwOnError: true)!
            .GetMethod(entry.MetadataName, CellVariables.StaticMembers)!
            .CreateDelegate<Func<object?[], Task<object?>>>();
        return (start, Warnings(emitted.Diagnostics));
    }

    private void Load(IEnumerable<CellLibrary> libraries)
    {
        foreach (var library in libraries)
            _context.Load(library.Image, library.Symbols);
    }

    private List<CellLibrary> BuildLibraries(
        CompilationUnitSyntax root,
        string code,
        string path,
        ref Snapshot state,
        out HashSet<string> inScript,
        out ImmutableArray<Diagnostic> warnings,
        CancellationToken cancellation)
    {
        inScript = new HashSet<string>(StringComparer.Ordinal);
        warnings = [];
        var units = HoistedUnit.Find(root);
        if (units.Count == 0 || root.SyntaxTree.GetDiagnostics(cancellation).Any(IsSyntaxError))
            return [];

        var around = root.Usings.Where(directive => directive.GlobalKeyword.IsKind(SyntaxKind.None)).Select(directive => directive.Span)
            .ToList();
        var prelude = _usings.Prelude(units);
        var built = new List<CellLibrary>();
        var firstErrors = ImmutableArray<Diagnostic>.Empty;
        CSharpCompilation? failed = null;
        foreach (var component in DependencyGroups.Of(units))
        {
            var required = component.Any(unit => unit.IsRequired);
            if (!required && component.Any(unit => BelongsInScript(unit, units)))
            {
                inScript.UnionWith(component.Select(unit => unit.Key));
                continue;
            }

            var replaced = component.Select(unit => _libraries.GetValueOrDefault(unit.Key)?.Lineage).OfType<string>().Distinct().ToList();
            var lineage = replaced.FirstOrDefault() ?? CellLibrary.NamePrefix + component[0].Key;
            var visible = state.References.Select(
                reference => replaced.Contains(reference.Display!) ? reference.WithAliases(["replaced"]) : reference);
            var library = CellLibrary.Compile(
                lineage, ++_libraryCount, component, code, around, path, prelude, visible, out var compilation, out var diagnostics,
                cancellation);
            if (library is not null)
            {
                built.Add(library);
                var emptied = replaced.Where(other => other != lineage).Select(other => CellLibrary.Empty(other, ++_libraryCount));
                state = state with { References = [.. state.References, .. emptied, library.Reference] };
                warnings = warnings.AddRange(Warnings(diagnostics));
                continue;
            }

            if (firstErrors.IsEmpty)
                (failed, firstErrors) = (compilation, Errors(diagnostics));

            if (required)
                throw new CellCompilationException(failed!, firstErrors);

            // Perhaps it uses the cell's static members; the script compiler will say if it is really wrong.
            inScript.UnionWith(component.Select(unit => unit.Key));
        }

        return built;
    }

    /// <summary>
    /// Whether a type must stay among the script's members: because an earlier definition is there and would be found first, or because
    /// hiding the library with the earlier definition would hide other types with it.
    /// </summary>
    private bool BelongsInScript(HoistedUnit unit, IReadOnlyList<HoistedUnit> units) =>
        _inScript.Contains(unit.Key)
        || (_libraries.TryGetValue(unit.Key, out var old) && !old.Keys.All(key => units.Any(other => other.Key == key)));

    /// <summary>Whether the parser refused the code; a namespace, which it refuses in scripts, is compiled apart.</summary>
    public static bool IsSyntaxError(Diagnostic diagnostic) => diagnostic.Severity == DiagnosticSeverity.Error && diagnostic.Id != "CS7021";

    private static ImmutableArray<Diagnostic> Errors(ImmutableArray<Diagnostic> diagnostics) =>
        [.. diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)];

    private static ImmutableArray<Diagnostic> Warnings(ImmutableArray<Diagnostic> diagnostics) =>
        [.. diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Warning && diagnostic.Location.IsInSource)];

    /// <summary>What names mean at a moment; replaced as a whole, so that completion can read it during a run.</summary>
    /// <param name="Previous">The submission the next one continues.</param>
    /// <param name="References">Everything that can be used, in the order in which it came.</param>
    /// <param name="Inherited">
    /// How many of the references <paramref name="Previous"/> and those before it brought. A submission has theirs without naming them;
    /// naming them again would make the compiler's lists grow with the square of the number of cells.
    /// </param>
    private sealed record Snapshot(CSharpCompilation? Previous, ImmutableArray<MetadataReference> References, int Inherited);
}
