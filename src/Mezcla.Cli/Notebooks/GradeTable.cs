using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Notebooks.Cells;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Cli.Notebooks;

/// <summary>One row of the table of grades.</summary>
/// <param name="Notebook">The notebook, as a path below the folder that holds them all.</param>
/// <param name="Exercise">The exercise's title; empty if the notebook shows none.</param>
/// <param name="Passed">Number of checks that passed.</param>
/// <param name="Checks">Number of checks.</param>
/// <param name="Note">What else to know, such as the first cell that failed.</param>
internal sealed record GradeRow(string Notebook, string Exercise, int Passed, int Checks, string Note);

/// <summary>The results of exercises as the rows of a table, and the table as CSV.</summary>
internal static class GradeTable
{
    /// <summary>The rows of a notebook that ran: one for each exercise that it shows, or one that says that it shows none.</summary>
    /// <param name="name">The name of the notebook in the table.</param>
    /// <param name="notebook">The notebook with its outputs.</param>
    public static IReadOnlyList<GradeRow> Rows(string name, Notebook notebook)
    {
        var failed =
            notebook.Cells.SelectMany(c => c.Outputs.OfType<ErrorOutput>()
                .Select(e => $"cell {c.ExecutionCount}: {e.Name}: {e.Message.Split('\n')[0]}")).FirstOrDefault() ?? "";
        // A cell may show an exercise twice; the last result counts.
        var results = notebook.Cells.SelectMany(c => c.Outputs).OfType<DisplayOutput>()
            .Select(o => o.Bundle[Exercise.MimeType]).OfType<string>().Select(Result).OfType<(string Title, int Passed, int Checks)>()
            .GroupBy(result => result.Title).Select(g => g.Last()).ToList();
        return results.Count == 0
            ? [new(name, "", 0, 0, failed.Length > 0 ? failed : "no exercises")]
            : [.. results.Select(result => new GradeRow(name, result.Title, result.Passed, result.Checks, failed))];
    }

    /// <summary>The row of a file that could not be run.</summary>
    /// <param name="name">The name of the file in the table.</param>
    /// <param name="reason">Why it could not be run.</param>
    public static GradeRow Unreadable(string name, string reason) => new(name, "", 0, 0, $"not graded: {reason}");

    /// <summary>The table as comma-separated values, with every text in quotation marks.</summary>
    public static string ToCsv(IEnumerable<GradeRow> rows)
    {
        return "notebook,exercise,passed,checks,note\n" +
            string.Concat(rows.Select(r => $"{Quoted(r.Notebook)},{Quoted(r.Exercise)},{r.Passed},{r.Checks},{Quoted(r.Note)}\n"));

        // Titles and messages come from students. A spreadsheet would execute a text that
        // begins like a formula, so an apostrophe goes before it.
        static string Quoted(string text) =>
            $"\"{(text is ['=' or '+' or '-' or '@', ..] ? "'" : "")}{text.Replace("\"", "\"\"").ReplaceLineEndings(" ")}\"";
    }

    /// <summary>The result that an exercise left in the notebook; null if a student wrote something else under its MIME type.</summary>
    private static (string Title, int Passed, int Checks)? Result(string json)
    {
        try
        {
            var result = JsonNode.Parse(json)!.AsObject();
            return (result["title"]!.GetValue<string>(), result["passed"]!.GetValue<int>(), result["checks"]!.GetValue<int>());
        }
        catch (Exception e)
            when (e is JsonException or InvalidOperationException or FormatException or NullReferenceException or ArgumentException)
        {
            return null;
        }
    }
}
