using System.Globalization;
using System.Net;
using System.Text;
using Mezcla.Learn.Work;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;

namespace Mezcla.Learn.Pages;

/// <summary>The pages of <c>mezcla learn</c>: the cover, a chapter, a page of prose, and the form that asks for the password.</summary>
public static class LearnPage
{
    private const string Bar = """
        <header class="bar" role="toolbar" aria-label="Notebook">
        <a class="home" href="/">Chapters</a>
        <button type="button" data-do="run-all" disabled title="Run all cells, from top to bottom">▶▶ <span>Run all</span></button>
        <button type="button" data-do="interrupt" disabled title="Interrupt the running cell (i i)">■ <span>Interrupt</span></button>
        <button type="button" data-do="restart" disabled title="Restart: forget all variables (0 0)">↻ <span>Restart</span></button>
        <button type="button" data-do="insert" disabled title="Insert a cell below (b)">+ <span>Cell</span></button>
        <button type="button" data-do="keys" disabled title="Keys (h)">⌨ <span>Keys</span></button>
        <output class="engine" aria-live="polite"></output>
        <output class="saved" aria-live="polite"></output>
        </header>
        """;

    /// <summary>The page of a chapter.</summary>
    /// <param name="work">The student's work on it.</param>
    /// <param name="course">The course.</param>
    /// <param name="name">The chapter's name.</param>
    public static string Chapter(ChapterWork work, CourseFolder course, string name)
    {
        ArgumentNullException.ThrowIfNull(work);
        ArgumentNullException.ThrowIfNull(course);
        var list = course.Chapters.Contains(name) ? course.Chapters : course.Solutions;
        return work.Render((state, cell, html) =>
        {
            var cells = string.Concat(work.Notebook.Cells.Select(cell));
            var contents = NotebookPage.Contents(html.Headings);
            var around = Around(course, list, name);
            var body = $"{Bar}<div id=\"notices\" aria-live=\"polite\">{Notice(work.Notice)}</div>" +
                $"<main id=\"main\" class=\"{(contents.Length > 0 ? "with-contents" : "")}\">{contents}" +
                $"<article id=\"cells\">{around}{cells}{around}</article></main>" + Keys();
            return Document(work.Notebook.Title ?? name, body,
                $" data-chapter=\"{Encode(name)}\" data-state=\"{state}\"", ["editor.js", "learn.js"]);
        });
    }

