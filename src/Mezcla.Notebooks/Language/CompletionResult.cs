namespace Mezcla.Notebooks;

/// <summary>One way to complete what stands before the cursor.</summary>
/// <param name="Text">What to insert.</param>
/// <param name="Kind">What it is: method, property, field, event, class, struct, interface,
/// enum, delegate, namespace, variable, keyword, directive, path.</param>
/// <param name="Signature">Its declaration in one line; may be empty.</param>
public sealed record Completion(string Text, string Kind, string Signature = "");

/// <summary>Answers of <see cref="CellEngine.CompleteAsync"/>.</summary>
/// <param name="Start">Where the text to replace begins, in UTF-16 units.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Items">The candidates, best first.</param>
public sealed record CompletionResult(int Start, int End, IReadOnlyList<Completion> Items);
