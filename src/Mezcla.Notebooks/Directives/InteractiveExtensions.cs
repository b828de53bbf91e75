using System.Reflection;
using System.Text.RegularExpressions;

namespace Mezcla.Notebooks;

/// <summary>
/// Loads extensions that packages bring for .NET Interactive's kernel, lets the formatters they register apply to cells, and gives cells
/// its <c>Kernel.Root</c> and <c>KernelInvocationContext</c>.
/// </summary>
/// <remarks>
/// .NET Interactive's own assemblies come with the packages and are called by reflection: nothing of them is loaded in a session that
/// asks for no such package.
/// </remarks>
/// <param name="context">Loads the assemblies.</param>
/// <param name="formatters">The formatters of the session.</param>
/// <param name="evaluate">Runs C#: the code, the cell, its name in errors; gives the value of the last expression.</param>
/// <param name="submit">Runs the text of a cell as a part of the cell that runs, and shows its value.</param>
internal sealed partial class InteractiveExtensions(CellLoadContext context, FormatterSet formatters,
    Func<string, CellRun, string, object?> evaluate, Action<string, CellRun, string> submit)
{
    /// <summary>The package with the API of extensions.</summary>
    public const string Package = "Microsoft.DotNet.Interactive";

    private const string FormattingAssembly = Package + ".Formatting", KernelsFile = "InteractiveKernels.csx";

    private readonly HashSet<string> _loaded = new(StringComparer.OrdinalIgnoreCase);
    private object? _kernel;
    private Func<IDisposable>? _enter;

    /// <summary>The version of <see cref="Package"/> for cells that name none.</summary>
    public static string Version { get; } = typeof(InteractiveExtensions).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(entry => entry.Key == Package).Value!;

    /// <summary>Lets values be shown by the formatters of .NET Interactive that were written for their types.</summary>
    public void Connect()
    {
        if (formatters.Others is null)
            formatters.Others = InteractiveFormatters.Of(context.LoadFromAssemblyName(new AssemblyName(FormattingAssembly)));
    }

    /// <summary>Loads extensions that are not loaded yet.</summary>
    /// <param name="files">The files in the packages' folders for extensions.</param>
    /// <param name="run">The cell that asks for the packages.</param>
    /// <returns>A note for each extension that failed.</returns>
    public IReadOnlyList<string> Load(IEnumerable<string> files, CellRun run)
    {
        var notes = new List<string>();
        foreach (var file in files.OrderBy(IsScript).Where(file => (IsScript(file) || Path.GetExtension(file) == ".dll")
            && _loaded.Add(IsScript(file) ? file : Path.GetFileName(file))))
        {
            Connect();
            try
            {
                if (IsScript(file))
                    LoadScript(file, run);
                else
                    LoadAssembly(file, run);
            }
            catch (Exception exception)
            {
                while (exception is TargetInvocationException { InnerException: { } inner })
                    exception = inner;
                notes.Add($"The extension {Path.GetFileNameWithoutExtension(file)} could not be loaded: {exception.Message}");
            }
        }

        return notes;
    }

    /// <summary>Makes .NET Interactive's kernels lead to this engine.</summary>
    /// <param name="run">The cell that asks for them.</param>
    /// <returns>The root of the kernels.</returns>
    public object Kernels(CellRun run)
    {
        if (_kernel is not null)
            return _kernel;

        using var text = new StreamReader(typeof(InteractiveExtensions).Assembly
            .GetManifestResourceStream($"{typeof(InteractiveExtensions).Namespace}.Directives.{KernelsFile}")!);
        var make = (Func<Action<string, string>, Action<IReadOnlyDictionary<string, string>, string?, bool>, (object, Func<IDisposable>)>)
            evaluate(text.ReadToEnd(), run, KernelsFile)!;
        (_kernel, _enter) = make(Submit, Show);
        return _kernel;
    }

    /// <summary>Begins the code of a cell: until the end, .NET Interactive finds its context. Null where no cell has asked for
    /// it.</summary>
    public IDisposable? Enter() => _enter?.Invoke();

    private static bool IsScript(string file) => Path.GetFileName(file) == "extension.dib";

    [GeneratedRegex(@"\A\s*#!meta\b.*?(?=^#!)", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex AboutKernels();

    private void Submit(string language, string code)
    {
        if (CellRun.Current is { } run)
            submit(language == "csharp" ? code : $"#!{language}\n{code}", run, "a submission");
    }

    private static void Show(IReadOnlyDictionary<string, string> forms, string? id, bool isUpdate)
    {
        var bundle = new MimeBundle(forms);
        if (CellRun.Current is not { } run)
            return;

        if (isUpdate && id is not null)
            run.Post(output => output.UpdateDisplay(id, bundle));
        else
            run.Post(output => output.Display(bundle, id));
    }

    private void LoadScript(string file, CellRun run)
    {
        Kernels(run);
        // A .dib file names the language of its lines as a cell does; only its first lines, about the kernels, are not for one.
        submit(AboutKernels().Replace(File.ReadAllText(file), ""), run, file);
    }

    private void LoadAssembly(string file, CellRun run)
    {
        var api = context.LoadFromAssemblyName(new AssemblyName(Package));
        var contract = api.GetType(Package + ".IKernelExtension", throwOnError: true)!;
        var name = Path.GetFileNameWithoutExtension(file);
        context.AddPath(name, file, out _);
        var root = Kernels(run);
        using var invocation = Invocation(api);
        foreach (var type in context.LoadFromAssemblyName(new AssemblyName(name)).GetExportedTypes())
        {
            if (type.IsAbstract || !contract.IsAssignableFrom(type) || type.GetConstructor(Type.EmptyTypes) is null)
                continue;

            var task = (Task)contract.GetMethod("OnLoadAsync")!.Invoke(Activator.CreateInstance(type), [root])!;
            task.GetAwaiter().GetResult();
        }
    }

    /// <summary>The invocation in which extensions expect to be loaded. Many announce themselves there; that is not shown.</summary>
    private static IDisposable Invocation(Assembly api)
    {
        var command = api.GetType(Package + ".Commands.SubmitCode", throwOnError: true)!.GetConstructors()
            .First(constructor => constructor.GetParameters() is [{ } first, ..] && first.ParameterType == typeof(string));
        var create = api.GetType(Package + ".KernelInvocationContext", throwOnError: true)!.GetMethod("GetOrCreateAmbientContext")!;
        return (IDisposable)Call(create.Invoke, create, Call((_, values) => command.Invoke(values), command, ""))!;
    }

    /// <summary>Calls a method with its first argument; the others keep their defaults.</summary>
    private static object? Call(Func<object?, object?[], object?> invoke, MethodBase method, object? first) =>
        invoke(null, [first, .. method.GetParameters().Skip(1).Select(one => one.HasDefaultValue ? one.DefaultValue : null)]);
}
