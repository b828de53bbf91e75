using Mezcla.Learn.Work;
using Mezcla.Notebooks.Html;
using Mezcla.Notebooks.Running;

namespace Mezcla.Learn.Server;

/// <summary>How <c>mezcla learn</c> serves the course.</summary>
public sealed record LearnOptions
{
    /// <summary>The course.</summary>
    public required CourseFolder Course { get; init; }

    /// <summary>The folder for the student's copies.</summary>
    public required string Folder { get; init; }

    /// <summary>How to start the process of a cell engine.</summary>
    public required NotebookProcessStart Engine { get; init; }

    /// <summary>What the first page begins with.</summary>
    public required SiteCover Cover { get; init; }

    /// <summary>The libraries of scripts that draw outputs of cells.</summary>
    public IReadOnlyList<ScriptLibrary> Libraries { get; init; } = [];

    /// <summary>The address to listen on: <c>localhost</c>, an IP address of this machine, or <c>0.0.0.0</c> for all of them.</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>The port, or 0 for any that is free.</summary>
    public int Port { get; init; }

    /// <summary>The password that a browser must give; null for the token in the address.</summary>
    public string? Password { get; init; }

    /// <summary>Whether a class uses the server: each student enters with a name, and has a folder of that name below
    /// <see cref="Folder"/> and one engine.</summary>
    public bool IsClass { get; init; }

    /// <summary>Whether the first chapter is made ready before it is asked for: an engine starts, and what draws pages is
    /// compiled.</summary>
    public bool IsPrepared { get; init; }

    /// <summary>What engines may take.</summary>
    public EngineLimits Limits { get; init; } = new();

    /// <summary>Whether only this machine can reach <see cref="Host"/>.</summary>
    public bool IsLocal => Host == "localhost" || System.Net.IPAddress.TryParse(Host, out var address)
        && System.Net.IPAddress.IsLoopback(address);
}
