using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Notebooks.Tests.Engine;

public class ReferencesTests
{
    [Fact]
    public void Engines_share_the_files_of_the_framework_but_not_its_symbols()
    {
        // Shared symbols made `display` ambiguous when a second engine compiled its first cell at the same time as the first one.
        var (one, two) = (CSharpCompilation.Create("one", references: References.Framework()),
            CSharpCompilation.Create("two", references: References.Framework()));
        Assert.NotSame(one.ObjectType.ContainingAssembly, two.ObjectType.ContainingAssembly);
        Assert.Equal(one.ObjectType.ContainingAssembly.Identity, two.ObjectType.ContainingAssembly.Identity);
    }
}
