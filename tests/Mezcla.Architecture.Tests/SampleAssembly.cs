using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;

namespace Mezcla.Architecture.Tests;

/// <summary>A small project made for a test: its files in a temporary folder, compiled with symbols that name them.</summary>
internal sealed class SampleAssembly : IDisposable
{
    public SampleAssembly(params (string Path, string Text)[] files)
    {
        Folder = Directory.CreateTempSubdirectory("mezcla-house-").FullName;
        var trees = new List<SyntaxTree>();
        foreach (var (path, text) in files)
        {
            var full = Path.Combine(Folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, text);
            trees.Add(CSharpSyntaxTree.ParseText(text, path: full, encoding: Encoding.UTF8));
        }

        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(file => Path.GetFileName(file).StartsWith("System.", StringComparison.Ordinal)
                || Path.GetFileName(file) == "Mono.Cecil.dll")
            .Select(file => MetadataReference.CreateFromFile(file));
        var options = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary,
            nullableContextOptions: NullableContextOptions.Enable);
        using var code = File.Create(FilePath);
        using var symbols = File.Create(Path.ChangeExtension(FilePath, ".pdb"));
        var result = CSharpCompilation.Create("Sample", trees, references, options)
            .Emit(code, symbols, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb));
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
    }

    /// <summary>The folder that holds the files.</summary>
    public string Folder { get; }

    /// <summary>The compiled assembly, with its symbols beside it.</summary>
    public string FilePath => Path.Combine(Folder, "Sample.dll");

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
