using Microsoft.CodeAnalysis;

namespace Mezcla.Notebooks;

/// <summary>The packages that an engine's cells have requested. They are restored together so that their versions fit.</summary>
internal sealed class PackageSession(
    CellEngineOptions options, CellLoadContext context, HostLibraries libraries, InteractiveExtensions extensions)
{
    private readonly Dictionary<string, PackageRequest> _wanted = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _installed = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _sources = [];
    private readonly HashSet<string> _referenced = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<PackageRequest> _new = [];

    public void Add(CellPart part, CellRun run)
    {
        if (part.Name == "i")
        {
            var source = PackageRequest.Source(part.Text);
            if (!_sources.Contains(source))
                _sources.Add(source);

            return;
        }

        var request = PackageRequest.Parse(part.Text);
        if (request.Id.StartsWith(InteractiveExtensions.Package, StringComparison.OrdinalIgnoreCase))
        {
            Show(run, (output, bundle) => output.Display(bundle, null),
                $"{request.Id} was not restored: it belongs to .NET Interactive. display, Formatter, HTML and the other helpers need no " +
                    "package here.");
            return;
        }

        if (_installed.TryGetValue(request.Id, out var installed))
        {
            if (request.Version != "*" && request.IsExact && !SameVersion(installed, request.Version))
            {
                throw new DirectiveException(
                    $"{request.Id} {installed} is already in use in this session; restart the kernel to use {request.Version}.")
                { Line = part.Line };
            }

            return;
        }

        _new.RemoveAll(other => other.Id.Equals(request.Id, StringComparison.OrdinalIgnoreCase));
        _new.Add(request);
    }

    /// <summary>Adds .NET Interactive's assemblies, for code that uses them without naming a package.</summary>
    public void AddInteractive()
    {
        if (!_installed.ContainsKey(InteractiveExtensions.Package) && _new.All(other => other.Id != InteractiveExtensions.Package))
            _new.Add(new PackageRequest(InteractiveExtensions.Package, InteractiveExtensions.Version));
    }

    /// <summary>
    /// Restores the newly requested packages, makes them loadable, loads their extensions, and prints what was installed.
    /// </summary>
    /// <param name="run">The cell that requests them.</param>
    /// <param name="refer">Receives the references to compile against.</param>
    /// <exception cref="DirectiveException">A package was not found, or the versions conflict.</exception>
    public void Restore(CellRun run, Action<IReadOnlyList<MetadataReference>> refer)
    {
        if (_new.Count == 0)
            return;

        var added = _new.ToList();
        _new.Clear();
        var all = _wanted.Values.Where(known => !added.Any(request => request.Id.Equals(known.Id, StringComparison.OrdinalIgnoreCase)))
            .Concat(added).ToList();
        var id = Guid.NewGuid().ToString("N");
        Show(run, (output, bundle) => output.Display(bundle, id), $"Restoring {string.Join(", ", added.Select(request => request.Id))} …");
        RestoredPackages restored;
        try
        {
            // A version already in use must not change while code uses it.
            var pinned = all.Select(
                request => _installed.TryGetValue(request.Id, out var version) ? request with { Version = $"[{version}]" } : request);
            restored = PackageRestorer.Restore([.. pinned], _sources, options.PackageCache, run.Stopping, added);
            if (restored.ExtensionFiles.Count > 0 && !restored.Versions.ContainsKey(InteractiveExtensions.Package))
                restored = PackageRestorer.Restore(
                    [.. pinned, new(InteractiveExtensions.Package, InteractiveExtensions.Version)], _sources, options.PackageCache,
                    run.Stopping, added);
        }
        catch (DirectiveException)
        {
            Show(run, (output, bundle) => output.UpdateDisplay(id, bundle),
                $"Not restored: {string.Join(", ", added.Select(request => request.Id))}");
            throw;
        }

        var references = new List<MetadataReference>();
        var notes = new List<string>();
        foreach (var file in restored.RuntimeFiles)
        {
            var name = Path.GetFileNameWithoutExtension(file);
            if (!libraries.Replace(name, file) && !context.AddPath(name, file, out var note) && note is not null)
                notes.Add(note);
        }

        context.AddResources(restored.ResourceFiles);
        context.AddNative(restored.NativeFiles);
        foreach (var file in restored.CompileFiles)
        {
            if (!context.IsHosts(Path.GetFileNameWithoutExtension(file)) && _referenced.Add(Path.GetFileName(file)))
                references.Add(References.OfFile(file));
        }

        foreach (var request in added)
        {
            _wanted[request.Id] = request;
            var version = restored.Versions.GetValueOrDefault(request.Id, request.Version);
            _installed[request.Id] = version;
            if (Version.TryParse(request.Version, out _) && !SameVersion(version, request.Version))
                notes.Add($"{request.Id} {request.Version} is not in any source; {version} is the nearest available version.");
        }

        // An extension's own code may ask for what came with the extension.
        if (restored.Versions.TryGetValue(InteractiveExtensions.Package, out var interactive))
            _installed.TryAdd(InteractiveExtensions.Package, interactive);
        refer(references);
        notes.AddRange(extensions.Load(restored.ExtensionFiles, run));
        if (restored.Versions.ContainsKey(InteractiveExtensions.Package))
            extensions.Connect();
        var text = "Installed: " + string.Join(", ", added.Select(request => $"{request.Id} {_installed[request.Id]}"));
        Show(run, (output, bundle) => output.UpdateDisplay(id, bundle), string.Join('\n', notes.Prepend(text)));
    }

    private static void Show(CellRun run, Action<ICellOutput, MimeBundle> how, string text)
    {
        if (run.Options.Silent)
            return;

        var bundle = new MimeBundle(MimeBundle.PlainText, text);
        run.Post(output => how(output, bundle));
    }

    private static bool SameVersion(string installed, string wanted) =>
        installed == wanted || (Version.TryParse(installed, out var a) && Version.TryParse(wanted, out var b) && Padded(a) == Padded(b));

    private static Version Padded(Version version) =>
        new(version.Major, version.Minor, Math.Max(0, version.Build), Math.Max(0, version.Revision));
}
