using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Mezcla.Notebooks;

/// <summary>
/// Restores packages as the SDK does for any project: it generates a project, runs <c>dotnet restore</c>, and reads the chosen files from
/// <c>project.assets.json</c>. Therefore the user's own sources, credentials and caches apply.
/// </summary>
internal static partial class PackageRestorer
{
    private const string ProjectFile = "Packages.csproj";
    private const string HintInCell = "To add a source: #i \"nuget: address or folder\".";

    private static readonly TimeSpan KeepInexact = TimeSpan.FromDays(1);

    /// <param name="requests">All packages to restore together.</param>
    /// <param name="sources">Package sources in addition to the user's own.</param>
    /// <param name="cache">The folder for generated projects, or null for the default.</param>
    /// <param name="cancellation">Cancelled when the cell is interrupted.</param>
    /// <param name="added">The packages that an error message names; all if null.</param>
    /// <param name="hint">The last sentence of an error message: how to add a source.</param>
    /// <exception cref="DirectiveException">There is no SDK, or the restore failed. The message holds NuGet's reasons.</exception>
    /// <exception cref="OperationCanceledException">The cell was interrupted.</exception>
    public static RestoredPackages Restore(
        IReadOnlyList<PackageRequest> requests, IReadOnlyList<string> sources, string? cache, CancellationToken cancellation,
        IReadOnlyList<PackageRequest>? added = null, string hint = HintInCell)
    {
        var project = Project(requests, sources);
        var folder = Folder(project, cache);
        var assets = new FileInfo(Path.Combine(folder, "obj", "project.assets.json"));
        var isFresh = assets.Exists
            && (requests.All(request => request.IsExact) || DateTime.UtcNow - assets.LastWriteTimeUtc < KeepInexact);
        if (isFresh && AssetsFile.TryRead(assets.FullName) is { } known)
            return known;

        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, ProjectFile), project);
        var (succeeded, log) = Run(folder, cancellation, "restore");
        if (!succeeded)
        {
            // Without a network, the result of an older restore is better than an error.
            if (AssetsFile.TryRead(assets.FullName) is { } old)
                return old;

            throw new DirectiveException(Reasons(log, added ?? requests, hint));
        }

        return AssetsFile.TryRead(assets.FullName)
            ?? throw new DirectiveException($"The packages were restored, but {assets.FullName} or the files it names can't be read.");
    }

    /// <summary>Runs a target that restored packages bring, such as one that joins files too large for one package.</summary>
    /// <exception cref="DirectiveException">It failed; its reasons are in the message.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    public static void RunTarget(IReadOnlyList<PackageRequest> requests, string target, CancellationToken cancellation)
    {
        var (succeeded, log) = Run(Folder(Project(requests, []), null), cancellation, "msbuild", $"-t:{target}");
        if (!succeeded)
            throw new DirectiveException(Reasons(log, requests, ""));
    }

    private static string Folder(string project, string? cache)
        => Path.Combine(
            cache ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData,
                Environment.SpecialFolderOption.DoNotVerify), "Mezcla", "packages"),
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(project)))[..24]);

    private static string Project(IReadOnlyList<PackageRequest> requests, IReadOnlyList<string> sources)
    {
        var properties = new XElement(
            "PropertyGroup",
            new XElement("TargetFramework", FormattableString.Invariant($"net{Environment.Version.Major}.0")),
            new XElement("RuntimeIdentifier", RuntimeInformation.RuntimeIdentifier),
            new XElement("SelfContained", "false"),
            new XElement("UseAppHost", "false"),
            new XElement("EnableDefaultItems", "false"),
            new XElement("GenerateDocumentationFile", "false"),
            new XElement("NuGetAudit", "false"),
            new XElement("NoWarn", "NU1603;NU1604;NU1608;NU1701"));
        if (sources.Count > 0)
            properties.Add(new XElement("RestoreAdditionalProjectSources", string.Join(';', sources)));

        var items = new XElement(
            "ItemGroup",
            requests.OrderBy(request => request.Id, StringComparer.OrdinalIgnoreCase)
                .Select(request => new XElement("PackageReference", new XAttribute("Include", request.Id),
                    new XAttribute("Version", request.Version))));

        // Settings of a repository that contains the cache folder must not apply to this project.
        var own = new XElement(
            "PropertyGroup",
            new XElement("ImportDirectoryBuildProps", "false"),
            new XElement("ImportDirectoryBuildTargets", "false"),
            new XElement("ImportDirectoryPackagesProps", "false"));
        return new XElement(
            "Project",
            own,
            new XElement("Import", new XAttribute("Project", "Sdk.props"), new XAttribute("Sdk", "Microsoft.NET.Sdk")),
            properties,
            items,
            new XElement("Import", new XAttribute("Project", "Sdk.targets"), new XAttribute("Sdk", "Microsoft.NET.Sdk"))).ToString();
    }

    private static (bool Succeeded, string Log) Run(string folder, CancellationToken cancellation, params ReadOnlySpan<string> command)
    {
        var start = new ProcessStartInfo(DotnetHost())
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        };
        var project = Path.Combine(folder, ProjectFile);
        foreach (var argument in (string[])[command[0], project, .. command[1..], "--nologo", "-v:quiet", "-tl:off", "-nodeReuse:false"])
            start.ArgumentList.Add(argument);

        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";

        // An enclosing dotnet command leaves these variables, which would point the SDK's tools at the wrong files.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);

        using var process = Start(start);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            process.WaitForExitAsync(cancellation).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode == 0, output.Result + errors.Result);
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new DirectiveException(
                "Packages are restored by the .NET SDK, and the command dotnet was not found. Install the SDK from " +
                    "https://dotnet.microsoft.com/download.", exception);
        }
    }

    private static string DotnetHost()
    {
        if (Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host && File.Exists(host))
            return host;

        return Environment.ProcessPath is { } own && Path.GetFileNameWithoutExtension(own) == "dotnet" ? own : "dotnet";
    }

    private static string Reasons(string log, IReadOnlyList<PackageRequest> requests, string hint)
    {
        var reasons = Error().Matches(log).Select(match => match.Groups["text"].Value.Trim()).Distinct().Take(5).ToList();
        var wanted = string.Join(", ", requests.Select(request => request.Version == "*" ? request.Id : $"{request.Id} {request.Version}"));
        if (reasons.Count == 0)
            reasons.Add(log.Trim());

        return $"Could not restore {wanted}.\n{string.Join('\n', reasons)}\n{hint}".TrimEnd();
    }

    [GeneratedRegex(@"error (?<text>(NU|NETSDK|MSB)\d+: .*?)(\s\[[^\]]*csproj\])?\r?$",
        RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Error();
}
