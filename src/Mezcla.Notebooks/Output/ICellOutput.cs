namespace Mezcla.Notebooks;

/// <summary>The two streams a cell can print to.</summary>
public enum OutputStream
{
    /// <summary>What <see cref="Console.Out"/> receives.</summary>
    Out,

    /// <summary>What <see cref="Console.Error"/> receives.</summary>
    Error,
}

/// <summary>
/// Where a cell's output goes: a Jupyter front end, a notebook file, a terminal.
/// </summary>
/// <remarks>
/// The engine calls <see cref="Write"/>, <see cref="Display"/>, <see cref="UpdateDisplay"/> and <see cref="Clear"/> from one thread of its
/// own, one call at a time, in the order in which the cell produced them, and delivers everything before the cell's result. An
/// implementation may block for a while (the cell then waits when much is pending); what it throws is dropped. Background work that a cell
/// started may go on writing to the cell's output after the cell has ended.
/// </remarks>
public interface ICellOutput
{
    /// <summary>Text printed to one of the streams; successive prints arrive joined together.</summary>
    void Write(OutputStream stream, string text);

    /// <summary>Something displayed.</summary>
    /// <param name="bundle">What to show.</param>
    /// <param name="displayId">A name under which <see cref="UpdateDisplay"/> may replace it later, or null.</param>
    void Display(MimeBundle bundle, string? displayId);

    /// <summary>Replaces everything shown earlier under the same name, in whichever cell that was.</summary>
    void UpdateDisplay(string displayId, MimeBundle bundle);

    /// <summary>Removes the output the cell has shown so far.</summary>
    /// <param name="wait">Whether to remove it only when the next output arrives, which avoids flicker.</param>
    void Clear(bool wait);

    /// <summary>
    /// Asks the user for a line (<see cref="Console.ReadLine"/>). Called on a thread-pool thread after all earlier output was delivered.
    /// </summary>
    /// <param name="prompt">What to show beside the input field; may be empty.</param>
    /// <param name="password">Whether what is typed should stay hidden.</param>
    /// <param name="cancellation">Cancelled when the cell is interrupted.</param>
    /// <returns>The line without its end, or null at the end of input.</returns>
    /// <exception cref="NotSupportedException">There is nobody to ask; the message says so to the user.</exception>
    Task<string?> ReadLineAsync(string prompt, bool password, CancellationToken cancellation);
}
