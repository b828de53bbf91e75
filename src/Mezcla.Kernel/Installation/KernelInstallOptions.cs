namespace Mezcla.Kernel.Installation;

/// <summary>What to install.</summary>
public sealed record KernelInstallOptions
{
    /// <summary>The Jupyter data folder to install into.</summary>
    public required string DataFolder { get; init; }

    /// <summary>A folder with the program, which is copied.</summary>
    public required string Program { get; init; }

    /// <summary>The program's main assembly in that folder.</summary>
    public required string Assembly { get; init; }

    /// <summary>Arguments before those that name the connection file.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Names to register, each with what menus call it.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Names { get; init; }

    /// <summary>The program's version.</summary>
    public required string Version { get; init; }
}
