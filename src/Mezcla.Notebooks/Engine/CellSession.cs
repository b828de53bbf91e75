using System.Diagnostics;
using Mezcla.Notebooks.Cells;
using Microsoft.CodeAnalysis;

namespace Mezcla.Notebooks;

/// <summary>The state that an engine's cells have built up, and the execution of the next cell.</summary>
internal sealed class CellSession
{
    private static readonly string[] Imports =
    [
        .. CellEngineOptions.StandardImports, "Mezcla.Notebooks.Cells", "static Mezcla.Notebooks.Cells.CellFunctions",
        "static Mezcla.Notebooks.Cells.CellHelpers",
    ];

    private readonly DirectiveRunner _directives;

    // What a cell submits without waiting for it may still be compiled while the next cell is.
    private readonly Lock _compiling = new();
    private object?[] _states = new object?[64];

    public CellSession(CellEngineOptions options)
    {
        State = new EngineState(options);
        var own = new[] { typeof(CellSession).Assembly }.Concat(options.References);
        if (options.Globals is { } globals)
            own = own.Append(globals.GetType().Assembly);

        own = own.Distinct().ToList();
        var context = new CellLoadContext(own, options.KernelName, options.NativeLibrary);
        Compiler = new CellCompiler(
            context,
            References.Framework().Concat(own.Concat(options.Replaceable).Select(References.Of)),
            Imports.Concat(options.Imports),
            options.Globals?.GetType());
        _states[0] = options.Globals;
        var libraries = new HostLibraries(options.OnDemand, context, Compiler, State.Formatters);
        _directives = new DirectiveRunner(State, Compiler, context, libraries, () => Variables, RunFile,
            (code, run, document, warnings) => RunCode(code, run, document, warnings)?.Object, Submit);
    }

    public EngineState State { get; }

    public CellCompiler Compiler { get; }

    public IReadOnlyList<CellVariable> Variables => CellVariables.List(Volatile.Read(ref _states).Skip(1));

    /// <summary>Executes a cell on the calling thread. Failures are returned in the result.</summary>
    public CellResult Execute(string code, CellRun run)
    {
        var warnings = new List<string>();
        try
        {
            var value = RunParts(code, run, run.Name, warnings);
            return value is null
                ? new CellResult { Warnings = warnings }
                : new CellResult { Value = value.Value.Bundle, ReturnValue = value.Value.Object, Warnings = warnings };
        }
        catch (Exception exception)
        {
            return new CellResult { Error = Describe(exception, run), Warnings = warnings };
        }
    }

    private CellError Describe(Exception exception, CellRun run)
    {
        try
        {
            return ErrorOf(exception, run);
        }
        catch (Exception inner)
        {
            // Writing the report can fail, for instance because an exception's own properties throw. The cell must still get a result.
            var name = TypeNames.Full(exception.GetType());
            var text = $"{name} (the report about it failed: {inner})";
            return new CellError(CellErrorKind.Exception, name, text, [text]);
        }
    }

    /// <summary>Runs code as part of a cell: the cell's own text or a file that it loads.</summary>
    /// <param name="code">The text with its directives.</param>
    /// <param name="run">The cell.</param>
    /// <param name="document">The name of the text in errors.</param>
    /// <param name="warnings">Receives the compiler's warnings.</param>
    /// <returns>The value of the last part if that part is code that ends in an expression; otherwise null.</returns>
    private (object? Object, MimeBundle? Bundle)? RunParts(string code, CellRun run, string document, List<string> warnings)
    {
        State.AddSource(document, code);
        var parts = CellSplitter.Split(code, document == run.Name ? run.Options.Language : null);
        var watch = Stopwatch.StartNew();
        (object? Object, MimeBundle? Bundle)? value = null;
        _directives.Prepare(parts, run, document, warnings);
        foreach (var part in parts)
        {
            if (value is { Bundle: { } earlier })
                run.Post(output => output.Display(earlier, null));

            value = null;
            if (part.Kind == PartKind.Content)
                _directives.Display(part, run, document);
            else if (part.Kind == PartKind.Value)
                _directives.Keep(part, run, document);
            else if (part.Kind == PartKind.Foreign)
                DirectiveRunner.PassOver(part, run);
            else if (part.Kind == PartKind.Magic)
                _directives.Apply(part, run, document, warnings);
            else if (part.Kind == PartKind.Code)
                value = RunCode(part.Text, run, document, warnings);
        }

        if (parts.Any(part => part is { Kind: PartKind.Magic, Name: "time" }))
        {
            var time = new MimeBundle(MimeBundle.PlainText,
                FormattableString.Invariant($"Wall time: {watch.Elapsed.TotalMilliseconds:0.###} ms"));
            run.Post(output => output.Display(time, null));
        }

        return value;
    }

