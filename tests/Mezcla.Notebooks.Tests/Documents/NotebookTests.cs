using System.Diagnostics;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Notebooks.Tests.Documents;

public class NotebookTests
{
    [Fact]
    public void A_notebook_is_written_as_jupyter_writes_it()
    {
        var notebook = Notebook.ForCSharp();
        notebook.Metadata.Clear();
        notebook.Cells.Add(new(CellKind.Markdown, "# Título\nsecond", "intro"));
        var code = new NotebookCell(CellKind.Code, "1 + 1", "sum") { ExecutionCount = 1 };
        code.Outputs.Add(new StreamOutput(OutputStream.Out, "a\nb"));
        code.Outputs.Add(new DisplayOutput(new(MimeBundle.PlainText, "2"), 1, IsResult: true));
        notebook.Cells.Add(code);
        const string expected = """
            {
             "cells": [
              {
               "cell_type": "markdown",
               "id": "intro",
               "metadata": {},
               "source": [
                "# Título\n",
                "second"
               ]
              },
              {
               "cell_type": "code",
               "execution_count": 1,
               "id": "sum",
               "metadata": {},
               "outputs": [
                {
                 "name": "stdout",
                 "output_type": "stream",
                 "text": [
                  "a\n",
                  "b"
                 ]
                },
                {
                 "data": {
                  "text/plain": [
                   "2"
                  ]
                 },
                 "execution_count": 1,
                 "metadata": {},
                 "output_type": "execute_result"
                }
               ],
               "source": [
                "1 + 1"
               ]
              }
             ],
             "metadata": {},
             "nbformat": 4,
             "nbformat_minor": 5
            }

            """;
        Assert.Equal(expected.ReplaceLineEndings("\n"), notebook.ToJson());
    }

    [Property(MaxTest = 200)]
    public FsCheck.Property Reading_what_was_written_and_writing_it_again_changes_nothing() =>
        Prop.ForAll(Notebooks().ToArbitrary(), notebook =>
        {
            var text = notebook.ToJson();
            Assert.Equal(text, Notebook.Parse(text).ToJson());
        });

