namespace Mezcla.Notebooks;

/// <summary>One way to complete what stands before the cursor.</summary>
/// <param name="Text">What to insert.</param>
/// <param name="Kind">What it is: method, property, field, event, class, struct, interface, enum, delegate, namespace, variable, keyword, directive, path.</param>
/// <param name="Signature">Its declaration in one line; may be empty.</param>
public sealed record Completion(string Text, string Kind, string Signature = "");

/// <summary>Answers of <see cref="CellEngine.CompleteAsync"/>.</summary>
/// <param name="Start">Where the text to replace begins, in UTF-16 units.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Items">The candidates, best first.</param>
public sealed record CompletionResult(int Start, int End, IReadOnlyList<Completion> Items);

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

/// <summary>A variable that cells declared.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its declared type.</param>
/// <param name="Value">Its present value.</param>
public sealed record CellVariable(string Name, Type Type, object? Value);
