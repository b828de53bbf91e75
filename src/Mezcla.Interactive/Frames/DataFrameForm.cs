using Mezcla.Notebooks;
using Microsoft.Data.Analysis;

namespace Mezcla.Interactive.Frames;

/// <summary>Shows a data frame as a table: its rows numbered, the types of its columns under the pointer, missing values marked.</summary>
internal static class DataFrameForm
{
    /// <summary>The form of a data frame.</summary>
    public static MimeBundle Of(DataFrame frame)
    {
        var columns = frame.Columns.ToList();
        return TableForm.Of(nameof(DataFrame), [.. columns.Select(Head)], frame.Rows.Count, (row, column) => columns[column][row]);
    }

    private static TableColumn Head(DataFrameColumn column) =>
        new(column.Name, column.DataType, column.NullCount > 0 ? FormattableString.Invariant($"{column.NullCount:N0} null") : "");
}
