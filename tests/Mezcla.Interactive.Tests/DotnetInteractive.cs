using System.Text.Json.Nodes;
using Mezcla.Tests;

namespace Mezcla.Interactive.Tests;

/// <summary>.NET Interactive's own Jupyter kernel, installed from NuGet into a temporary folder, and nbconvert, which runs notebooks in
/// it.</summary>
public sealed class DotnetInteractive : IDisposable
{
    private const string Tool = "Microsoft.dotnet-interactive", Version = "1.0.712001", Kernel = ".net-csharp";

    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-interactive-").FullName;
    private readonly Lazy<string?> _missing;

    public DotnetInteractive() => _missing = new Lazy<string?>(Install);

    /// <summary>The folder of the chapters, in which notebooks run.</summary>
    public static string Chapters => Path.Combine(Checkout.Root, "notebooks");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Runs a notebook to its end and gives its code cells with their outputs; skips the test where the kernel cannot be
    /// had.</summary>
    public IReadOnlyList<JsonNode> Run(JsonNode notebook)
    {
        var output = Path.Combine(_folder, Guid.NewGuid().ToString("N") + ".ipynb");
        var (code, log) = Convert(notebook, output);
        Assert.True(code == 0, log);
        return CodeCells(JsonNode.Parse(File.ReadAllText(output))!);
    }

    /// <summary>Runs a notebook that must fail, and gives what nbconvert says; skips the test where the kernel cannot be had.</summary>
    public string Fail(JsonNode notebook)
    {
        var (code, log) = Convert(notebook, Path.Combine(_folder, "failed.ipynb"));
        Assert.True(code != 0, "No cell failed.");
        return log;
    }

    /// <summary>The code cells of a notebook.</summary>
    public static IReadOnlyList<JsonNode> CodeCells(JsonNode notebook) =>
        [.. notebook["cells"]!.AsArray().OfType<JsonNode>().Where(cell => cell["cell_type"]!.GetValue<string>() == "code")];

    /// <summary>A notebook of code cells.</summary>
    public static JsonNode Notebook(params string[] cells) => new JsonObject
    {
        ["nbformat"] = 4,
        ["nbformat_minor"] = 5,
        ["metadata"] = new JsonObject(),
        ["cells"] = new JsonArray([.. cells.Select(Cell)]),
    };

    /// <summary>A code cell.</summary>
    public static JsonNode Cell(string source) => new JsonObject
    {
        ["cell_type"] = "code",
        ["id"] = Guid.NewGuid().ToString("N"),
        ["metadata"] = new JsonObject(),
        ["execution_count"] = null,
        ["outputs"] = new JsonArray(),
        ["source"] = source,
    };

    /// <summary>Installs the kernel.</summary>
    /// <returns>Why it cannot be had, or null.</returns>
    private string? Install()
    {
        if (!Peer.CanRun("jupyter", "nbconvert", "--version"))
            return "Jupyter's nbconvert is not here; on Debian: apt-get install jupyter-nbconvert";
        if (Environment.GetEnvironmentVariable("MEZCLA_INSTALL") == "0")
            return $"{Tool} is not installed, and MEZCLA_INSTALL=0 forbids it.";
        var program = Path.Combine(_folder, "tool", "dotnet-interactive");
        var tools = Path.GetDirectoryName(program)!;
        var (code, log) = Start("dotnet", "", "tool", "install", "--tool-path", tools, Tool, "--version", Version);
        if (code != 0)
            return $"{Tool} {Version} cannot be installed: {log}";

        var kernels = Directory.CreateDirectory(Path.Combine(_folder, "kernels")).FullName;
        (code, log) = Start(program, "", "jupyter", "install", "--path", kernels);
        Assert.True(code == 0, log);

        // The specification counts on `dotnet interactive`, which finds a tool only where it is installed for the user.
        var path = Path.Combine(kernels, Kernel, "kernel.json");
        var specification = JsonNode.Parse(File.ReadAllText(path))!;
        var arguments = specification["argv"]!.AsArray().Select(argument => argument!.GetValue<string>()).SkipWhile(a => a != "jupyter");
        specification["argv"] = new JsonArray([.. arguments.Prepend(program).Select(argument => (JsonNode)argument)]);
        File.WriteAllText(path, specification.ToJsonString());
        return null;
    }

    private (int Code, string Log) Convert(JsonNode notebook, string output)
    {
        Assert.SkipWhen(_missing.Value is not null, _missing.Value ?? "");
        return Start("jupyter", notebook.ToJsonString(), "nbconvert", "--stdin", "--to", "notebook", "--execute",
            $"--ExecutePreprocessor.kernel_name={Kernel}", "--ExecutePreprocessor.timeout=1200", "--output-dir", _folder,
            "--output", Path.GetFileNameWithoutExtension(output));
    }

    private (int Code, string Log) Start(string program, string input, params string[] arguments) => Programs.Run(program, arguments,
        Chapters, new Dictionary<string, string>
        {
            ["JUPYTER_PATH"] = _folder,
            ["DOTNET_INTERACTIVE_CLI_TELEMETRY_OPTOUT"] = "1",
            ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        }, input);
}
