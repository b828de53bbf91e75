#:project ../../src/Mezcla.Notebooks/Mezcla.Notebooks.csproj
#:property PublishAot=false
#:property WarningsNotAsErrors=NU1603
#:property NoWarn=CS1591

// Runs the C# notebooks of public collections with this course's kernel and with .NET Interactive's, one after the other, and prints a
// table of which pass. It is run by hand, not by ./test: it takes about an hour, and some notebooks want the network.
//
//     git clone https://github.com/dotnet/csharp-notebooks (and others)
//     dotnet build -c Release src/Mezcla.Cli
//     dotnet run -c Release tests/published/run.cs csharp-notebooks interactive/samples TorchSharpExamples > table.md
//
// Needs Jupyter's nbconvert, and installs Microsoft.dotnet-interactive into a temporary folder.
using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mezcla.Notebooks.Documents;

const string Tool = "Microsoft.dotnet-interactive", Version = "1.0.712001", Kernel = ".net-csharp";
var longest = TimeSpan.FromMinutes(10);
var cli = Path.GetFullPath("src/Mezcla.Cli/bin/Release/net10.0/Mezcla.Cli.dll");
if (!File.Exists(cli))
    throw new FileNotFoundException("Build the command first: dotnet build -c Release src/Mezcla.Cli");

var work = Directory.CreateTempSubdirectory("mezcla-published-").FullName;
Install();
Console.WriteLine("| notebook | ours | theirs | why not |\n|---|---|---|---|");
foreach (var folder in args)
{
    foreach (var path in Directory.EnumerateFiles(folder, "*.ipynb", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
    {
        if (!IsCSharp(path))
            continue;

        var ours = Ours(path);
        var theirs = Theirs(path);
        var name = Path.Combine(Path.GetFileName(Path.GetFullPath(folder)), Path.GetRelativePath(folder, path));
        string[] reasons = [ours is null ? "" : "ours: " + ours, theirs is null ? "" : "theirs: " + theirs];
        if (ours is not null && ours == theirs)
            reasons = ["both: " + ours];
        Console.WriteLine($"| {name} | {Tick(ours)} | {Tick(theirs)} | {string.Join("; ", reasons.Where(r => r.Length > 0))} |");
    }
}

static string Tick(string? reason) => reason is null ? "✓" : "✗";

// Notebooks of F# and PowerShell often have C#'s kernel; what counts is whether most of their cells say that they are C#.
static bool IsCSharp(string path)
{
    try
    {
        if (JsonNode.Parse(File.ReadAllText(path))?["metadata"]?["kernelspec"]?["name"]?.ToString() != Kernel)
            return false;

        var code = Notebook.Read(path).Cells.Where(cell => cell.Kind == CellKind.Code).ToList();
        return code.Count(cell => cell.Language is null or "csharp") * 2 > code.Count;
    }
    catch (Exception exception) when (exception is IOException or InvalidDataException or System.Text.Json.JsonException)
    {
        return true; // Both kernels shall say what they make of it.
    }
}

string? Ours(string path)
{
    var (code, log) = Start("dotnet", Path.GetDirectoryName(path)!, cli, "run", Path.GetFullPath(path), "--output",
        Path.Combine(work, "ours"));
    return code == 0 ? null : Reason(log);
}

string? Theirs(string path)
{
    var (code, log) = Start("jupyter", Path.GetDirectoryName(path)!, "nbconvert", "--to", "notebook", "--execute", Path.GetFullPath(path),
        $"--ExecutePreprocessor.kernel_name={Kernel}", "--ExecutePreprocessor.timeout=500", "--output-dir", work, "--output", "theirs");
    return code == 0 ? null : Reason(log);
}

// The line that says most about what went wrong.
static string Reason(string log)
{
    log = Regex.Replace(log, @"\x1b\[[0-9;]*m", "");
    if (log.Contains("Name or service not known", StringComparison.Ordinal) || log.Contains("NU1301", StringComparison.Ordinal))
        return "wants the network";
    if (Regex.Match(log, @"(?:Unable to find package|NU110[12]:?.*?package) ([\w.-]+)") is { Success: true } package)
        return $"wants a package that was not served: {package.Groups[1].Value}";

    var lines = log.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).ToList();
    var line = lines.FindLast(l => Regex.IsMatch(l, @"error CS\d+|^(System|Microsoft|TorchSharp)\.\S*Exception|DirectiveError|^Error: "))
        ?? lines.FindLast(l => Regex.IsMatch(l, @"^\S*(Error|Exception): ") && !l.StartsWith("nbclient", StringComparison.Ordinal))
        ?? lines.LastOrDefault() ?? "no message";
    return (line.Length > 140 ? line[..140] + "…" : line).Replace("|", "\\|", StringComparison.Ordinal);
}

void Install()
{
    var tools = Path.Combine(work, "tool");
    Check(Start("dotnet", work, "tool", "install", "--tool-path", tools, Tool, "--version", Version));
    var program = Path.Combine(tools, "dotnet-interactive");
    var kernels = Directory.CreateDirectory(Path.Combine(work, "kernels")).FullName;
    Check(Start(program, work, "jupyter", "install", "--path", kernels));
    var file = Path.Combine(kernels, Kernel, "kernel.json");
    var specification = JsonNode.Parse(File.ReadAllText(file))!;
    var arguments = specification["argv"]!.AsArray().Select(argument => argument!.GetValue<string>()).SkipWhile(a => a != "jupyter");
    specification["argv"] = new JsonArray([.. arguments.Prepend(program).Select(argument => (JsonNode)argument)]);
    File.WriteAllText(file, specification.ToJsonString());
}

static void Check((int Code, string Log) result)
{
    if (result.Code != 0)
        throw new InvalidOperationException(result.Log);
}

(int Code, string Log) Start(string program, string folder, params string[] arguments)
{
    var start = new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = folder,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        Environment = { ["JUPYTER_PATH"] = work, ["DOTNET_INTERACTIVE_CLI_TELEMETRY_OPTOUT"] = "1" },
    };
    using var process = Process.Start(start)!;
    process.StandardInput.Close();
    var log = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
    if (!process.WaitForExit(longest))
    {
        process.Kill(entireProcessTree: true);
        return (-1, $"stopped after {longest.TotalMinutes} minutes");
    }

    return (process.ExitCode, string.Concat(log.Result));
}
