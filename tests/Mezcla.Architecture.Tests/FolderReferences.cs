using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Mezcla.Architecture.Tests;

/// <summary>
/// Which members of an assembly refer to members in a folder that stands after their own. The folder of a member is that of the file it
/// is written in: the debugging symbols know it for code, and <see cref="SourceIndex"/> for what has no code.
/// </summary>
/// <remarks>What the compiler leaves no trace of is not seen: constants, <c>nameof</c>, names in comments.</remarks>
internal sealed class FolderReferences
{
    private readonly string _project;
    private readonly Dictionary<string, int> _order;
    private readonly IReadOnlyList<string> _folders;
    private readonly ModuleDefinition _module;
    private readonly SourceIndex _sources;
    private readonly SortedSet<string> _forbidden = new(StringComparer.Ordinal);

    private FolderReferences(string project, IReadOnlyList<string> folders, ModuleDefinition module)
    {
        (_project, _folders, _module) = (Path.GetFullPath(project), folders, module);
        _order = folders.Select((folder, i) => (folder, i)).ToDictionary(pair => pair.folder, pair => pair.i);
        _sources = new SourceIndex(_project, _order);
    }

    /// <summary>Each forbidden reference once, as
    /// <c>Layers/SelfAttention.Forward -> Models/TransformerConfig</c>, in alphabetical order.</summary>
    /// <param name="assembly">The assembly, with its portable symbols beside it or inside.</param>
    /// <param name="project">The folder of its sources.</param>
    /// <param name="folders">The folders directly below, each after all that it may refer to. Files elsewhere are not looked at.</param>
    public static IReadOnlyList<string> Forbidden(string assembly, string project, IReadOnlyList<string> folders)
    {
        using var resolver = new DefaultAssemblyResolver();
        resolver.AddSearchDirectory(Path.GetDirectoryName(assembly));
        using var module = ModuleDefinition.ReadModule(assembly, new ReaderParameters { ReadSymbols = true, AssemblyResolver = resolver });
        var references = new FolderReferences(project, folders, module);
        foreach (var type in module.GetTypes())
            references.Visit(type);
        return [.. references._forbidden];
    }

    private void Visit(TypeDefinition type)
    {
        if (!SourceIndex.IsGenerated(type))
        {
            var head = Named(type);
            var from = _sources.HeadOf(type);
            Refer(from, head, type.BaseType);
            foreach (var contract in type.Interfaces)
                Refer(from, head, contract.InterfaceType);
            Refer(from, head, type.CustomAttributes);
            Refer(from, head, type.GenericParameters);
            foreach (var field in type.Fields.Where(field => !field.Name.Contains('<')))
            {
                Refer(_sources.FolderOf(field), $"{head}.{field.Name}", field.FieldType);
                Refer(_sources.FolderOf(field), $"{head}.{field.Name}", field.CustomAttributes);
            }

            foreach (var property in type.Properties)
                Refer(_sources.FolderOf(type, property.Name), $"{head}.{property.Name}", property.CustomAttributes);
        }

        foreach (var method in type.Methods)
            Visit(method);
    }

    private void Visit(MethodDefinition method)
    {
        var name = Named(method);
        var from = Folder(method);
        Refer(from, name, method.ReturnType);
        Refer(from, name, method.GenericParameters);
        Refer(from, name,
            method.CustomAttributes.Where(a => !a.AttributeType.Name.EndsWith("StateMachineAttribute", StringComparison.Ordinal)));
        foreach (var parameter in method.Parameters)
            Refer(from, name, parameter.ParameterType);
        foreach (var overridden in method.Overrides)
            Refer(from, name, overridden.DeclaringType);
        if (!method.HasBody)
            return;
        foreach (var local in method.Body.Variables)
            Refer(from, name, local.VariableType);
        foreach (var handler in method.Body.ExceptionHandlers)
            Refer(from, name, handler.CatchType);

        // The constructor of a partial type has initializers from several files: each instruction belongs to the line before it.
        var at = from;
        foreach (var instruction in method.Body.Instructions)
        {
            if (method.DebugInformation.GetSequencePoint(instruction) is { IsHidden: false } point)
                at = InProject(point) ?? at;
            switch (instruction.Operand)
            {
                case TypeReference used:
                    Refer(at, name, used);
                    break;
                case MethodReference used:
                    Refer(at, name, used);
                    break;
                case FieldReference used:
                    Refer(at, name, used);
                    break;
            }
        }
    }

