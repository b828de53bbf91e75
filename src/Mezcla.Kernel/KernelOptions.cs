using System.Reflection;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Html;

namespace Mezcla.Kernel;

/// <summary>Options of a kernel: its name, its log, and what its cells can use.</summary>
public sealed record KernelOptions
{
    /// <summary>The options of the engine that runs the cells.</summary>
    public CellEngineOptions Engine { get; init; } = new();

    /// <summary>The kernel's name in <c>kernel_info_reply</c>.</summary>
    public string Implementation { get; init; } = "mezcla";

    /// <summary>The kernel's version in <c>kernel_info_reply</c>.</summary>
    public string Version { get; init; } =
        typeof(KernelOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? "0";

    /// <summary>The text that consoles print when they connect.</summary>
    public string Banner { get; init; } = $"Mezcla's C# kernel on .NET {Environment.Version}";

    /// <summary>Entries for the front end's help menu: text and address.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> HelpLinks { get; init; } = [];

    /// <summary>The file that keeps the input of all sessions. If null, the history ends with the kernel.</summary>
    public string? HistoryFile { get; init; }

    /// <summary>The writer for the kernel's log. The default is the process's standard error.</summary>
    public TextWriter? Log { get; init; }

    /// <summary>The libraries of scripts that draw outputs. A front end gets each with the first output that it draws.</summary>
    public IReadOnlyList<ScriptLibrary> Libraries { get; init; } = [];

    /// <summary>Whether to log ordinary events too.</summary>
    public bool Verbose { get; init; }

    /// <summary>The history file in the user's local application data.</summary>
    public static string DefaultHistoryFile => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "mezcla", "kernel-history.jsonl");
}
