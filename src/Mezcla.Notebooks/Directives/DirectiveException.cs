namespace Mezcla.Notebooks;

/// <summary>A directive could not be carried out; the message says what to do.</summary>
internal sealed class DirectiveException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Line in the cell, from 1, once known.</summary>
    public int? Line { get; set; }
}
