// Compiled in a session whose cells ask for .NET Interactive's kernels: `Kernel.Root` and `KernelInvocationContext.Current` then lead back
// to this engine. The names stay known to the cells that follow.
using Kernel = Microsoft.DotNet.Interactive.Kernel;
using KernelInvocationContext = Microsoft.DotNet.Interactive.KernelInvocationContext;
using SubmitCode = Microsoft.DotNet.Interactive.Commands.SubmitCode;
using AddPackageSource = Microsoft.DotNet.Interactive.Commands.AddPackageSource;

/// <summary>A kernel of one language, which hands code to the engine.</summary>
sealed class EngineKernel : Kernel,
    Microsoft.DotNet.Interactive.IKernelCommandHandler<SubmitCode>,
    Microsoft.DotNet.Interactive.IKernelCommandHandler<AddPackageSource>
{
    private readonly Action<string, string> _submit;

    public EngineKernel(string language, Action<string, string> submit) : base(language)
    {
        _submit = submit;
        KernelInfo.LanguageName = language;
    }

    public System.Threading.Tasks.Task HandleAsync(SubmitCode command, KernelInvocationContext context)
    {
        _submit(Name, command.Code);
        return System.Threading.Tasks.Task.CompletedTask;
    }

    public System.Threading.Tasks.Task HandleAsync(AddPackageSource command, KernelInvocationContext context)
    {
        _submit(Name, $"#i \"nuget: {command.PackageSource}\"");
        return System.Threading.Tasks.Task.CompletedTask;
    }
}

/// <summary>Shows what code publishes in the context of a cell.</summary>
sealed class ShownEvents(Action<System.Collections.Generic.IReadOnlyDictionary<string, string>, string?, bool> show)
    : IObserver<Microsoft.DotNet.Interactive.Events.KernelEvent>
{
    public void OnNext(Microsoft.DotNet.Interactive.Events.KernelEvent published)
    {
        if (published is not Microsoft.DotNet.Interactive.Events.DisplayEvent { FormattedValues.Count: > 0 } shown)
            return;

        var forms = new System.Collections.Generic.Dictionary<string, string>();
        foreach (var form in shown.FormattedValues)
            forms[form.MimeType] = form.Value;
        show(forms, shown.ValueId, shown is Microsoft.DotNet.Interactive.Events.DisplayedValueUpdated);
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}

static class EngineKernels
{
    public static (object Root, Func<IDisposable> Enter) Make(Action<string, string> submit,
        Action<System.Collections.Generic.IReadOnlyDictionary<string, string>, string?, bool> show)
    {
        var root = new Microsoft.DotNet.Interactive.CompositeKernel("mezcla") { DefaultKernelName = "csharp" };
        var csharp = new EngineKernel("csharp", submit);
        root.Add(csharp, ["c#", "C#"]);
        root.Add(new EngineKernel("html", submit));
        root.Add(new EngineKernel("javascript", submit), ["js"]);
        root.Add(new EngineKernel("markdown", submit), ["md"]);
        root.Add(new EngineKernel("mermaid", submit));

        // Only a kernel's own pipeline can say which kernel handles a command; a cell of this engine does not go through one.
        var handling = typeof(KernelInvocationContext).GetProperty(nameof(KernelInvocationContext.HandlingKernel))!;
        return (root, () =>
        {
            var context = KernelInvocationContext.GetOrCreateAmbientContext(new SubmitCode(""));
            handling.SetValue(context, csharp);
            context.KernelEvents.Subscribe(new ShownEvents(show));
            return context;
        });
    }
}

(Func<Action<string, string>, Action<System.Collections.Generic.IReadOnlyDictionary<string, string>, string?, bool>,
    (object, Func<IDisposable>)>)EngineKernels.Make
