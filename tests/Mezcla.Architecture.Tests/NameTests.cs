using Mono.Cecil;

namespace Mezcla.Architecture.Tests;

/// <summary>A name means one thing in the whole house.</summary>
public sealed class NameTests
{
    [Fact]
    public void No_two_assemblies_have_a_type_of_the_same_name()
    {
        var assemblies = Repository.Projects.Select(project => AssemblyDefinition.ReadAssembly(Repository.Assembly(project))).ToList();
        var shared = Shared(assemblies).Where(shared => !House.SharedNames.ContainsKey(shared.Name)).Select(shared => shared.Text).ToList();
        Assert.True(shared.Count == 0, string.Join('\n', shared));
        assemblies.ForEach(assembly => assembly.Dispose());
    }

    [Fact]
    public void Every_exception_is_needed()
    {
        var assemblies = Repository.Projects.Select(project => AssemblyDefinition.ReadAssembly(Repository.Assembly(project))).ToList();
        var shared = Shared(assemblies).Select(found => found.Name).Append("Program");
        Assert.Empty(House.SharedNames.Keys.Except(shared));
        assemblies.ForEach(assembly => assembly.Dispose());
    }

    [Fact]
    public void A_name_in_two_assemblies_is_found()
    {
        using var sample = new SampleAssembly(("A/A.cs", "namespace One; public class Twice<T> { class Inner; } class Once;"));
        using var other = new SampleAssembly(("A/A.cs", "namespace Two; enum Twice { A } class Inner; class Other;"));
        using var first = AssemblyDefinition.ReadAssembly(sample.FilePath);
        using var second = AssemblyDefinition.ReadAssembly(other.FilePath);
        Assert.Equal(["Twice: One.Twice<> in Sample, Two.Twice in Sample"], Shared([first, second]).Select(shared => shared.Text));
    }

    private static IEnumerable<(string Name, string Text)> Shared(IReadOnlyList<AssemblyDefinition> assemblies) =>
        assemblies.SelectMany((assembly, number) => assembly.MainModule.Types.Where(IsWritten).Select(type => (Type: type, Number: number)))
            .GroupBy(found => Simple(found.Type)).Where(group => group.Select(found => found.Number).Distinct().Count() > 1)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (group.Key, $"{group.Key}: {string.Join(", ", group.Select(found => Full(found.Type)))}"));

    // Compilers add types of their own, among them attributes they embed.
    private static bool IsWritten(TypeDefinition type) => !type.Name.Contains('<') && !type.Name.StartsWith("__", StringComparison.Ordinal)
        && !type.CustomAttributes.Any(
            a => a.AttributeType.Name is "CompilerGeneratedAttribute" or "EmbeddedAttribute" or "GeneratedCodeAttribute");

    private static string Simple(TypeDefinition type) => type.Name.Split('`')[0];

    private static string Full(TypeDefinition type) =>
        $"{type.Namespace}.{Simple(type)}{(type.HasGenericParameters ? "<>" : "")} in {type.Module.Assembly.Name.Name}";
}
