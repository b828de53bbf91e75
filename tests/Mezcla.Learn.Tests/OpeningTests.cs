using Mezcla.Notebooks;
using Mezcla.Notebooks.Documents;
using Microsoft.Playwright;

namespace Mezcla.Learn.Tests;

/// <summary>How a chapter opens: an engine waits for it, and only what is near the screen is made.</summary>
[Collection(nameof(OneAtATime))]
public sealed class OpeningTests : BrowserTest
{
    [Fact]
    public async Task A_page_is_told_that_the_engine_was_ready_before_it_came()
    {
        await using var server = await Room.Serve(o => o with { IsPrepared = true });
        using var visitor = new Visitor(server);
        await visitor.Get(new Uri(server.Address).PathAndQuery);
        // About the time that a student takes to choose a chapter; what follows holds also where the engine is not ready by then.
        await Task.Delay(4000, Cancel);
        using var socket = await visitor.Connect(visitor.Origin);
        string? engine = null;
        while (engine != "idle")
        {
            var message = await Visitor.Receive(socket).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            engine = message["engine"]?.ToString() ?? engine;
        }
        Assert.Contains(">2<", await visitor.Run(socket, "sum", "1 + 1"));
        Assert.Contains(Room.Folder, await visitor.Run(socket, "sum", "Environment.CurrentDirectory"));
    }

    [Fact]
    public async Task Frames_far_from_the_screen_are_made_when_the_student_comes_there()
    {
        var notebook = Notebook.ForCSharp();
        notebook.Cells.Add(new(CellKind.Markdown, "# A long chapter\n", "title"));
        for (var i = 0; i < 60; i++)
        {
            var cell = new NotebookCell(CellKind.Code, $"HTML(\"<p>figure {i}</p>\")", $"figure-{i}");
            cell.Outputs.Add(new DisplayOutput(new MimeBundle(MimeBundle.Html, $"<p style='height:150px'>figure {i}</p>")));
            notebook.Cells.Add(cell);
        }
        notebook.Write(Path.Combine(Room.Notebooks, Classroom.Chapter + ".ipynb"));
        await using var server = await Room.Serve();
        var page = await Open(server.Address);
        await page.GotoAsync(Address(server));
        await Assertions.Expect(Frame(page, "figure-0").Locator("body")).ToContainTextAsync("figure 0");
        Assert.InRange(await page.Locator("iframe").CountAsync(), 1, 30);
        await Cell(page, "figure-59").ScrollIntoViewIfNeededAsync();
        await Assertions.Expect(Frame(page, "figure-59").Locator("body")).ToContainTextAsync("figure 59");
        // Frames above have grown and pushed the cell out of view again, and for a moment after scrolling back the browser still hands
        // clicks to the frame that stood there before.
        await Cell(page, "figure-59").Locator(".cm-content").ScrollIntoViewIfNeededAsync();
        await page.WaitForTimeoutAsync(1000);
        await Write(page, "figure-59", "HTML(\"<p>another</p>\")");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(Frame(page, "figure-59").Locator("body")).ToContainTextAsync("another");
    }
}
