namespace Mezcla.Weights.Tokenizers;

/// <summary>What a step of a <see cref="RunePattern"/> does.</summary>
internal enum PatternOperation
{
    /// <summary>The match ends here.</summary>
    Match,

    /// <summary>Reads a character of a set.</summary>
    Set,

    /// <summary>Goes on elsewhere.</summary>
    Jump,

    /// <summary>Tries one way and, if it fails, another.</summary>
    Split,

    /// <summary>Reads what a part matches first, and never less.</summary>
    Atomic,

    /// <summary>Looks whether a part matches from here on.</summary>
    Ahead,

    /// <summary>Looks whether a part of a fixed length matches up to here.</summary>
    Behind,

    /// <summary>The start of the text.</summary>
    TextStart,

    /// <summary>The end of the text.</summary>
    TextEnd,

    /// <summary>The end of the text, or the line end that ends it.</summary>
    LastLineEnd,

    /// <summary>The start of a line.</summary>
    LineStart,

    /// <summary>The end of a line.</summary>
    LineEnd,

    /// <summary>The edge of a word.</summary>
    WordEdge,
}

/// <summary>A step of the program of a <see cref="RunePattern"/>.</summary>
/// <param name="Operation">What it does.</param>
/// <param name="First">How many steps further to go on: the first way of a Split, behind the part of Atomic, Ahead and Behind.</param>
/// <param name="Second">The second way of a Split; the length of the part of Behind.</param>
/// <param name="Negative">Whether a condition has to be false.</param>
/// <param name="Set">The characters.</param>
internal readonly record struct PatternStep(PatternOperation Operation, int First = 0, int Second = 0, bool Negative = false,
    RuneSet? Set = null);