    [Fact]
    public void Jupyters_own_library_finds_the_notebooks_valid_and_writes_the_same_bytes()
    {
        const string python = "/usr/bin/python3";
        if (!File.Exists(python) || Run(python, "-c", "import nbformat").Code != 0)
            Assert.Skip("Debian's python3-nbformat is not installed.");
        var folder = Directory.CreateTempSubdirectory("mezcla");
        try
        {
            var notebooks = Gen.Sample(Notebooks(), 40, 25).ToArray();
            for (var i = 0; i < notebooks.Length; i++)
                notebooks[i].Write(Path.Combine(folder.FullName, $"{i}.ipynb"));
            var (code, output) = Run(python, "-c", """
                import nbformat, pathlib, sys
                for path in pathlib.Path(sys.argv[1]).glob("*.ipynb"):
                    text = path.read_bytes().decode("utf-8")
                    notebook = nbformat.reads(text, as_version=4)
                    nbformat.validate(notebook)
                    again = nbformat.writes(notebook)
                    if not again.endswith("\n"):
                        again += "\n"
                    for ours, theirs in zip(text.split("\n"), again.split("\n")):
                        assert ours == theirs, f"{path.name}: {ours!r} is {theirs!r}"
                    assert again == text, path.name
                """, folder.FullName);
            Assert.True(code == 0, output);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void What_is_not_known_is_kept_and_what_is_transient_is_not()
    {
        const string json = """
            {"cells": [{"cell_type": "code", "id": "a", "metadata": {"mine": [1, 2.50, 1e3], "trusted": true}, "source": "x",
               "outputs": [{"output_type": "hologram", "depth": 3}], "execution_count": null, "future": {}}],
             "metadata": {"custom": {"deep": true}, "signature": "x"}, "nbformat": 4, "nbformat_minor": 7, "more": 1}
            """;
        var text = Notebook.Parse(json).ToJson();
        var read = JsonNode.Parse(text)!;
        Assert.Contains("\"deep\": true", text);
        Assert.Contains("2.5,", text);
        Assert.Contains("1000.0", text);
        Assert.Contains("\"depth\": 3", text);
        Assert.Contains("\"future\": {}", text);
        Assert.Contains("\"more\": 1", text);
        Assert.DoesNotContain("trusted", text);
        Assert.DoesNotContain("signature", text);
        Assert.Equal(7, read["nbformat_minor"]!.GetValue<int>());
    }

    [Fact]
    public void Older_cells_without_ids_get_the_same_ids_every_time()
    {
        const string json = """
            {"cells": [{"cell_type": "code", "metadata": {}, "source": ["a\n", "b"], "outputs": [], "execution_count": 1},
               {"cell_type": "code", "metadata": {}, "source": "a\nb", "outputs": [], "execution_count": 1}],
             "metadata": {}, "nbformat": 4, "nbformat_minor": 2}
            """;
        var (one, two) = (Notebook.Parse(json), Notebook.Parse(json));
        Assert.Equal("a\nb", one.Cells[0].Source);
        Assert.NotEqual(one.Cells[0].Id, one.Cells[1].Id);
        Assert.Equal(one.Cells.Select(c => c.Id), two.Cells.Select(c => c.Id));
    }

    [Theory]
    [InlineData("", "is not JSON")]
    [InlineData("{\n \"cells\": [,]}", "is not JSON: line 2")]
    [InlineData("[]", "it is not a JSON object")]
    [InlineData("{}", "it has no 'nbformat'")]
    [InlineData("""{"nbformat": 3, "worksheets": []}""", "its nbformat is 3")]
    [InlineData("""{"nbformat": "four", "cells": []}""", "not a notebook of nbformat 4")]
    [InlineData("""{"nbformat": 4}""", "it has no list 'cells'")]
    [InlineData("""{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x"}, 3]}""", "cell 2: it is not a JSON object")]
    [InlineData("""{"nbformat": 4, "cells": [{"cell_type": "spreadsheet", "source": "x"}]}""", "cell 1: its cell_type is 'spreadsheet'")]
    [InlineData("""{"nbformat": 4, "cells": [{"cell_type": "code"}]}""", "cell 1: it has no 'source'")]
    [InlineData("""{"nbformat": 4, "cells": [{"cell_type": "code", "source": [1]}]}""", "cell 1:")]
    [InlineData("""{"nbformat": 4, "nbformat": 4, "cells": []}""", "not a notebook of nbformat 4")]
    [InlineData("""{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x", "outputs": [{"output_type": "display_data"}]}]}""",
        "an output has no 'data'")]
    public void A_file_that_is_no_notebook_says_why(string json, string why)
    {
        var error = Assert.Throws<InvalidDataException>(() => Notebook.Parse(json, "'x.ipynb'"));
        Assert.StartsWith("'x.ipynb' is not", error.Message);
        Assert.Contains(why, error.Message);
    }

    [Property(MaxTest = 300)]
    public void No_text_makes_reading_crash(string text)
    {
        var broken = """
            {"nbformat": 4, "metadata": {},
             "cells": [{"cell_type": "code", "id": "a", "source": ["x"], "metadata": {}, "outputs": []}]}
            """;
        var at = Math.Abs((text ?? "").GetHashCode() % broken.Length);
        foreach (var json in new[] { text ?? "", broken.Insert(at, text ?? ""), broken[..at],
            broken.Remove(at, Math.Min(3, broken.Length - at)) })
        {
            try
            {
                Notebook.Parse(json);
            }
            catch (InvalidDataException e)
            {
                Assert.NotEqual("", e.Message);
            }
        }
    }

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(1.0, "1.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(1e16, "1e+16")]
    [InlineData(9007199254740993.0, "9007199254740992.0")]
    [InlineData(123456789012345680.0, "1.2345678901234568e+17")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(1.5e-7, "1.5e-07")]
    [InlineData(1e300, "1e+300")]
    [InlineData(-1234.5, "-1234.5")]
    public void Numbers_are_written_as_python_writes_them(double value, string text) =>
    Assert.Equal(text, PythonJson.Write(JsonValue.Create(value)));

    [Fact]
    public void Lines_are_split_where_python_splits_them() =>
        Assert.Equal(["a\r\n", "b\r", "c\u2028", "d\f", "\n", "e"], PythonJson.SplitLines("a\r\nb\rc\u2028d\f\ne"));

    [Fact]
    public void Writing_replaces_a_file_whole()
    {
        var folder = Directory.CreateTempSubdirectory("mezcla");
        try
        {
            var path = Path.Combine(folder.FullName, "new", "a.ipynb");
            Notebook.ForCSharp().Write(path);
            Notebook.ForCSharp().Write(path);
            Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
            Assert.StartsWith("{\n \"cells\": [],", File.ReadAllText(path));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("<div>same</div>", true, false)]
    [InlineData("<div>same</div>", false, true)]
    [InlineData("<div>more</div><script>1</script>", true, true)]
    public void A_picture_is_kept_once(string html, bool hasSvg, bool htmlIsKept)
    {
        var forms = new Dictionary<string, string> { [MimeBundle.Html] = html, [MimeBundle.PlainText] = "same" };
        if (hasSvg)
            forms[MimeBundle.Svg] = "<svg/>";
        var notebook = Notebook.ForCSharp();
        var cell = new NotebookCell(CellKind.Code, "chart");
        cell.Outputs.Add(new StreamOutput(OutputStream.Out, "printed"));
        cell.Outputs.Add(new DisplayOutput(new MimeBundle(forms), 3, IsResult: true));
        notebook.Cells.Add(cell);

        notebook.KeepEachPictureOnce();

        var result = Assert.IsType<DisplayOutput>(cell.Outputs[1]);
        Assert.Equal(htmlIsKept, result.Bundle[MimeBundle.Html] is not null);
        Assert.Equal(hasSvg, result.Bundle[MimeBundle.Svg] is not null);
        Assert.Equal(("same", 3, true), (result.Bundle[MimeBundle.PlainText], result.ExecutionCount, result.IsResult));
    }

    private static Gen<Notebook> Notebooks()
    {
        var text = ArbMap.Default.GeneratorFor<NonNull<string>>()
            .Select(s => string.Concat(s.Get.EnumerateRunes().Where(r => r != System.Text.Rune.ReplacementChar).Select(r => r.ToString())) +
                "\nlast 😀\t\"\\\u2028é");
        var bundle = from plain in text
                     from image in Gen.Elements("iVBORw0KGgo=", "AAAA")
                     from number in ArbMap.Default.GeneratorFor<NormalFloat>()
                     select new MimeBundle(new Dictionary<string, string>
                     {
                         [MimeBundle.PlainText] = plain,
                         ["image/svg+xml"] = $"<svg>\n{plain}</svg>",
                         ["image/png"] = image,
                         ["application/vnd.plotly.v1+json"] = new JsonObject
                         {
                             ["data"] = new JsonArray(number.Get, 1, null, true),
                             ["t"] = plain
                         }.ToJsonString(),
                     }, new JsonObject { ["image/png"] = new JsonObject { ["width"] = 3 } });
        var output = Gen.OneOf(
            text.Select(t => (NotebookOutput)new StreamOutput(OutputStream.Error, t)),
            bundle.Select(b => (NotebookOutput)new DisplayOutput(b)),
            bundle.Select(b => (NotebookOutput)new DisplayOutput(b, 3, IsResult: true)),
            text.Select(t => (NotebookOutput)new ErrorOutput("E", t, [t, "second"])));
        var cell = from kind in Gen.Elements(CellKind.Code, CellKind.Markdown, CellKind.Raw)
                   from source in text
                   from outputs in Gen.ListOf(output)
                   select Make(kind, source, outputs);
        return Gen.ListOf(cell).Select(cells =>
        {
            var notebook = Notebook.ForCSharp();
            for (var i = 0; i < cells.Count; i++)
            {
                notebook.Cells.Add(cells[i]);
                cells[i].Id = $"cell-{i}";
            }
            return notebook;
        });

        static NotebookCell Make(CellKind kind, string source, IEnumerable<NotebookOutput> outputs)
        {
            var cell = new NotebookCell(kind, source) { Metadata = new JsonObject { ["tags"] = new JsonArray("b", "a"), ["n"] = 1.5 } };
            if (kind == CellKind.Code)
            {
                cell.Outputs.AddRange(outputs);
                cell.ExecutionCount = outputs.Any() ? 3 : null;
            }
            return cell;
        }
    }

    private static (int Code, string Output) Run(string program, params string[] arguments)
    {
        using var process =
            Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + error.Result);
    }
}
