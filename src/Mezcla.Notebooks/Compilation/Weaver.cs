using System.Reflection;
using Mezcla.Notebooks.Cells;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace Mezcla.Notebooks;

/// <summary>
/// Rewrites a cell's compiled code so that it can be stopped and can't take the process with it: a check at every loop's turn, a look at
/// the stack where a method begins that might call itself, and harmless replacements for the calls that end the process.
/// </summary>
/// <remarks>
/// Working on IL and not on source keeps every line and column, and reaches lambdas, properties and operators alike. A method that only
/// calls methods known to end is left alone, so that the JIT can still inline it.
/// </remarks>
internal static class Weaver
{
    private static readonly FieldInfo Stopping = typeof(CellGuard).GetField(nameof(CellGuard.Stopping))!;
    private static readonly MethodInfo Check = typeof(CellGuard).GetMethod(nameof(CellGuard.Check))!;
    private static readonly MethodInfo EnterAsync = typeof(CellGuard).GetMethod(nameof(CellGuard.EnterAsync))!;
    private static readonly MethodInfo Enter = typeof(CellGuard).GetMethod(nameof(CellGuard.Enter))!;

    /// <summary>
    /// The key of the ECMA standard, which needs no private half. The compiler tells
    /// versions of one assembly apart only if they have a key.
    /// </summary>
    private static readonly byte[] PublicKey = [0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0];

    private static readonly Dictionary<string, MethodInfo> Replacements = new()
    {
        ["System.Void System.Environment::Exit(System.Int32)"] = typeof(CellGuard).GetMethod(nameof(CellGuard.Exit))!,
        ["System.Void System.Environment::FailFast(System.String)"] = typeof(CellGuard).GetMethod(nameof(CellGuard.FailFast))!,
        ["System.Void System.Console::SetOut(System.IO.TextWriter)"] = typeof(CellGuard).GetMethod(nameof(CellGuard.SetOut))!,
        ["System.Void System.Console::SetError(System.IO.TextWriter)"] = typeof(CellGuard).GetMethod(nameof(CellGuard.SetError))!,
        ["System.Void System.Console::SetIn(System.IO.TextReader)"] = typeof(CellGuard).GetMethod(nameof(CellGuard.SetIn))!,
        ["System.Void System.Console::Clear()"] = typeof(CellGuard).GetMethod(nameof(CellGuard.ClearConsole))!,
    };

    private static readonly HashSet<string> Harmless =
    [
        "System.Object", "System.Math", "System.MathF", "System.String", "System.Char", "System.Int32", "System.Int64", "System.Double",
        "System.Single",
        "System.Span`1", "System.ReadOnlySpan`1", "System.Numerics.Vector`1", "System.Runtime.CompilerServices.Unsafe",
    ];

    /// <summary>An assembly with nothing in it, under the name and version by which others are compiled against it.</summary>
    public static MemoryStream EmptyLibrary(string publicName, Version version)
    {
        using var assembly = AssemblyDefinition.CreateAssembly(new AssemblyNameDefinition(publicName, version) { PublicKey = PublicKey },
            publicName, ModuleKind.Dll);
        var image = new MemoryStream();
        assembly.Write(image);
        return image;
    }

    /// <summary>Rewrites a script's assembly and its portable PDB; both are replaced.</summary>
    public static void Weave(ref MemoryStream image, ref MemoryStream symbols)
    {
        using var assembly = Read(image, symbols);
        WeaveMethods(assembly.MainModule);
        (image, symbols) = Write(assembly);
    }

    /// <summary>Rewrites the assembly of a cell's types and its portable PDB; both are
    /// replaced. Everything internal becomes public.</summary>
    /// <returns>The assembly under the name and version by which others are compiled against it.</returns>
    public static MemoryStream WeaveLibrary(ref MemoryStream image, ref MemoryStream symbols, string publicName, Version version)
    {
        using var assembly = Read(image, symbols);
        foreach (var type in assembly.MainModule.GetTypes())
            Publicize(type);

        var published = new MemoryStream();
        var (ownName, ownVersion) = (assembly.Name.Name, assembly.Name.Version);
        (assembly.Name.Name, assembly.Name.Version, assembly.Name.PublicKey) = (publicName, version, PublicKey);
        assembly.Write(published);
        (assembly.Name.Name, assembly.Name.Version, assembly.Name.PublicKey) = (ownName, ownVersion, null);
        WeaveMethods(assembly.MainModule);
        (image, symbols) = Write(assembly);
        return published;
    }