    private void Refer(int? from, string name, IEnumerable<CustomAttribute> attributes)
    {
        foreach (var attribute in attributes)
            Refer(from, name, attribute.AttributeType);
    }

    private void Refer(int? from, string name, IEnumerable<GenericParameter> parameters)
    {
        foreach (var constraint in parameters.SelectMany(parameter => parameter.Constraints))
            Refer(from, name, constraint.ConstraintType);
    }

    private void Refer(int? from, string name, MethodReference method)
    {
        if (method is GenericInstanceMethod generic)
        {
            foreach (var argument in generic.GenericArguments)
                Refer(from, name, argument);
        }

        Refer(from, name, method.DeclaringType);
        if (IsHere(method.DeclaringType) && method.Resolve() is { } used && !SourceIndex.IsGenerated(used.DeclaringType))
            Check(from, name, Folder(used), () => Named(used));
    }

    private void Refer(int? from, string name, FieldReference field)
    {
        Refer(from, name, field.DeclaringType);
        if (IsHere(field.DeclaringType) && field.Resolve() is { } used && !SourceIndex.IsGenerated(used.DeclaringType))
            Check(from, name, _sources.FolderOf(used), () => $"{Named(used.DeclaringType)}.{used.Name}");
    }

    private void Refer(int? from, string name, TypeReference? type)
    {
        switch (type)
        {
            case null or GenericParameter:
                return;
            case GenericInstanceType generic:
                foreach (var argument in generic.GenericArguments)
                    Refer(from, name, argument);
                Refer(from, name, generic.ElementType);
                return;
            case FunctionPointerType pointer:
                Refer(from, name, pointer.ReturnType);
                foreach (var parameter in pointer.Parameters)
                    Refer(from, name, parameter.ParameterType);
                return;
            case TypeSpecification specification:
                Refer(from, name, specification.ElementType);
                return;
        }

        if (IsHere(type) && type.Resolve() is { } used && !SourceIndex.IsGenerated(used))
            Check(from, name, _sources.LowestOf(used), () => Named(used));
    }

    private void Check(int? from, string name, int? to, Func<string> target)
    {
        if (from is { } mine && to is { } theirs && theirs > mine)
            _forbidden.Add($"{_folders[mine]}/{name} -> {_folders[theirs]}/{target()}");
    }

    private bool IsHere(TypeReference type)
    {
        var element = type.GetElementType();
        return element is TypeDefinition || element.Scope == _module;
    }

    /// <summary>The folder of a method: that of its first line of code, else of its declaration.</summary>
    private int? Folder(MethodDefinition method)
    {
        if (method.DebugInformation.HasSequencePoints)
        {
            var places = method.DebugInformation.SequencePoints.Where(point => !point.IsHidden).Select(InProject).OfType<int>().Distinct()
                .ToList();
            // What initializers from several files make is as low as the lowest of them.
            if (places.Count > 0)
                return places.Min();
        }

        if (SourceIndex.IsGenerated(method.DeclaringType))
            return null;
        return _sources.FolderOf(method.DeclaringType, SourceIndex.NameOf(method));
    }

    private int? InProject(SequencePoint point) => _sources.FolderOf(point.Document.Url);

    private static string Named(MethodDefinition method)
    {
        // Lambdas, local functions, iterators and async methods have names such as <Forward>b__0 inside types such as <>c.
        var (type, name) = (method.DeclaringType, Written(method.Name) ?? SourceIndex.NameOf(method));
        while (SourceIndex.IsGenerated(type) && type.DeclaringType is not null)
        {
            name = Written(type.Name) ?? name;
            type = type.DeclaringType;
        }

        return $"{Named(type)}.{name}";
    }

    private static string? Written(string name)
    {
        var end = name.IndexOf('>');
        return name.StartsWith('<') && end > 1 ? name[1..end] : null;
    }

    private static string Named(TypeDefinition type) =>
        (type.DeclaringType is null ? "" : Named(type.DeclaringType) + ".") + type.Name.Split('`')[0];
}
