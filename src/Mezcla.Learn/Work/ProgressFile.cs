using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Cells;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Learn.Work;

/// <summary>How far a student is in a chapter.</summary>
/// <param name="CellsRun">Cells of the chapter that the student has run.</param>
/// <param name="Cells">Cells of the chapter that can be run.</param>
/// <param name="Solved">Exercises whose checks all passed, and questions answered.</param>
/// <param name="Tasks">Exercises and questions of the chapter.</param>
public sealed record ChapterProgress(int CellsRun, int Cells, int Solved, int Tasks);

/// <summary>What a student has run, answered and solved, in the file <c>progress.json</c> of the student's folder.</summary>
/// <param name="folder">The student's folder.</param>
public sealed class ProgressFile(string folder)
{
    private readonly Lock _lock = new();
    private readonly string _file = Path.Combine(folder, "progress.json");
    private JsonObject? _all;

    /// <summary>Notes that a cell ran without an error, and what it showed.</summary>
    /// <param name="chapter">The chapter's name.</param>
    /// <param name="cell">The cell, with its outputs.</param>
    public void Ran(string chapter, NotebookCell cell)
    {
        ArgumentNullException.ThrowIfNull(cell);
        Note(chapter, "run", cell.Id);
        foreach (var output in cell.Outputs.OfType<DisplayOutput>())
        {
            if (output.Bundle[Exercise.MimeType] is { } json && JsonNode.Parse(json) is JsonObject exercise
                && exercise["solved"]?.GetValueKind() == JsonValueKind.True)
                Note(chapter, "solved", cell.Id);
        }
    }

    /// <summary>Notes that the right answer to a cell's question was opened.</summary>
    /// <param name="chapter">The chapter's name.</param>
    /// <param name="cell">The cell's id.</param>
    public void Answered(string chapter, string cell) => Note(chapter, "solved", cell);

    /// <summary>How far the student is in a chapter.</summary>
    /// <param name="chapter">The chapter's name.</param>
    /// <param name="original">The chapter as the course has it, with its outputs.</param>
    public ChapterProgress Of(string chapter, Notebook original)
    {
        ArgumentNullException.ThrowIfNull(original);
        var cells = original.Cells.Where(c => c.Kind == CellKind.Code && c.Source.Trim().Length > 0).ToList();
        var tasks = cells.Where(HasTask).ToList();
        lock (_lock)
        {
            var (run, solved) = (Ids(chapter, "run"), Ids(chapter, "solved"));
            return new(cells.Count(c => run.Contains(c.Id)), cells.Count, tasks.Count(c => solved.Contains(c.Id)), tasks.Count);
        }
    }

    private static bool HasTask(NotebookCell cell) => cell.Outputs.OfType<DisplayOutput>()
        .Any(o => o.Bundle[Exercise.MimeType] is not null || o.Bundle[Question.MimeType] is not null);

    private HashSet<string> Ids(string chapter, string what) =>
        [.. (Read()[chapter]?[what] as JsonArray ?? []).Select(id => id?.ToString() ?? "")];

    private void Note(string chapter, string what, string cell)
    {
        lock (_lock)
        {
            if (Ids(chapter, what).Contains(cell))
                return;
            if (Read()[chapter] is not JsonObject of)
                Read()[chapter] = of = [];
            if (of[what] is not JsonArray ids)
                of[what] = ids = [];
            ids.Add(cell);
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
                File.WriteAllText(_file + ".tmp", Read().ToJsonString(new() { WriteIndented = true }));
                File.Move(_file + ".tmp", _file, overwrite: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Progress is kept in memory; that the chapter itself cannot be saved is reported there.
            }
        }
    }

    private JsonObject Read()
    {
        if (_all is not null)
            return _all;
        try
        {
            _all = File.Exists(_file) ? JsonNode.Parse(File.ReadAllText(_file)) as JsonObject : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            // A damaged file of progress is not worth a refusal: it begins anew.
        }
        return _all ??= [];
    }
}
