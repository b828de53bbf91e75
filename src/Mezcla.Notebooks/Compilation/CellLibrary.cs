using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

namespace Mezcla.Notebooks;

/// <summary>Types of a cell, compiled to an assembly of their own.</summary>
/// <param name="Lineage">The assembly's simple name when compiled against: a later version of the same lineage hides this one.</param>
/// <param name="Keys">The types in it.</param>
/// <param name="Image">The assembly to load, under a name that no other has.</param>
/// <param name="Symbols">Its portable PDB.</param>
/// <param name="Reference">What to compile against.</param>
internal sealed record CellLibrary(
    string Lineage, IReadOnlyList<string> Keys, MemoryStream Image, MemoryStream Symbols, MetadataReference Reference)
{
    /// <summary>How the simple names of libraries begin.</summary>
    public const string NamePrefix = "Types-";

    private static readonly CSharpParseOptions ParseOptions = CellCompiler.ParseOptions.WithKind(SourceCodeKind.Regular);
    private static readonly CSharpCompilationOptions Options = new CSharpCompilationOptions(
        OutputKind.DynamicallyLinkedLibrary,
        optimizationLevel: OptimizationLevel.Release,
        allowUnsafe: true,
        nullableContextOptions: NullableContextOptions.Annotations,
        concurrentBuild: false).WithNewestReferences();

    /// <summary>Compiles units that need each other.</summary>
    /// <param name="lineage">The assembly's simple name.</param>
    /// <param name="version">Its version, higher than any before.</param>
    /// <param name="units">What to compile.</param>
    /// <param name="text">The cell they stand in.</param>
    /// <param name="around">The cell's using directives.</param>
    /// <param name="path">The cell's name.</param>
    /// <param name="prelude">Global usings and the like.</param>
    /// <param name="references">What they may use.</param>
    /// <param name="compilation">For questions about the errors.</param>
    /// <param name="diagnostics">What the compiler said.</param>
    /// <param name="cancellation">Gives the compilation up.</param>
    /// <returns>The library, or null if there are errors.</returns>
    public static CellLibrary? Compile(
        string lineage,
        int version,
        IReadOnlyCollection<HoistedUnit> units,
        string text,
        IEnumerable<TextSpan> around,
        string path,
        string prelude,
        IEnumerable<MetadataReference> references,
        out CSharpCompilation compilation,
        out ImmutableArray<Diagnostic> diagnostics,
        CancellationToken cancellation)
    {
        var source = SourceOf(units, text, around, path, version, ref prelude);
        compilation = CSharpCompilation.Create(
            RuntimeName(lineage, version),
            [Parse(source, path), Parse(prelude, "")],
            references,
            Options).Bound();
        var (image, symbols, documentation) =
            (new MemoryStream(), new MemoryStream(), source.Contains("///", StringComparison.Ordinal) ? new MemoryStream() : null);
        var emitted = compilation.Emit(
            image,
            symbols,
            xmlDocumentationStream: documentation,
            options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb),
            cancellationToken: cancellation);
        diagnostics =
            [
                .. emitted.Diagnostics.Where(
                    diagnostic => diagnostic.Location.SourceTree?.FilePath == path || diagnostic.Severity == DiagnosticSeverity.Error)];
        if (!emitted.Success)
            return null;

        var published = Weaver.WeaveLibrary(ref image, ref symbols, lineage, VersionOf(version));
        var reference = AssemblyMetadata.CreateFromImage(published.ToArray()).GetReference(
            documentation is null ? null : new XmlDocumentation(documentation), display: lineage);
        return new CellLibrary(lineage, [.. units.Select(unit => unit.Key)], image, symbols, reference);
    }

    /// <summary>An empty library that hides the earlier ones of a lineage.</summary>
    public static MetadataReference Empty(string lineage, int version) =>
        AssemblyMetadata.CreateFromImage(Weaver.EmptyLibrary(lineage, VersionOf(version)).ToArray()).GetReference(display: lineage);

    /// <summary>The name under which a version of a lineage is loaded: versions replace
    /// one another for the compiler, but all stay in use.</summary>
    public static string RuntimeName(string lineage, int version) => FormattableString.Invariant($"{lineage}-{version}");

    /// <summary>A library's number as an assembly's version.</summary>
    public static Version VersionOf(int version) => new(0, 0, version >> 16, version & 0xFFFF);

    /// <summary>The opposite of <see cref="VersionOf"/>.</summary>
    public static int NumberOf(Version version) => (version.Build << 16) + version.Revision;

    private static string SourceOf(
        IReadOnlyCollection<HoistedUnit> units, string text, IEnumerable<TextSpan> around, string path, int version, ref string prelude)
    {
        var spans = units.SelectMany(unit => unit.Spans);
        if (!units.Any(unit => unit.NeedsClass))
            return Blanking.Only(text, around.Concat(spans));

        // A class around the cell's text leaves no place for its using directives.
        prelude = string.Concat(around.Select(span => $"global {text.Substring(span.Start, span.Length)}\n")) + prelude;
        return $"public static class Extensions{version} {{\n#line 1 \"{path}\"\n{Blanking.Only(text, spans)}\n}}";
    }

    private static SyntaxTree Parse(string text, string path) =>
        CSharpSyntaxTree.ParseText(SourceText.From(text, Encoding.UTF8), ParseOptions, path);
}
