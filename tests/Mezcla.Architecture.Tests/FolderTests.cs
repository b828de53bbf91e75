namespace Mezcla.Architecture.Tests;

/// <summary>The folders of the core stand on each other: a student reads them in order and meets nothing before it is explained.</summary>
public sealed class FolderTests
{
    public static TheoryData<string> Projects => [.. House.Folders.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_folder_refers_only_to_those_before_it(string project)
    {
        var forbidden = FolderReferences.Forbidden(Repository.Assembly(project), Repository.Source(project), House.Folders[project]);
        Assert.True(forbidden.Count == 0,
            $"{forbidden.Count} references in {project} point upwards; the order is {string.Join(", ", House.Folders[project])}.\n" +
                $"{string.Join('\n', forbidden)}");
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Every_file_lies_in_a_folder_of_the_order(string project)
    {
        var source = Repository.Source(project);
        Assert.Empty(Misplaced(Repository.SourceFiles(source).Select(file => Path.GetRelativePath(source, file).Replace('\\', '/')),
            House.Folders[project]));
    }

    [Fact]
    public void Misplaced_files_and_missing_folders_are_named() => Assert.Equal(
        ["Root.cs lies in no folder", "New/A.cs lies in New, which has no place in House.Folders", "the folder High holds no file"],
        Misplaced(["Low/A.cs", "Root.cs", "New/A.cs"], ["Low", "High"]));

    [Fact]
    public void References_upwards_are_found()
    {
        using var sample = new SampleAssembly(
            ("Low/Base.cs",
                """
                using System; using System.Collections.Generic; using System.Threading.Tasks;
                namespace S;
                public interface ILow { High Property { get; } void Method(List<High[]> high); }
                public enum Kind { A }
                public class MarkAttribute : Attribute { }
                public partial class Both
                {
                    public void Down() { }
                    public void Up() { Risen(); _later++; }
                    private int _early = High.Count;
                }
                public class Low<T> where T : High
                {
                    public High? Auto { get; set; }
                    private High? _field;
                    public object Body() => new High();
                    public async Task<int> Async() { await Task.Yield(); return High.Count; }
                    public IEnumerable<int> Iterate() { yield return High.Count; }
                    public Func<int> Lambda() => () => High.Count;
                    public int Static() => High.Make<int>();
                    public object Generic() => new List<High>();
                    public Type Token() => typeof(High.Inside);
                    public object Enumeration() => Upper.B;
                    public void Catch() { try { Body(); } catch (UpperException) { } }
                    public int Fine() => new Both().GetHashCode() + (int)Kind.A;
                    public object? Use() => _field;
                }
                public class Child : High { }
                [Upper] public class Marked { }
                """),
            ("High/High.cs",
                """
                using System;
                namespace S;
                public class High { public static int Count = 1; public static T Make<T>() => default!; public class Inside { } }
                public enum Upper { A, B }
                public class UpperException : Exception { }
                public class UpperAttribute : Attribute { }
                public partial class Both { public void Risen() { Down(); } private int _later = High.Count; }
                [Mark] public class Downwards : Low<High>, ILow
                {
                    public High Property => new();
                    public void Method(System.Collections.Generic.List<High[]> high) { new Both().Down(); }
                }
                """));
        var found = FolderReferences.Forbidden(sample.FilePath, sample.Folder, ["Low", "High"]);
        string[] expected =
        [
            "Low/Both..ctor -> High/High", "Low/Both..ctor -> High/High.Count", "Low/Both.Up -> High/Both.Risen",
            "Low/Both.Up -> High/Both._later",
            "Low/Child -> High/High", "Low/Child..ctor -> High/High", "Low/Child..ctor -> High/High..ctor",
            "Low/ILow.Method -> High/High", "Low/ILow.Property -> High/High",
            "Low/Low -> High/High", "Low/Low.Async -> High/High", "Low/Low.Async -> High/High.Count", "Low/Low.Auto -> High/High",
            "Low/Low.Body -> High/High", "Low/Low.Body -> High/High..ctor", "Low/Low.Catch -> High/UpperException",
            "Low/Low.Enumeration -> High/Upper",
            "Low/Low.Generic -> High/High", "Low/Low.Iterate -> High/High", "Low/Low.Iterate -> High/High.Count",
            "Low/Low.Lambda -> High/High", "Low/Low.Lambda -> High/High.Count", "Low/Low.Static -> High/High",
            "Low/Low.Static -> High/High.Make",
            "Low/Low.Token -> High/High.Inside", "Low/Low._field -> High/High", "Low/Marked -> High/UpperAttribute",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), found);
        Assert.Empty(FolderReferences.Forbidden(sample.FilePath, sample.Folder, ["High"]));
    }

    private static IEnumerable<string> Misplaced(IEnumerable<string> files, string[] folders)
    {
        var seen = new HashSet<string>();
        foreach (var file in files)
        {
            var parts = file.Split('/');
            if (parts.Length == 1)
                yield return $"{file} lies in no folder";
            else if (!folders.Contains(parts[0]))
                yield return $"{file} lies in {parts[0]}, which has no place in House.Folders";
            else
                seen.Add(parts[0]);
        }

        foreach (var folder in folders.Except(seen))
            yield return $"the folder {folder} holds no file";
    }
}
