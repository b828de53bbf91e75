namespace Mezcla.Notebooks.Cells;

/// <summary>Functions that every cell can call by their bare names, and that other C# kernels have as well.</summary>
public static class CellFunctions
{
#pragma warning disable IDE1006 // Published C# notebooks call this function by its lower-case name.
    /// <summary>Shows a value below the cell.</summary>
    /// <returns>A handle whose <see cref="DisplayHandle.Update(object?)"/> shows another value in the same place.</returns>
    public static DisplayHandle display(object? value) => Show(Formatter.ToBundle(value));

    /// <summary>Shows a value below the cell in one MIME type. A string is assumed to be content of that type already.</summary>
    /// <returns>A handle whose <see cref="DisplayHandle.Update(object?)"/> shows another value in the same place.</returns>
    public static DisplayHandle display(object? value, string mimeType) =>
        Show(value is string text ? MimeForms.OfContent(mimeType, text) : Formatter.ToBundle(value, mimeType));
#pragma warning restore IDE1006

    /// <summary>Creates HTML that can be the value of a cell or be displayed. The text is not encoded.</summary>
    public static MimeBundle HTML(string html) => MimeForms.OfContent(MimeBundle.Html, html);

    /// <summary>Creates a script that the front end runs when it is displayed.</summary>
    public static MimeBundle Javascript(string script) => MimeForms.OfContent(MimeBundle.JavaScript, script);

    internal static DisplayHandle Show(MimeBundle bundle)
    {
        var run = CellRun.Current;
        var id = Guid.NewGuid().ToString("N");
        if (run is not null)
            run.Post(output => output.Display(bundle, id));
        else if (OtherHost.Output is { } output)
            output.Display(bundle, id);
        else
            Console.WriteLine(MimeForms.PlainOf(bundle));

        return new DisplayHandle(run, id);
    }
}
