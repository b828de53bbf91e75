using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Notebooks.Tests;

/// <summary>Compiles small libraries for tests.</summary>
internal static class TestAssemblies
{
    public static void Write(string path, string source)
    {
        using var file = File.Create(path);
        Write(file, Path.GetFileNameWithoutExtension(path), source);
    }

    public static void Write(Stream stream, string name, string source, byte[]? reference = null)
    {
        var compilation = CSharpCompilation.Create(
            name,
            [CSharpSyntaxTree.ParseText(source)],
            reference is null ? References.Framework() : References.Framework().Append(MetadataReference.CreateFromImage(reference)),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        var result = compilation.Emit(stream);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
    }
}
