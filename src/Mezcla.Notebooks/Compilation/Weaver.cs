using System.Reflection;
using Mezcla.Notebooks.Cells;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace Mezcla.Notebooks;

/// <summary>
/// Rewrites the IL of a cell so that it can be stopped and cannot end the process. It inserts a check at every loop iteration and a check
/// of the stack at the start of every method that might be recursive, and replaces calls that would end the process.
/// </summary>
/// <remarks>
/// Rewriting IL instead of source keeps every line and column and treats lambdas, properties and operators alike. A method that only
/// calls methods known to return is left unchanged, so that the JIT can still inline it.
/// </remarks>
internal static class Weaver
{
    private static readonly FieldInfo Stopping = typeof(CellGuard).GetField(nameof(CellGuard.Stopping))!;
    private static readonly MethodInfo Check = typeof(CellGuard).GetMethod(nameof(CellGuard.Check))!;
    private static readonly MethodInfo EnterAsync = typeof(CellGuard).GetMethod(nameof(CellGuard.EnterAsync))!;
    private static readonly MethodInfo Enter = typeof(CellGuard).GetMethod(nameof(CellGuard.Enter))!;

    /// <summary>
    /// The ECMA standard public key, for which no private key is needed. The compiler distinguishes versions of an assembly only if they
    /// have a key.
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

    /// <summary>An empty assembly with the name and version that compilations see.</summary>
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

    /// <summary>
    /// Rewrites the assembly of a cell's types and its portable PDB; both are replaced. Internal types and members become public.
    /// </summary>
    /// <returns>The assembly with the name and version that compilations see.</returns>
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
    /// Removes the hidden versions of libraries, which the compiler lists among the references for debuggers. No code uses them, and the
    /// next compilation would confuse one version with another.
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

        /// <summary>Inserts a check at the start of a loop. The evaluation stack
        /// is empty there, so the JIT still recognizes the loop.</summary>
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

        /// <summary>The instructions that a later instruction jumps back to.</summary>
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

        /// <summary>Whether a library may call a method repeatedly from a loop
        /// of its own: lambdas, local functions and virtual methods.</summary>
        private static bool IsCalledBack(MethodDefinition method) =>
            method.IsVirtual || method.Name.StartsWith('<') || method.DeclaringType.Name.StartsWith('<');

        /// <summary>
        /// Whether an exception at the start of a method would do harm. In a static constructor it would make the type unusable. In an
        /// async method's MoveNext it would come before the method's own try block and end the process. In the cleanup of an iterator it
        /// would hide another exception.
        /// </summary>
        private static bool IsUnsafeToFail(MethodDefinition method) =>
            method.Name is ".cctor" or "System.IDisposable.Dispose"
            || method.Name.StartsWith("<>m__Finally", StringComparison.Ordinal)
            || (method.Name == "MoveNext" && method.DeclaringType.Interfaces.Any(
                implemented => implemented.InterfaceType.FullName == "System.Runtime.CompilerServices.IAsyncStateMachine"));

        /// <summary>Whether a method cannot call itself, neither directly nor indirectly.</summary>
        private bool IsLeaf(MethodDefinition method)
        {
            if (_leaves.TryGetValue(method, out var known))
                return known;

            _leaves[method] = false; // The answer that a method in a cycle finds for itself.
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
