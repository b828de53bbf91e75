namespace Mezcla.Notebooks.Cells;

/// <summary>Functions every cell can call by their bare names.</summary>
public static class CellFunctions
{
#pragma warning disable IDE1006 // The name that published C# notebooks call.
    /// <summary>Shows a value below the cell.</summary>
    /// <returns>A handle whose <see cref="DisplayHandle.Update(object?)"/> shows another value in the same place.</returns>
    public static DisplayHandle display(object? value) => Show(Formatter.ToBundle(value));

    /// <summary>Shows a value below the cell in the form of one MIME type, which a string is taken to be already.</summary>
    /// <returns>A handle whose <see cref="DisplayHandle.Update(object?)"/> shows another value in the same place.</returns>
    public static DisplayHandle display(object? value, string mimeType) =>
        Show(value is string text ? MimeForms.OfContent(mimeType, text) : Formatter.ToBundle(value, mimeType));
#pragma warning restore IDE1006

    /// <summary>HTML, to be the value of a cell or to be displayed; it is not encoded.</summary>
    public static MimeBundle HTML(string html) => MimeForms.OfContent(MimeBundle.Html, html);

    /// <summary>A script for the front end to run.</summary>
    public static MimeBundle Javascript(string script) => MimeForms.OfContent(MimeBundle.JavaScript, script);

    /// <summary>A text in LaTeX, mathematics between dollar signs.</summary>
    public static MimeBundle LaTeX(string text) => MimeForms.OfContent(MimeBundle.Latex, text);

    /// <summary>A text in Markdown.</summary>
    public static MimeBundle MarkdownText(string text) => MimeForms.OfContent(MimeBundle.Markdown, text);

    /// <summary>An SVG drawing.</summary>
    /// <exception cref="ArgumentException">The text is no SVG.</exception>
    public static MimeBundle SVG(string svg) => Pictures.ToBundle(System.Text.Encoding.UTF8.GetBytes(svg), "SVG");

    /// <summary>A picture from the bytes of a PNG, JPEG, GIF, WebP, BMP or SVG file.</summary>
    /// <exception cref="ArgumentException">The bytes are none of these.</exception>
    public static MimeBundle ImageBytes(ReadOnlySpan<byte> bytes) => Pictures.ToBundle(bytes, "picture");

    /// <summary>A picture from a file; a relative path starts at the notebook's folder.</summary>
    /// <exception cref="ArgumentException">The file is not a picture a notebook can show.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static MimeBundle ImageFile(string path)
    {
        var folder = CellRun.Current?.Engine.Folder ?? Environment.CurrentDirectory;
        return Pictures.ToBundle(File.ReadAllBytes(Path.Combine(folder, path)), Path.GetFileName(path));
    }

    /// <summary>Asks the user for a line of text.</summary>
    /// <exception cref="NotSupportedException">Nobody can answer: the notebook runs by itself.</exception>
    public static string? ReadLine(string prompt = "") => Ask(prompt, password: false);

    /// <summary>Asks the user for a line of text that is not shown while typed.</summary>
    /// <exception cref="NotSupportedException">Nobody can answer: the notebook runs by itself.</exception>
    public static string? ReadPassword(string prompt = "") => Ask(prompt, password: true);

    /// <summary>Removes what the cell has shown so far.</summary>
    /// <param name="wait">Whether to remove it only when the next output arrives, which avoids flicker.</param>
    public static void ClearOutput(bool wait = false) => CellRun.Current?.Post(output => output.Clear(wait));

    internal static DisplayHandle Show(MimeBundle bundle)
    {
        var run = CellRun.Current;
        var id = Guid.NewGuid().ToString("N");
        if (run is null)
            Console.WriteLine(MimeForms.PlainOf(bundle));
        else
            run.Post(output => output.Display(bundle, id));

        return new DisplayHandle(run, id);
    }

    private static string? Ask(string prompt, bool password)
    {
        if (CellRun.Current is { } run)
            return run.ReadLine(prompt, password);

        Console.Write(prompt);
        return Console.ReadLine();
    }
}
