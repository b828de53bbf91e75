using Mezcla.Tests;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mezcla.Notebooks.Tests;

/// <summary>The folders of the two notebook projects have an order, and types refer only
/// to types of their own folder and of folders before it.</summary>
public sealed class FolderTests
{
    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.CSharp14, DocumentationMode.None);

    private const string Usings =
        "global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq; "
        + "global using System.Net.Http; global using System.Threading; global using System.Threading.Tasks;";

    private static readonly string[] Notebooks =
        ["Output", "Sources", "Formatting", "Errors", "Execution", "Display", "Compilation", "Directives", "Language", "Engine",
            "Documents", "Running", "Html"];

    // The root holds the connection file, the options and the log.
    private static readonly string[] Kernel = ["", "Zmtp", "Messages", "Channels", "Comms", "History", "Server", "Installation"];

    [Fact]
    public void Folders_of_the_notebooks_refer_only_to_folders_before_them() =>
        Assert.Equal("", string.Join("\n", References(Path.Combine(Checkout.Root, "src", "Mezcla.Notebooks"), Notebooks)));

    [Fact]
    public void Folders_of_the_kernel_refer_only_to_folders_before_them() =>
        Assert.Equal("", string.Join("\n", References(Path.Combine(Checkout.Root, "src", "Mezcla.Kernel"), Kernel)));

    [Fact]
    public void A_reference_to_a_later_folder_is_found() =>
        Assert.Contains(References(Path.Combine(Checkout.Root, "src", "Mezcla.Kernel"), [.. Kernel.Reverse()]),
            found => found.EndsWith("Zmtp.ZmtpLimits", StringComparison.Ordinal));

    /// <summary>One line for each reference from a folder to one that comes later in the order.</summary>
    private static List<string> References(string project, string[] order)
    {
        var trees = Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories)
            .Where(path => !Path.GetRelativePath(project, path).StartsWith("obj", StringComparison.Ordinal)
                && !Path.GetRelativePath(project, path).StartsWith("bin", StringComparison.Ordinal))
            .Select(path => CSharpSyntaxTree.ParseText(File.ReadAllText(path), Parsing, path))
            .ToList();
        var assemblies = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileNameWithoutExtension(path) != Path.GetFileName(project))
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create("Folders", [.. trees, CSharpSyntaxTree.ParseText(Usings, Parsing)], assemblies,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var tree in trees)
        {
            var folder = FolderOf(tree.FilePath);
            Assert.True(Array.IndexOf(order, folder) >= 0, $"The folder '{folder}' has no place in the order.");
            var model = compilation.GetSemanticModel(tree);
            foreach (var name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>())
            {
                var symbol = model.GetSymbolInfo(name).Symbol;
                var type = symbol as INamedTypeSymbol ?? symbol?.ContainingType;
                if (type?.OriginalDefinition.DeclaringSyntaxReferences.FirstOrDefault()?.SyntaxTree.FilePath is { Length: > 0 } declared
                    && Array.IndexOf(order, FolderOf(declared)) > Array.IndexOf(order, folder))
                    found.Add($"{Path.GetRelativePath(project, tree.FilePath)} refers to {FolderOf(declared)}.{type.Name}");
            }
        }

        return [.. found];

        string FolderOf(string path) => Path.GetDirectoryName(Path.GetRelativePath(project, path))!;
    }
}
