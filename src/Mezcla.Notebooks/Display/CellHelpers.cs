namespace Mezcla.Notebooks.Cells;

/// <summary>Further functions that every cell can call by their bare names: texts, pictures and questions to the user.</summary>
public static class CellHelpers
{
    /// <summary>Creates a LaTeX text with formulas between dollar signs.</summary>
    public static MimeBundle LaTeX(string text) => MimeForms.OfContent(MimeBundle.Latex, text);

    /// <summary>Creates a Markdown text.</summary>
    public static MimeBundle MarkdownText(string text) => MimeForms.OfContent(MimeBundle.Markdown, text);

    /// <summary>Creates a picture from an SVG text.</summary>
    /// <exception cref="ArgumentException">The text is not SVG.</exception>
    public static MimeBundle SVG(string svg) => Pictures.ToBundle(System.Text.Encoding.UTF8.GetBytes(svg), "SVG");

    /// <summary>Creates a picture from the bytes of a PNG, JPEG, GIF, WebP, BMP or SVG file.</summary>
    /// <exception cref="ArgumentException">The bytes have none of these formats.</exception>
    public static MimeBundle ImageBytes(ReadOnlySpan<byte> bytes) => Pictures.ToBundle(bytes, "picture");

    /// <summary>Creates a picture from a file. A relative path refers to the notebook's folder.</summary>
    /// <exception cref="ArgumentException">The file is not a picture that a notebook can show.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static MimeBundle ImageFile(string path)
    {
        var folder = CellRun.Current?.Engine.Folder ?? Environment.CurrentDirectory;
        return Pictures.ToBundle(File.ReadAllBytes(Path.Combine(folder, path)), Path.GetFileName(path));
    }

    /// <summary>Asks the user for a line of text.</summary>
    /// <exception cref="NotSupportedException">The notebook runs without a user who could answer.</exception>
    public static string? ReadLine(string prompt = "") => Ask(prompt, password: false);

    /// <summary>Asks the user for a line of text that is not shown while typed.</summary>
    /// <exception cref="NotSupportedException">The notebook runs without a user who could answer.</exception>
    public static string? ReadPassword(string prompt = "") => Ask(prompt, password: true);

    /// <summary>Removes the output that the cell has shown so far.</summary>
    /// <param name="wait">Whether to remove it only when the next output arrives, which avoids flicker.</param>
    public static void ClearOutput(bool wait = false)
    {
        if (CellRun.Current is { } run)
            run.Post(output => output.Clear(wait));
        else
            OtherHost.Output?.Clear(wait);
    }

    private static string? Ask(string prompt, bool password)
    {
        if (CellRun.Current is { } run)
            return run.ReadLine(prompt, password);

        if (OtherHost.Output is { } output)
            return output.ReadLineAsync(prompt, password, CancellationToken.None).GetAwaiter().GetResult();

        Console.Write(prompt);
        return Console.ReadLine();
    }
}
