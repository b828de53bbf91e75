using Mezcla.Learn.Work;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Learn.Tests;

/// <summary>The student's copies: the course's own files are never written, and nothing of the student's is ever lost.</summary>
public sealed class StudentFolderTests : IDisposable
{
    private readonly Classroom _room = new();

    public void Dispose() => _room.Dispose();

    [Fact]
    public void A_chapter_is_copied_when_it_is_opened_and_the_original_stays()
    {
        var original = File.ReadAllText(_room.Course.FileOf(Classroom.Chapter));
        var folder = new StudentFolder(_room.Folder, _room.Course);
        var copy = folder.Open(Classroom.Chapter, out var notice);
        Assert.Null(notice);
        Assert.Equal(original, File.ReadAllText(_room.Copy));
        copy.Cells[1].Source = "1";
        Assert.Null(folder.Save(Classroom.Chapter, copy));
        Assert.Equal(original, File.ReadAllText(_room.Course.FileOf(Classroom.Chapter)));
        Assert.Equal("1", new StudentFolder(_room.Folder, _room.Course).Open(Classroom.Chapter, out _).Cells[1].Source);
    }

    [Fact]
    public void A_version_that_another_program_saved_is_kept_beside()
    {
        var folder = new StudentFolder(_room.Folder, _room.Course);
        var copy = folder.Open(Classroom.Chapter, out _);
        var theirs = Notebook.Read(_room.Copy);
        theirs.Cells[1].Source = "written in Jupyter";
        theirs.Write(_room.Copy);
        copy.Cells[1].Source = "written here";
        var kept = folder.Save(Classroom.Chapter, copy);
        Assert.Equal("written in Jupyter", Notebook.Read(Path.Combine(_room.Folder, kept!)).Cells[1].Source);
        Assert.Equal("written here", Notebook.Read(_room.Copy).Cells[1].Source);
        Assert.Null(folder.Save(Classroom.Chapter, copy));
    }

    [Theory]
    [InlineData("{\"cells\": [")]
    [InlineData("")]
    [InlineData("not a notebook")]
    public void A_damaged_copy_is_kept_and_replaced(string text)
    {
        Directory.CreateDirectory(_room.Folder);
        File.WriteAllText(_room.Copy, text);
        var notebook = new StudentFolder(_room.Folder, _room.Course).Open(Classroom.Chapter, out var notice);
        Assert.Equal(6, notebook.Cells.Count);
        var kept = Assert.Single(Directory.GetFiles(_room.Folder, "*.damaged-*"));
        Assert.Equal(text, File.ReadAllText(kept));
        Assert.Contains(Path.GetFileName(kept), notice);
    }

    [Fact]
    public void Progress_survives_a_damaged_file_and_counts_only_the_courses_cells()
    {
        var original = _room.Course.Read(Classroom.Chapter);
        var progress = new ProgressFile(_room.Folder);
        Assert.Equal(new(0, 5, 0, 0), progress.Of(Classroom.Chapter, original));
        progress.Ran(Classroom.Chapter, original.Cells[1]);
        progress.Ran(Classroom.Chapter, original.Cells[1]);
        progress.Ran(Classroom.Chapter, new(CellKind.Code, "1", "of-my-own"));
        Assert.Equal(1, new ProgressFile(_room.Folder).Of(Classroom.Chapter, original).CellsRun);
        File.WriteAllText(Path.Combine(_room.Folder, "progress.json"), "{");
        Assert.Equal(0, new ProgressFile(_room.Folder).Of(Classroom.Chapter, original).CellsRun);
    }
}
