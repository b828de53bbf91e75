using System.Globalization;
using Mezcla.Notebooks.Running;

namespace Mezcla.Learn.Work;

/// <summary>What the engine of a student may take of the machine.</summary>
public sealed record EngineLimits
{
    /// <summary>The memory that its process may use, in bytes; null for no limit.</summary>
    public long? Memory { get; init; }

    /// <summary>The longest time that one cell may run; null for no limit.</summary>
    public TimeSpan? CellTime { get; init; }

    /// <summary>After which time without use an engine is stopped; null for never.</summary>
    public TimeSpan? Idle { get; init; }

    /// <summary>How to start an engine that keeps its own memory within the limit, where the runtime can.</summary>
    /// <param name="start">How to start one without limits.</param>
    public NotebookProcessStart Of(NotebookProcessStart start)
    {
        ArgumentNullException.ThrowIfNull(start);
        if (Memory is not { } memory)
            return start;
        // The runtime then throws an OutOfMemoryException in the cell, which takes nothing else with it. What is allocated outside of its
        // heap is watched.
        var environment = new Dictionary<string, string?>(start.Environment ?? new Dictionary<string, string?>())
        {
            ["DOTNET_GCHeapHardLimit"] = memory.ToString("x", CultureInfo.InvariantCulture),
        };
        return start with { Environment = environment };
    }
}
