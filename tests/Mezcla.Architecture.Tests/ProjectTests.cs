using System.Xml.Linq;
using Mono.Cecil;

namespace Mezcla.Architecture.Tests;

/// <summary>Dependencies between projects point downwards, and no production project looks inside another.</summary>
public sealed class ProjectTests
{
    public static TheoryData<string> Projects => [.. Repository.Projects];

    [Fact]
    public void The_plan_has_no_circle()
    {
        var above = new HashSet<string>();
        foreach (var (project, mayUse) in House.Projects)
        {
            Assert.All(mayUse, used => Assert.True(above.Contains(used), $"{project} may use {used}, which is not listed before it."));
            Assert.True(above.Add(project), $"{project} is listed twice.");
        }
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_refers_only_to_those_below_it(string project)
    {
        Assert.True(House.Projects.Any(p => p.Project == project), $"{project} is not in House.Projects: say there what it may refer to.");
        var allowed = House.Reachable(project);
        var declared = XDocument.Load(Path.Combine(Repository.Source(project), project + ".csproj")).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
        using var assembly = AssemblyDefinition.ReadAssembly(Repository.Assembly(project));
        Assert.Empty(Forbidden(assembly, declared, Repository.Projects, allowed));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void No_production_project_sees_the_internals_of_another(string project)
    {
        using var assembly = AssemblyDefinition.ReadAssembly(Repository.Assembly(project));
        Assert.Empty(Friends(assembly).Intersect(Repository.Projects).Select(friend => $"{project} shows its internals to {friend}"));
    }

    [Fact]
    public void Forbidden_references_and_friends_are_found()
    {
        using var sample = new SampleAssembly(("Any/A.cs",
            """
            [assembly: System.Runtime.CompilerServices.InternalsVisibleTo("Mezcla.Scaling")]
            public class A { public Mono.Cecil.TypeReference? Type; }
            """));
        using var assembly = AssemblyDefinition.ReadAssembly(sample.FilePath);
        Assert.Equal(["Mezcla.Scaling"], Friends(assembly));
        Assert.Equal(["Mono.Cecil", "Other"], Forbidden(assembly, ["Other", "Below"], ["Mono.Cecil", "Other", "Below"], ["Below"]));
    }

    private static IEnumerable<string> Forbidden(
        AssemblyDefinition assembly, IEnumerable<string> declared, IEnumerable<string> production, HashSet<string> allowed) =>
        assembly.MainModule.AssemblyReferences.Select(reference => reference.Name).Concat(declared).Distinct().Order(StringComparer.Ordinal)
            .Where(name => production.Contains(name) && !allowed.Contains(name));

    private static IEnumerable<string> Friends(AssemblyDefinition assembly) =>
        assembly.CustomAttributes.Where(attribute => attribute.AttributeType.Name == "InternalsVisibleToAttribute")
            .Select(attribute => ((string)attribute.ConstructorArguments[0].Value).Split(',')[0]);
}
