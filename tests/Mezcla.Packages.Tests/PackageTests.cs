using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Mezcla.Packages.Tests;

/// <summary>The packages hold what a package should, and a program outside of this repository can use them.</summary>
public sealed partial class PackageTests(PackedLibraries packed) : IClassFixture<PackedLibraries>
{
    public static TheoryData<string> Libraries => [.. PackedLibraries.Libraries];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_package_has_its_assembly_documentation_readme_licence_and_symbols(string library)
    {
        using var package = ZipFile.OpenRead(Path.Combine(packed.Packages, $"{library}.{PackedLibraries.Version}.nupkg"));
        var files = package.Entries.Select(entry => entry.FullName).ToList();
        Assert.Contains($"lib/net10.0/{library}.dll", files);
        Assert.Contains($"lib/net10.0/{library}.xml", files);
        Assert.Contains("README.md", files);
        using var manifest = package.GetEntry(library + ".nuspec")!.Open();
        var metadata = XDocument.Load(manifest).Root!.Elements().Single(e => e.Name.LocalName == "metadata").Elements()
            .ToDictionary(e => e.Name.LocalName, e => e.Value);
        Assert.Equal("MIT", metadata["license"]);
        Assert.Equal("README.md", metadata["readme"]);
        Assert.NotEqual("Package Description", metadata["description"]);
        using var symbols = ZipFile.OpenRead(Path.Combine(packed.Packages, $"{library}.{PackedLibraries.Version}.snupkg"));
        Assert.Contains($"lib/net10.0/{library}.pdb", symbols.Entries.Select(entry => entry.FullName));
    }

    [Fact]
    public void A_fresh_program_runs_the_example_of_README()
    {
        var program = Directory.CreateDirectory(Path.Combine(packed.Folder, "program")).FullName;
        var readme = File.ReadAllText(Path.Combine(PackedLibraries.Root, "README.md"));
        var example = Example().Match(readme);
        Assert.True(example.Success, "README.md has no C# under 'The library'.");
        var shorter = Steps().Replace(example.Groups["code"].Value, "Steps = 5");
        Assert.NotEqual(example.Groups["code"].Value, shorter);
        File.WriteAllText(Path.Combine(program, "Program.cs"), shorter);
        File.WriteAllText(Path.Combine(program, "my.txt"), readme);
        var references = string.Concat(PackedLibraries.Libraries
            .Select(library => $"<PackageReference Include=\"{library}\" Version=\"[{PackedLibraries.Version}]\" />"));
        File.WriteAllText(Path.Combine(program, "Program.csproj"),
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <RestorePackagesPath>{Path.Combine(packed.Folder, "restored")}</RestorePackagesPath>
              </PropertyGroup>
              <ItemGroup>
                {references}
              </ItemGroup>
            </Project>
            """);

        // Packages of others come from where the build of this repository left them, so
        // that no network is needed; ours only from what was packed.
        var known = packed.Dotnet(program, "nuget", "locals", "global-packages", "--list").Split(": ", 2)[1].Trim();
        File.WriteAllText(Path.Combine(program, "nuget.config"),
            $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="packed" value="{packed.Packages}" />
                <add key="known" value="{known}" />
              </packageSources>
              <fallbackPackageFolders><clear /></fallbackPackageFolders>
              <packageSourceMapping>
                <clear />
                <packageSource key="packed"><package pattern="Mezcla" /><package pattern="Mezcla.*" /></packageSource>
                <packageSource key="known"><package pattern="*" /></packageSource>
              </packageSourceMapping>
            </configuration>
            """);
        packed.Dotnet(program, "build", "-c", "Release", "-o", "out", "-v", "q", "--nologo");
        Assert.All(PackedLibraries.Libraries,
            library => Assert.True(File.Exists(Path.Combine(program, "out", library + ".dll")), $"{library} was not restored."));
        var printed = packed.Dotnet(program, Path.Combine("out", "Program.dll")).Trim();
        Assert.True(printed.Length > 60, $"60 tokens were asked for; what was printed is '{printed}'.");
    }

    [Fact]
    public void The_installed_command_brings_the_course_along()
    {
        var place = Directory.CreateDirectory(Path.Combine(packed.Folder, "tool")).FullName;
        packed.Dotnet(PackedLibraries.Root, "pack", Path.Combine("src", "Mezcla.Cli", "Mezcla.Cli.csproj"), "-c",
            PackedLibraries.Configuration,
            "--no-build", "-o", place, "-v", "q", "--nologo");
        var package = Path.Combine(place, $"Mezcla.Cli.{PackedLibraries.Version}.nupkg");
        Assert.InRange(new FileInfo(package).Length, 1, 60_000_000);
        File.WriteAllText(Path.Combine(place, "nuget.config"),
            $"<configuration><packageSources><clear /><add key=\"packed\" value=\"{place}\" /></packageSources></configuration>");
        packed.Dotnet(place, "tool", "install", "--tool-path", Path.Combine(place, "bin"), "Mezcla.Cli");

        // A chapter runs, with its data, where there is no clone.
        var empty = Directory.CreateDirectory(Path.Combine(place, "empty")).FullName;
        var tool = Path.Combine(place, "bin", OperatingSystem.IsWindows() ? "mezcla.exe" : "mezcla");
        var printed = packed.Run(empty, tool, "course", "00");
        Assert.Contains("every claim held", printed);
        Assert.True(File.Exists(Path.Combine(empty, "mezcla-course", "index.html")));
    }

    [GeneratedRegex(@"^## The library\s.*?^```csharp\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex(@"\bSteps = \d+")]
    private static partial Regex Steps();
}
