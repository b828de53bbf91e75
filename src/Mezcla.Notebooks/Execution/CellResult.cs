namespace Mezcla.Notebooks;

/// <summary>How a cell ended: either it succeeded, with or without a value, or <see cref="Error"/> is set.</summary>
public sealed record CellResult
{
    /// <summary>The value of the cell's last expression, formatted; null when the cell ends in a statement.</summary>
    public MimeBundle? Value { get; init; }

    /// <summary>The same value as an object.</summary>
    public object? ReturnValue { get; init; }

    /// <summary>The error that ended the cell, or null if it succeeded.</summary>
    public CellError? Error { get; init; }

    /// <summary>The compiler's warnings, one line each. The engine does not show them; a host may.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Time from the start of
    /// <see cref="CellEngine.RunAsync(string, ICellOutput, CellOptions?, CancellationToken)"/> to the end.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Whether the cell ran to its end.</summary>
    public bool Succeeded => Error is null;
}
