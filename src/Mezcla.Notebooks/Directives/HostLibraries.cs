using System.Reflection;

namespace Mezcla.Notebooks;

/// <summary>Gives cells the libraries of the host that they ask for (<see cref="LibrariesOnDemand"/>).</summary>
internal sealed class HostLibraries(
    IReadOnlyList<LibrariesOnDemand> libraries, CellLoadContext context, CellCompiler compiler, FormatterSet formatters)
{
    private readonly List<LibrariesOnDemand> _waiting = [.. libraries];

    /// <summary>Adds the libraries that code mentions.</summary>
    public void AddMentioned(string code)
    {
        if (_waiting.Count == 0)
            return;

        foreach (var group in _waiting.Where(group => group.Words.Any(word => code.Contains(word, StringComparison.Ordinal))).ToList())
            Add(group);
    }

    /// <summary>Whether an assembly that a package brings is one that the host has in the same version. If so, cells get the host's, so
    /// that the host and the cells share its types.</summary>
    public bool Replace(string assemblyName, string file)
    {
        if (_waiting.Find(group => group.Assemblies.Contains(assemblyName)) is not { } group || context.IsHosts(assemblyName)
            || Find(assemblyName) is not { } own || own.GetName().Version != AssemblyName.GetAssemblyName(file).Version)
            return false;

        if (group.Assemblies[0] == assemblyName)
            Add(group);
        else
            Refer(own);
        return true;
    }

    private void Add(LibrariesOnDemand group)
    {
        _waiting.Remove(group);
        if (context.HasPath(group.Assemblies[0]))
            return;

        foreach (var name in group.Assemblies.Where(name => !context.IsHosts(name) && !context.HasPath(name)))
        {
            if (Find(name) is { } assembly)
                Refer(assembly);
        }

        foreach (var form in group.Forms?.Invoke() ?? [])
            formatters.Provide(form);
    }

    private void Refer(Assembly assembly)
    {
        context.AddHosts(assembly);
        compiler.AddReferences([References.Of(assembly)]);
    }

    private static Assembly? Find(string name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (FileNotFoundException)
        {
            return null; // A host that was published without the library, which cells can get as a package.
        }
    }
}
