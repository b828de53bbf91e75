namespace Mezcla.Notebooks.Cells;

/// <summary>Extension methods that show a value at the end of an expression.</summary>
public static class DisplayExtensions
{
    /// <summary>Shows a value below the cell.</summary>
    public static DisplayHandle Display<T>(this T value) => CellFunctions.display(value);

    /// <summary>Shows a value below the cell in the form of one MIME type.</summary>
    public static DisplayHandle Display<T>(this T value, string mimeType) => CellFunctions.display(value, mimeType);

    /// <summary>Shows a value below the cell in one MIME type. A string is assumed to be content of that type already.</summary>
    public static DisplayHandle DisplayAs<T>(this T value, string mimeType) => CellFunctions.display(value, mimeType);

    /// <summary>Shows a list as a table below the cell: a row for each object, a column for each property.</summary>
    public static DisplayHandle DisplayTable<T>(this IEnumerable<T> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return CellFunctions.display((FormatterSet.Current ?? FormatterSet.Shared).Table(source) as object ?? source);
    }
}
