namespace Mezcla.Notebooks;

/// <summary>A directive could not be carried out; the message says what to do.</summary>
internal sealed class DirectiveException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The line in the cell, counted from 1, or null until it is known.</summary>
    public int? Line { get; set; }
}
