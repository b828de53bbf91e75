using System.Reflection;
using Mezcla.Notebooks;

namespace Mezcla.Kernel;

/// <summary>What a kernel is called and what it gives its cells.</summary>
public sealed record KernelOptions
{
    /// <summary>Assemblies, namespaces and folders for the cells.</summary>
    public CellEngineOptions Engine { get; init; } = new();

    /// <summary>The kernel's name in <c>kernel_info_reply</c>.</summary>
    public string Implementation { get; init; } = "mezcla";

    /// <summary>The kernel's version in <c>kernel_info_reply</c>.</summary>
    public string Version { get; init; } =
        typeof(KernelOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? "0";

    /// <summary>What consoles print when they connect.</summary>
    public string Banner { get; init; } = $"Mezcla's C# kernel on .NET {Environment.Version}";

    /// <summary>Entries for the front end's help menu: text and address.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> HelpLinks { get; init; } = [];

    /// <summary>Where the input of all sessions is kept; null keeps none beyond the kernel's life.</summary>
    public string? HistoryFile { get; init; }

    /// <summary>Where the kernel writes its log: by default the process's standard error.</summary>
    public TextWriter? Log { get; init; }

    /// <summary>Whether to log what goes well, too.</summary>
    public bool Verbose { get; init; }

    /// <summary>The history file in the user's local application data.</summary>
    public static string DefaultHistoryFile => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "mezcla", "kernel-history.jsonl");
}
