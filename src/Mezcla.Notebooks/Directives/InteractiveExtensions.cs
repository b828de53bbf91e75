using System.Reflection;

namespace Mezcla.Notebooks;

/// <summary>
/// Loads extensions that packages bring for .NET Interactive's kernel, and lets the formatters they register apply to cells.
/// </summary>
/// <remarks>
/// .NET Interactive's own assemblies come with the packages and are called by reflection: nothing of them is loaded in a session that
/// asks for no such package.
/// </remarks>
internal sealed class InteractiveExtensions(CellLoadContext context, FormatterSet formatters)
{
    /// <summary>The package with the API of extensions.</summary>
    public const string Package = "Microsoft.DotNet.Interactive";

    private const string FormattingAssembly = Package + ".Formatting";

    private readonly HashSet<string> _loaded = new(StringComparer.OrdinalIgnoreCase);
    private object? _kernel;

    /// <summary>The version of <see cref="Package"/> for cells that name none.</summary>
    public static string Version { get; } = typeof(InteractiveExtensions).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(entry => entry.Key == Package).Value!;

    /// <summary>Whether code uses a helper that needs .NET Interactive's assemblies: the functions that write HTML as C#.</summary>
    public static bool IsAskedFor(string code) => code.Contains("PocketViewTags", StringComparison.Ordinal);

    /// <summary>Lets values be shown by the formatters of .NET Interactive that were written for their types.</summary>
    public void Connect()
    {
        if (formatters.Others is null)
            formatters.Others = InteractiveFormatters.Of(context.LoadFromAssemblyName(new AssemblyName(FormattingAssembly)));
    }

    /// <summary>Loads extensions that are not loaded yet.</summary>
    /// <param name="files">The files in the packages' folders for extensions.</param>
    /// <returns>A note for each extension that failed.</returns>
    public IReadOnlyList<string> Load(IEnumerable<string> files)
    {
        var notes = new List<string>();
        foreach (var file in files.Where(file => Path.GetExtension(file) == ".dll" && _loaded.Add(Path.GetFileName(file))))
        {
            Connect();
            try
            {
                LoadAssembly(file);
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

    private void LoadAssembly(string file)
    {
        var api = context.LoadFromAssemblyName(new AssemblyName(Package));
        var contract = api.GetType(Package + ".IKernelExtension", throwOnError: true)!;
        var name = Path.GetFileNameWithoutExtension(file);
        context.AddPath(name, file, out _);
        using var invocation = Invocation(api);
        foreach (var type in context.LoadFromAssemblyName(new AssemblyName(name)).GetExportedTypes())
        {
            if (type.IsAbstract || !contract.IsAssignableFrom(type) || type.GetConstructor(Type.EmptyTypes) is null)
                continue;

            _kernel ??= Activator.CreateInstance(api.GetType(Package + ".CompositeKernel", throwOnError: true)!, "mezcla");
            var task = (Task)contract.GetMethod("OnLoadAsync")!.Invoke(Activator.CreateInstance(type), [_kernel])!;
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