    /// <summary>Runs a file that a cell loads, and displays the value of its last expression.</summary>
    private void RunFile(string path, CellRun run, List<string> warnings)
    {
        if (RunParts(File.ReadAllText(path), run, path, warnings) is { Bundle: { } bundle })
            run.Post(output => output.Display(bundle, null));
    }

    /// <summary>Runs text as a part of the cell that runs, and shows its value.</summary>
    private void Submit(string code, CellRun run, string document)
    {
        if (RunParts(code, run, document, []) is { Bundle: { } bundle })
            run.Post(output => output.Display(bundle, null));
    }

    private (object? Object, MimeBundle? Bundle)? RunCode(string code, CellRun run, string document, List<string> warnings)
    {
        CompiledCell cell;
        lock (_compiling)
        {
            cell = Compiler.Compile(code, document, run.Stopping);
            if (_states.Length < Compiler.Slots)
                Array.Resize(ref _states, _states.Length * 2);
        }

        warnings.AddRange(cell.Warnings.Select(DescribeWarning));
        if (cell.Start is null)
            return null;

        // What a cell submits while it runs belongs to the context in which the cell runs itself.
        using var context = CellRun.Current == run ? null : _directives.Enter();
        ConsoleRouter.Install();
        var task = InRun(run, () => cell.Start(_states));
        task.Wait(run.Stopping);
        var value = task.Result;
        if (!cell.HasValue || value is DisplayHandle)
            return null;

        return (value, run.Options.Silent ? null : InRun(run, () => State.Formatters.ToBundle(value)));
    }

    /// <summary>Calls user code with <see cref="CellRun.Current"/> set, so that the code finds its cell and can be interrupted.</summary>
    private static T InRun<T>(CellRun run, Func<T> call)
    {
        var outer = CellRun.Current;
        CellRun.Current = run;
        try
        {
            return call();
        }
        finally
        {
            CellRun.Current = outer;
        }
    }

    private CellError ErrorOf(Exception exception, CellRun run)
    {
        while (exception is AggregateException { InnerExceptions: [var only] })
            exception = only;

        if (run.IsStopping)
        {
            const string Text = "The cell was interrupted. Variables keep the values they had.";
            return new CellError(CellErrorKind.Interrupted, "Interrupted", Text, [Ansi.Red("Interrupted") + ": " + Text]);
        }

        switch (exception)
        {
            case CellCompilationException compilation:
                return CompileReport.Make(compilation.Compilation, compilation.Errors, run.Name, State.SourceOf);
            case DirectiveException directive:
                var where = directive.Line is { } line ? Ansi.Cyan($"{run.Name}, line {line}: ") : "";
                return new CellError(
                    CellErrorKind.Directive, "DirectiveError", directive.Message, [where + Ansi.Red("error") + ": " + directive.Message],
                    directive.Line, directive.Line is null ? null : 1);
            default:
                return ExceptionReport.Make(exception, run.Name, State.SourceOf);
        }
    }

    private static string DescribeWarning(Diagnostic warning) =>
        CompileReport.PlaceOf(warning) is { } place
            ? $"{place.Document}, line {place.Line}, column {place.Column}: warning {warning.Id}: {CompileReport.MessageOf(warning)}"
            : $"warning {warning.Id}: {CompileReport.MessageOf(warning)}";
}
