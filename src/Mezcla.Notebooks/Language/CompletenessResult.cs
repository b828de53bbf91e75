namespace Mezcla.Notebooks;

/// <summary>Whether a piece of code can be run as it stands.</summary>
public enum Completeness
{
    /// <summary>It can be run.</summary>
    Complete,

    /// <summary>More lines are needed: an open bracket, string or statement.</summary>
    Incomplete,

    /// <summary>No further line would make it valid.</summary>
    Invalid,

    /// <summary>It could not be decided.</summary>
    Unknown,
}

/// <summary>Answer of <see cref="CellEngine.IsComplete"/>.</summary>
/// <param name="Status">Whether the code can be run.</param>
/// <param name="Indent">Spaces to start the next line with when the code is incomplete.</param>
public sealed record CompletenessResult(Completeness Status, string Indent = "");
