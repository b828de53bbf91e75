namespace Mezcla.Kernel.Installation;

/// <summary>What to install, and where.</summary>
public sealed record KernelInstallOptions
{
    /// <summary>The Jupyter data folder to install into.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The folder of the program, which is copied.</summary>
    public required string Program { get; init; }

    /// <summary>The program's main assembly in that folder.</summary>
    public required string Assembly { get; init; }

    /// <summary>Arguments before those that name the connection file.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The kernel names to register, each with its display name for menus.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Names { get; init; }

    /// <summary>The program's version.</summary>
    public required string Version { get; init; }
}
