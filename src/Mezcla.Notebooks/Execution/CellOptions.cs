namespace Mezcla.Notebooks;

/// <summary>Options for running one cell.</summary>
public sealed record CellOptions
{
    /// <summary>The number that errors use for the cell ("Cell 3"). By default the engine counts the cells it runs.</summary>
    public int? Number { get; init; }

    /// <summary>The name that errors use instead of "Cell 3".</summary>
    public string? Name { get; init; }

    /// <summary>The language that a notebook names for the cell, such as <c>fsharp</c>; null for C#. A cell in another language is passed
    /// over with one line that says so.</summary>
    public string? Language { get; init; }

    /// <summary>Whether to leave the value of the last expression unformatted (<see cref="CellResult.Value"/> is null).</summary>
    public bool Silent { get; init; }

    /// <summary>Whether <see cref="Console.ReadLine"/> may ask the user. If false, it throws and the message says why.</summary>
    public bool AllowInput { get; init; } = true;
}