    private static AssemblyDefinition Read(MemoryStream image, MemoryStream symbols)
    {
        (image.Position, symbols.Position) = (0, 0);
        var assembly = AssemblyDefinition.ReadAssembly(image, new ReaderParameters
        {
            AssemblyResolver = new NoResolver(),
            ReadSymbols = true,
            SymbolStream = symbols,
            SymbolReaderProvider = new PortablePdbReaderProvider(),
        });
        DropUnusedReferences(assembly.MainModule);
        return assembly;
    }

    /// <summary>
    /// The compiler lists hidden versions of libraries among the references, for debuggers' sake. Nothing uses them, and the next
    /// compilation would take one version for another.
    /// </summary>
    private static void DropUnusedReferences(ModuleDefinition module)
    {
        foreach (var method in module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody))
        {
            if (method.DebugInformation.Scope is { } scope)
                scope.Import = null;
        }

        var used = module.GetTypeReferences().Select(type => type.Scope).ToHashSet();
        foreach (var reference in module.AssemblyReferences.Where(reference => IsLibrary(reference) && !used.Contains(reference)).ToList())
            module.AssemblyReferences.Remove(reference);
    }

    private static bool IsLibrary(AssemblyNameReference reference) =>
        reference.Name.StartsWith(CellLibrary.NamePrefix, StringComparison.Ordinal);

    private static (MemoryStream Image, MemoryStream Symbols) Write(AssemblyDefinition assembly)
    {
        foreach (var reference in assembly.MainModule.AssemblyReferences)
        {
            if (!IsLibrary(reference))
                continue;

            reference.Name = CellLibrary.RuntimeName(reference.Name, CellLibrary.NumberOf(reference.Version));
            (reference.Version, reference.PublicKeyToken) = (new Version(0, 0, 0, 0), null);
        }

        var (image, symbols) = (new MemoryStream(), new MemoryStream());
        assembly.Write(image, new WriterParameters
        {
            WriteSymbols = true,
            SymbolStream = symbols,
            SymbolWriterProvider = new PortablePdbWriterProvider(),
        });
        return (image, symbols);
    }

    private static void WeaveMethods(ModuleDefinition module)
    {
        var work = new Work(module);
        foreach (var method in module.GetTypes().SelectMany(type => type.Methods))
            work.Weave(method);
    }

    private static void Publicize(TypeDefinition type)
    {
        if (type.IsNotPublic)
            type.IsPublic = true;
        else if (type.IsNestedAssembly)
            type.IsNestedPublic = true;

        foreach (var field in type.Fields.Where(field => field.IsAssembly))
            field.IsPublic = true;

        foreach (var method in type.Methods.Where(method => method.IsAssembly))
            method.IsPublic = true;
    }

    private sealed class Work(ModuleDefinition module)
    {
        private readonly Dictionary<MethodDefinition, bool> _leaves = [];
        private readonly FieldReference _stopping = module.ImportReference(Stopping);
        private readonly MethodReference _check = module.ImportReference(Check);
        private readonly MethodReference _enterAsync = module.ImportReference(EnterAsync);
        private readonly MethodReference _enter = module.ImportReference(Enter);

        public void Weave(MethodDefinition method)
        {
            if (!method.HasBody)
                return;

            var body = method.Body;
            var isLeaf = IsLeaf(method);
            body.SimplifyMacros();
            foreach (var instruction in body.Instructions)
            {
                if (instruction.OpCode == OpCodes.Call
                    && instruction.Operand is MethodReference called
                    && Replacements.TryGetValue(called.FullName, out var replacement))
                    instruction.Operand = module.ImportReference(replacement);
            }

            foreach (var head in LoopHeads(body))
                InsertCheck(body, head);

            if ((!isLeaf || IsCalledBack(method)) && !IsUnsafeToFail(method))
                InsertEnter(method);

            body.OptimizeMacros();
        }

        private void InsertEnter(MethodDefinition method)
        {
            var isAsync = method.CustomAttributes.Any(attribute => attribute.AttributeType.Name == "AsyncStateMachineAttribute");
            var enter = Instruction.Create(OpCodes.Call, isAsync ? _enterAsync : _enter);
            method.Body.Instructions.Insert(0, enter);
            if (method.DebugInformation.SequencePoints is [var first, ..])
            {
                method.DebugInformation.SequencePoints.Insert(0, new SequencePoint(enter, first.Document)
                {
                    StartLine = first.StartLine,
                    StartColumn = first.StartColumn,
                    EndLine = first.EndLine,
                    EndColumn = first.EndColumn,
                });
            }
        }

        /// <summary>Puts a check where a loop's turn begins. Nothing is on the stack
        /// there, so that the JIT still sees an ordinary loop.</summary>
        private void InsertCheck(Mono.Cecil.Cil.MethodBody body, Instruction head)
        {
            Instruction[] check =
            [
                Instruction.Create(OpCodes.Volatile),
                Instruction.Create(OpCodes.Ldsfld, _stopping),
                Instruction.Create(OpCodes.Brfalse, head),
                Instruction.Create(OpCodes.Call, _check),
            ];
            foreach (var instruction in body.Instructions)
            {
                if (instruction.Operand == head)
                    instruction.Operand = check[0];
                else if (instruction.Operand is Instruction[] targets)
                    instruction.Operand = Array.ConvertAll(targets, target => target == head ? check[0] : target);
            }

            foreach (var handler in body.ExceptionHandlers)
            {
                handler.TryStart = Moved(handler.TryStart);
                handler.TryEnd = Moved(handler.TryEnd);
                handler.HandlerStart = Moved(handler.HandlerStart);
                handler.HandlerEnd = Moved(handler.HandlerEnd);
                handler.FilterStart = Moved(handler.FilterStart);
            }

            var index = body.Instructions.IndexOf(head);
            for (var i = 0; i < check.Length; i++)
                body.Instructions.Insert(index + i, check[i]);

            Instruction? Moved(Instruction? boundary) => boundary == head ? check[0] : boundary;
        }

        /// <summary>The instructions that something later jumps back to.</summary>
        private static List<Instruction> LoopHeads(Mono.Cecil.Cil.MethodBody body) => body.Instructions
            .SelectMany(instruction => Targets(instruction).Where(target => target.Offset <= instruction.Offset))
            .Distinct()
            .ToList();

        private static IEnumerable<Instruction> Targets(Instruction instruction) => instruction.Operand switch
        {
            Instruction target => [target],
            Instruction[] targets => targets,
            _ => [],
        };

        /// <summary>Whether a library may call a method again and again in a loop of its
        /// own: lambdas, local functions, what is virtual.</summary>
        private static bool IsCalledBack(MethodDefinition method) =>
            method.IsVirtual || method.Name.StartsWith('<') || method.DeclaringType.Name.StartsWith('<');

        /// <summary>
        /// Whether an exception at the beginning of a method would do harm: in a static constructor, after which its type is unusable; in
        /// an async method's MoveNext before its own try block, where it would end the process;
        /// in the cleaning up of an iterator, where it would hide another.
        /// </summary>
        private static bool IsUnsafeToFail(MethodDefinition method) =>
            method.Name is ".cctor" or "System.IDisposable.Dispose"
            || method.Name.StartsWith("<>m__Finally", StringComparison.Ordinal)
            || (method.Name == "MoveNext" && method.DeclaringType.Interfaces.Any(
                implemented => implemented.InterfaceType.FullName == "System.Runtime.CompilerServices.IAsyncStateMachine"));

        /// <summary>Whether a method can't call itself, however indirectly.</summary>
        private bool IsLeaf(MethodDefinition method)
        {
            if (_leaves.TryGetValue(method, out var known))
                return known;

            _leaves[method] = false; // What a method in a cycle finds about itself.
            return _leaves[method] = method.HasBody && method.Body.Instructions.All(instruction => instruction.OpCode.Code switch
            {
                Code.Callvirt or Code.Calli or Code.Jmp => instruction.Operand is MethodReference called && IsHarmless(called),
                Code.Call or Code.Newobj => instruction.Operand is MethodReference called && (IsHarmless(called) || IsLeafHere(called)),
                _ => true,
            });
        }

        private bool IsLeafHere(MethodReference called) =>
            called is MethodDefinition { IsVirtual: false } definition && definition.Module == module && IsLeaf(definition);

        private static bool IsHarmless(MethodReference called) =>
            called is not GenericInstanceMethod
            && Harmless.Contains(called.DeclaringType.GetElementType().FullName)
            && !called.Parameters.Any(
                parameter => parameter.ParameterType.GetElementType().FullName is "System.Object" or "System.IFormatProvider")
            && (called.Name is ".ctor" || called.DeclaringType.FullName is not "System.Object");
    }

    private sealed class NoResolver : IAssemblyResolver
    {
        public AssemblyDefinition? Resolve(AssemblyNameReference name) => null;

        public AssemblyDefinition? Resolve(AssemblyNameReference name, ReaderParameters parameters) => null;

        public void Dispose()
        {
        }
    }
}
