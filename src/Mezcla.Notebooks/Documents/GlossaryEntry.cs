namespace Mezcla.Notebooks.Documents;

/// <summary>A term that a notebook defines.</summary>
/// <param name="Anchor">Its anchor in the glossary, such as "cross-entropy".</param>
/// <param name="Term">The term as the definition writes it.</param>
/// <param name="Sentence">The sentence that defines it, in Markdown.</param>
/// <param name="File">The file name of the notebook.</param>
/// <param name="Title">The title of the notebook.</param>
public sealed record GlossaryEntry(string Anchor, string Term, string Sentence, string File, string Title);
