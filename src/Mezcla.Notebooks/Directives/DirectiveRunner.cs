using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.CodeAnalysis;

namespace Mezcla.Notebooks;

/// <summary>Carries out the directives <c>#r</c>, <c>#i</c>, <c>#load</c> and <c>#!…</c>.</summary>
/// <param name="engine">The state that the engine's cells share.</param>
/// <param name="compiler">Receives the references that directives add.</param>
/// <param name="context">Loads the assemblies that directives name.</param>
/// <param name="libraries">Gives the host's libraries to cells that mention them.</param>
/// <param name="variables">Gives the variables that cells have declared.</param>
/// <param name="runFile">Runs a C# file: its path, the cell that loads it, and the list that receives the compiler's warnings.</param>
/// <param name="runCode">Runs C# statements: the code, the cell, its name in errors, and the list that receives warnings; gives the value
/// of the last expression.</param>
/// <param name="submit">Runs the text of a cell as a part of the cell that runs, and shows its value.</param>
internal sealed class DirectiveRunner(
    EngineState engine, CellCompiler compiler, CellLoadContext context, HostLibraries libraries,
    Func<IReadOnlyList<CellVariable>> variables, Action<string, CellRun, List<string>> runFile,
    Func<string, CellRun, string, List<string>, object?> runCode, Action<string, CellRun, string> submit)
{
    private const string Known =
        "#!csharp, #!markdown, #!html, #!javascript, #!mermaid (the language of the lines below), #!value --name text, "
        + "#!set --name copy --value @csharp:data, #!share --from csharp data, #!time, #!about, #!who, #!whos, #!lsmagic, "
        + "#!import file.csx, #r \"nuget: Package, Version\", #r \"file.dll\", #i \"nuget: source\", #load \"file.csx\"";

    private const string Connecting =
        "#!connect opens kernels of other languages and databases, which this kernel does not have. Query a database from C# by its "
        + "package, such as #r \"nuget: Microsoft.Data.Sqlite\"; run cells of other languages in .NET Interactive.";

    private readonly InteractiveExtensions _extensions =
        new(context, engine.Formatters, (code, run, document) => runCode(code, run, document, []), submit);

    private readonly SharedValues _values = new(variables);
    private readonly List<string> _loading = [];

    private PackageSession? _session;

    private PackageSession Packages => _session ??= new(engine.Options, context, libraries, _extensions);

    /// <summary>Begins the code of a cell: until the end, .NET Interactive finds its context. Null where no cell has asked for
    /// it.</summary>
    public IDisposable? Enter() => _extensions.Enter();

    /// <summary>Runs the directives that must precede the compilation of the text's code.</summary>
    public void Prepare(IReadOnlyList<CellPart> parts, CellRun run, string document, List<string> warnings)
    {
        AddPackages(parts, run, document);
        foreach (var part in parts.Where(part => part.Kind == PartKind.Code))
            libraries.AddMentioned(part.Text);

        foreach (var part in parts.Where(part => part.Kind == PartKind.Reference))
        {
            RunPart(part, run, document, () =>
            {
                if (part.Name == "load")
                    Load(part.Text, run, document, warnings);
                else if (part.Name == "r" && !PackageRequest.IsPackage(part.Text))
                    AddFile(part.Text, document);
                else if (part.Name == "i" && !PackageRequest.IsPackage(part.Text))
                    throw new DirectiveException(
                        $"#i takes a package source, as in #i \"nuget: https://…\" or #i \"nuget: folder\"; \"{part.Text}\" is not one.");
            });
        }
    }

    public void Apply(CellPart part, CellRun run, string document, List<string> warnings)
    {
        switch (part.Name)
        {
            case "time":
                break; // The session measures the time.
            case "import":
                RunPart(part, run, document, () => Load(part.Text.Trim('"'), run, document, warnings));
                break;
            case "about":
                Show(run, About());
                break;
            case "lsmagic":
                Show(run, Known.Replace(", #", "\n#", StringComparison.Ordinal));
                break;
            case "who":
                Show(run, string.Join("  ", variables().Select(variable => variable.Name)));
                break;
            case "whos":
                var view = new TableView(
                    "", ["Variable", "Type", "Value"], [.. variables().Select(Row)], HasLabels: false, More: null);
                var bundle =
                    new MimeBundle(
                        new Dictionary<string, string>
                        {
                            [MimeBundle.Html] = HtmlWriter.Write(view),
                            [MimeBundle.PlainText] = PlainWriter.Write(view)
                        });
                run.Post(output => output.Display(bundle, null));
                break;
            case "set" or "share":
                RunPart(part, run, document, () => runCode(_values.ToCSharp(part.Name, part.Text), run, document, warnings));
                break;
            case "connect":
                throw new DirectiveException(Connecting) { Line = part.Line };
            default:
                throw new DirectiveException($"There is no directive #!{part.Name}. This kernel knows: {Known}.") { Line = part.Line };
        }
    }

    /// <summary>Displays content; a script gets the values that it shares.</summary>
    public void Display(CellPart part, CellRun run, string document)
    {
        var content = part.Text;
        if (part.Name == MimeBundle.JavaScript)
            RunPart(part, run, document, () => content = _values.ToJavaScript(content));
        run.Post(output => output.Display(MimeForms.OfContent(part.Name, content), null));
    }

    /// <summary>Keeps the text of a <c>#!value</c>.</summary>
    public void Keep(CellPart part, CellRun run, string document) =>
        RunPart(part, run, document, () => _values.Keep(part.Name, part.Text, path => Resolve(path, document)));

    /// <summary>Says that code of another language was passed over.</summary>
    public static void PassOver(CellPart part, CellRun run) => run.Post(output => output.Write(OutputStream.Out,
        $"These lines are {part.Name}. This kernel runs C#, so they were passed over; .NET Interactive's kernel may run them.\n"));

    private static IReadOnlyList<View> Row(CellVariable variable) =>
    [
        new TextView(variable.Name),
        new TextView(TypeNames.Short(variable.Type)),
        new TextView(PlainWriter.Inline(new ViewBuilder(new ViewLimits(Rows: 3, Items: 10, Depth: 2), _ => null).Build(variable.Value, 1))),
    ];

    private static void Show(CellRun run, string text)
    {
        var bundle = new MimeBundle(MimeBundle.PlainText, text);
        run.Post(output => output.Display(bundle, null));
    }

    private string About()
    {
        var version = typeof(DirectiveRunner).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
            ?.InformationalVersion.Split('+')[0];
        return $"{engine.Options.KernelName} {version}: C# 14 on {RuntimeInformation.FrameworkDescription}, " +
            $"{RuntimeInformation.OSDescription} "
            +
            $"({RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} cores)\nFolder: {engine.Folder}\n" +
            $"Process: {Environment.ProcessId}";
    }

    private void AddPackages(IReadOnlyList<CellPart> parts, CellRun run, string document)
    {
        var requests = parts.Where(part => part is { Kind: PartKind.Reference, Name: "r" or "i" } && PackageRequest.IsPackage(part.Text))
            .ToList();
        var asking = parts.Where(part => part.Kind == PartKind.Code && InteractiveUsings.IsForAssemblies(part.Text))
            .OrderByDescending(part => InteractiveUsings.IsForKernels(part.Text)).FirstOrDefault();
        if (requests.Count == 0 && asking is null)
            return;

        RunPart(requests.FirstOrDefault() ?? asking!, run, document, () =>
        {
            if (asking is not null)
                Packages.AddInteractive();

            foreach (var part in requests)
                Packages.Add(part, run);

            Packages.Restore(run, compiler.AddReferences);
            if (asking is not null && InteractiveUsings.IsForKernels(asking.Text))
                _extensions.Kernels(run);
        });
    }

    private void AddFile(string path, string document)
    {
        var full = Resolve(path, document);
        if (!File.Exists(full))
        {
            throw new DirectiveException(
                path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) || path.Contains('/', StringComparison.Ordinal)
                ? $"There is no file {full}."
                : $"There is no file {full}. For a package write #r \"nuget: {path}\".");
        }

        string name;
        try
        {
            name = AssemblyName.GetAssemblyName(full).Name!;
        }
        catch (BadImageFormatException exception)
        {
            throw new DirectiveException($"{full} is not a .NET assembly.", exception);
        }

        if (context.AddPath(name, full, out var note))
            compiler.AddReferences([References.OfFile(full)]);
        else if (note is not null)
            throw new DirectiveException(note);
    }

    private void Load(string path, CellRun run, string document, List<string> warnings)
    {
        if (engine.Options.ProvidedFiles.Contains(Path.GetFileName(path)))
            return;

        var full = Resolve(path, document);
        if (!File.Exists(full))
            throw new DirectiveException($"There is no file {full}.");

        if (_loading.Contains(full))
            throw new DirectiveException($"{full} loads itself: {string.Join(" → ", _loading.Append(full).Select(Path.GetFileName))}.");

        if (Path.GetExtension(full) is ".ipynb" or ".dib")
            throw new DirectiveException($"#load and #!import take C# files (.cs, .csx); {Path.GetFileName(full)} is a notebook.");

        _loading.Add(full);
        try
        {
            runFile(full, run, warnings);
        }
        finally
        {
            _loading.Remove(full);
        }
    }

    /// <summary>Resolves a path. In a loaded file, a relative path refers to that file's folder.</summary>
    private string Resolve(string path, string document) =>
        Path.GetFullPath(Path.Combine(Path.IsPathRooted(document) ? Path.GetDirectoryName(document)! : engine.Folder, path));

    private static void RunPart(CellPart part, CellRun run, string document, Action action)
    {
        try
        {
            action();
        }
        catch (DirectiveException exception)
        {
            if (document == run.Name)
                exception.Line ??= part.Line;

            throw;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DirectiveException(exception.Message, exception) { Line = document == run.Name ? part.Line : null };
        }
    }
}
