namespace Mezcla.Notebooks;

/// <summary>One possible completion at the cursor.</summary>
/// <param name="Text">The text to insert.</param>
/// <param name="Kind">What it is: method, property, field, event, class, struct, interface,
/// enum, delegate, namespace, variable, keyword, directive, path.</param>
/// <param name="Signature">The declaration in one line; may be empty.</param>
public sealed record Completion(string Text, string Kind, string Signature = "");

/// <summary>The result of <see cref="CellEngine.CompleteAsync"/>.</summary>
/// <param name="Start">The start of the text to replace, in UTF-16 units.</param>
/// <param name="End">The end of the text to replace.</param>
/// <param name="Items">The candidates, best first.</param>
public sealed record CompletionResult(int Start, int End, IReadOnlyList<Completion> Items);
