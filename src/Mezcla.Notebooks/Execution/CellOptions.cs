namespace Mezcla.Notebooks;

/// <summary>How one cell is to be run.</summary>
public sealed record CellOptions
{
    /// <summary>The number shown beside the cell and used in its errors ("Cell 3"); by default the engine counts.</summary>
    public int? Number { get; init; }

    /// <summary>A name for errors in place of "Cell 3".</summary>
    public string? Name { get; init; }

    /// <summary>Whether to leave the value of the last expression unformatted (<see cref="CellResult.Value"/> is null).</summary>
    public bool Silent { get; init; }

    /// <summary>Whether <see cref="Console.ReadLine"/> may ask the user; when not, it fails with a message that says so.</summary>
    public bool AllowInput { get; init; } = true;
}