    /// <summary>The first page: the chapters, and how far the student is in each.</summary>
    /// <param name="cover">What stands above them.</param>
    /// <param name="course">The course.</param>
    /// <param name="progress">The student's progress.</param>
    /// <param name="where">A sentence in Markdown on where the student's work is saved.</param>
    /// <param name="canLeave">Whether there is a button to leave, for the next student at the same computer.</param>
    public static string Cover(SiteCover cover, CourseFolder course, ProgressFile progress, string where, bool canLeave)
    {
        ArgumentNullException.ThrowIfNull(cover);
        ArgumentNullException.ThrowIfNull(course);
        ArgumentNullException.ThrowIfNull(progress);
        var chapters = course.Chapters.Select(name => (Name: name, Notebook: course.Read(name))).ToList();
        var next = chapters.FirstOrDefault(c => progress.Of(c.Name, c.Notebook) is var p && p.CellsRun < p.Cells);
        var html = new StringBuilder("<main id=\"main\"><article class=\"prose\"><header class=\"cover\"><div>" +
            $"<h1>{Encode(cover.Title)}</h1><p class=\"lead\">{Encode(cover.Lead)}</p>");
        if (next.Name is not null)
        {
            var verb = progress.Of(next.Name, next.Notebook).CellsRun > 0 ? "Go on" : "Begin";
            html.Append($"<p><a class=\"begin\" href=\"/chapter/{next.Name}\">{verb} with " +
                $"{Encode(next.Notebook.Title ?? next.Name)}</a></p>");
        }
        html.Append($"<div class=\"folder\">{new MarkdownHtml(null).ToHtml(where)}</div>" +
            $"{(canLeave ? "<form method=\"post\" action=\"/leave\"><button type=\"submit\">Leave</button></form>" : "")}</div>");
        if (cover.Figure.Length > 0)
            html.Append($"<figure>{cover.Figure}<figcaption>{Encode(cover.Caption)}</figcaption></figure>");
        html.Append("</header><h2 id=\"chapters\">Chapters</h2><ol class=\"chapters\">");
        foreach (var (name, notebook) in chapters)
        {
            var p = progress.Of(name, notebook);
            html.Append($"<li><h3><a href=\"/chapter/{name}\">{Encode(notebook.Title ?? name)}</a></h3>" +
                $"<progress value=\"{p.CellsRun}\" max=\"{Math.Max(p.Cells, 1)}\" aria-label=\"cells run\"></progress>" +
                $"<p class=\"ran\">{Of(p.CellsRun, p.Cells)} cells run{(p.Tasks > 0
                    ? $", {Of(p.Solved, p.Tasks)} questions and exercises solved" : "")}</p></li>");
        }
        html.Append("</ol>");
        if (course.Solutions.Count > 0)
        {
            html.Append("<h2 id=\"solutions\">Solutions</h2><p>Try the exercises first: their hints open one by one.</p><ul>");
            foreach (var name in course.Solutions)
                html.Append($"<li><a href=\"/chapter/{name}\">{Encode(course.Read(name).Title ?? name)}</a></li>");
            html.Append("</ul>");
        }
        html.Append("<p><a href=\"/glossary\">Glossary</a></p></article></main>");
        return Document(cover.Title, html.ToString(), "", []);
    }

    /// <summary>A page of prose, such as the glossary, or a message.</summary>
    /// <param name="title">Its title.</param>
    /// <param name="markdown">Its text.</param>
    public static string Prose(string title, string markdown) => Document(title,
        "<header class=\"bar\"><a class=\"home\" href=\"/\">Chapters</a></header><main id=\"main\"><article class=\"prose\">" +
        $"{new MarkdownHtml(null, CellHtml.LinkOf).ToHtml(markdown)}</article></main>", "", []);

    /// <summary>The form that asks for the password, and in a class for a name.</summary>
    /// <param name="isClass">Whether to ask for a name.</param>
    /// <param name="wrong">What was wrong, or null.</param>
    public static string Login(bool isClass, string? wrong = null) => Document("Mezcla",
        "<main id=\"main\"><form class=\"login\" method=\"post\" action=\"/login\"><h1>Mezcla</h1>" +
        (wrong is not null ? $"<p role=\"alert\" class=\"no\">{Encode(wrong)}</p>" : "") +
        (isClass ? "<label>Your name <input name=\"name\" autocomplete=\"username\" maxlength=\"60\" required autofocus></label>" : "") +
        "<label>Password <input type=\"password\" name=\"password\" autocomplete=\"current-password\" required" +
        $"{(isClass ? "" : " autofocus")}></label>" +
        "<button type=\"submit\">Enter</button></form></main>", "", []);

    /// <summary>A page that leads to the first page at once.</summary>
    public const string Door = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="refresh" content="0;url=/">
        <title>Mezcla</title>
        </head>
        <body><p><a href="/">To the course</a></p></body>
        </html>

        """;

    /// <summary>The frame in which the outputs of cells are drawn, apart from the page.</summary>
    public const string Frame = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="color-scheme" content="light dark">
        <title>Output</title>
        <link rel="stylesheet" href="/assets/page.css">
        <link rel="stylesheet" href="/assets/frame.css">
        </head>
        <body><script src="/assets/frame.js"></script></body>
        </html>
        """;

    private static string Document(string title, string body, string attributes, string[] scripts) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{Encode(title)}</title>
        <link rel="stylesheet" href="/assets/page.css">
        <link rel="icon" href="data:,">
        <link rel="stylesheet" href="/assets/learn.css">
        <script src="/assets/theme.js"></script>
        </head>
        <body{attributes}>
        <a class="skip" href="#main">To the text</a>
        <button class="theme" type="button" aria-label="Light or dark" title="Light or dark">◐</button>
        {body}
        <script src="/assets/page.js"></script>
        {string.Concat(scripts.Select(s => $"<script src=\"/assets/{s}\"></script>"))}
        </body>
        </html>

        """;

    private static string Keys()
    {
        (string Key, string Does)[] keys =
        [
            ("Shift+Enter", "run the cell and go to the next"), ("Ctrl+Enter", "run the cell"),
            ("Alt+Enter", "run the cell and insert one below"),
            ("Enter", "write in the cell"), ("Esc", "leave the cell: the keys below then work"), ("↑ ↓ or k j", "go to another cell"),
            ("a, b", "insert a cell above, below"), ("d d", "delete the cell"), ("z", "bring back a deleted cell"),
            ("m, y", "make it prose, code"), ("r r", "bring back the course's text of the cell"), ("i i", "interrupt"), ("0 0", "restart"),
            ("Ctrl+Space", "complete what you write"), ("Ctrl+/", "make lines comments, or code again"),
        ];
        var rows = string.Concat(keys.Select(k => $"<dt><kbd>{k.Key}</kbd></dt><dd>{k.Does}</dd>"));
        return $"<dialog id=\"keys\" aria-label=\"Keys\"><h2>Keys</h2><dl>{rows}</dl>" +
            "<p><button type=\"button\" data-do=\"reset-all\">Bring back the whole chapter</button> " +
            "<button type=\"button\" data-do=\"close\">Close</button></p></dialog>";
    }

    private static string Around(CourseFolder course, IReadOnlyList<string> list, string name)
    {
        var at = list.ToList().IndexOf(name);
        string Link(int to, string rel, string before, string after) => to < 0 || to >= list.Count ? "<span></span>"
            : $"<a rel=\"{rel}\" href=\"/chapter/{list[to]}\">{before}{Encode(course.Read(list[to]).Title ?? list[to])}{after}</a>";
        return $"<nav class=\"around\" aria-label=\"Chapters\">{Link(at - 1, "prev", "← ", "")}{Link(at + 1, "next", "", " →")}</nav>";
    }

    private static string Notice(string? text) => text is null ? "" : $"<p>{Encode(text)}</p>";

    private static string Of(int part, int all) => string.Create(CultureInfo.InvariantCulture, $"{part} of {all}");

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
