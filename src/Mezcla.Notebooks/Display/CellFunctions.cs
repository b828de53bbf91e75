namespace Mezcla.Notebooks.Cells;

/// <summary>Functions every cell can call by their bare names.</summary>
public static class CellFunctions
{
#pragma warning disable IDE1006 // The name that published C# notebooks call.
    /// <summary>Shows a value below the cell.</summary>
    /// <returns>A handle whose <see cref="DisplayHandle.Update(object?)"/> shows another value in the same place.</returns>
    public static DisplayHandle display(object? value) => Show(Formatter.ToBundle(value));

    /// <summary>Shows a value below the cell in the form of one MIME type.</summary>
    public static DisplayHandle display(object? value, string mimeType) => Show(Formatter.ToBundle(value, mimeType));
#pragma warning restore IDE1006

    internal static DisplayHandle Show(MimeBundle bundle)
    {
        var run = CellRun.Current;
        var id = Guid.NewGuid().ToString("N");
        if (run is null)
            Console.WriteLine(bundle[MimeBundle.PlainText]);
        else
            run.Post(output => output.Display(bundle, id));

        return new DisplayHandle(run, id);
    }
}
