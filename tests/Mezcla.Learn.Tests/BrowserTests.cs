using System.Text.RegularExpressions;
using Mezcla.Notebooks.Documents;
using Microsoft.Playwright;

namespace Mezcla.Learn.Tests;

/// <summary>A student's way through a chapter, in a real browser.</summary>
[Collection(nameof(OneAtATime))]
public sealed class BrowserTests : BrowserTest
{
    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task A_student_reads_edits_runs_breaks_solves_reloads_and_resets(int width, ColorScheme scheme)
    {
        await using var server = await Room.Serve();
        var page = await Open(server.Address, width, scheme);
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("The small course");
        await page.GetByText("Begin with A small chapter").ClickAsync();
        Assert.DoesNotContain("token", page.Url);

        // Runs a cell as it is.
        await Run(page, "sum");
        await Assertions.Expect(Outputs(page, "sum")).ToContainTextAsync("21");
        await Assertions.Expect(Cell(page, "sum").Locator(".number")).ToHaveTextAsync("1");

        // Edits it and runs it by the keyboard; the focus goes on to the next cell.
        await Write(page, "sum", "var x = 40;\nx + 2");
        await page.Keyboard.PressAsync("Shift+Enter");
        await Assertions.Expect(Outputs(page, "sum")).ToContainTextAsync("42");
        await Assertions.Expect(Cell(page, "lines")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(Outputs(page, "lines")).ToContainTextAsync("line 2");
        await Assertions.Expect(page.Locator("output.saved")).ToHaveTextAsync("Saved");
        Assert.Equal("var x = 40;\nx + 2", Notebook.Read(Room.Copy).Cells[1].Source);

        // Breaks it: the error stands below, and its place is marked.
        await Write(page, "sum", "var x = 40;\nx + y");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(Outputs(page, "sum").Locator(".failed")).ToContainTextAsync("'y'");
        await Assertions.Expect(Cell(page, "sum").Locator(".cm-lintRange-error")).ToHaveTextAsync("y");

        // An endless loop is interrupted by its button, and the variables are still there.
        await Write(page, "lines", "Console.WriteLine(\"begun\");\nwhile (true) { }");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(Outputs(page, "lines")).ToContainTextAsync("begun");
        await page.Locator("[data-do=interrupt]").ClickAsync();
        await Assertions.Expect(page.Locator("output.engine")).ToHaveTextAsync("Ready");
        await Write(page, "lines", "x");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(Outputs(page, "lines")).ToContainTextAsync("40");

        // Solves the exercise and answers the question.
        await Run(page, "exercise");
        await Assertions.Expect(Frame(page, "exercise").Locator("body")).ToContainTextAsync("yours to solve");
        await Write(page, "exercise", "int Twice(int n) => 2 * n;\n\nnew Exercise(\"Twice as much\").Expect(\"of 3\", 6, () => Twice(3))");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(Frame(page, "exercise").Locator("body")).ToContainTextAsync("solved");
        await Run(page, "question");
        await Frame(page, "question").GetByText("(b) 2").ClickAsync();

        // What was written is there after the page is loaded again, and after the server has gone and come back.
        await Assertions.Expect(page.Locator("output.saved")).ToHaveTextAsync("Saved");
        await page.ReloadAsync();
        await Assertions.Expect(Cell(page, "lines").Locator(".cm-content")).ToHaveTextAsync("x");
        await Assertions.Expect(Outputs(page, "lines")).ToContainTextAsync("40");

        // Brings back the course's text of one cell, and of the chapter; the student's version is kept.
        await Cell(page, "sum").ClickAsync(new() { Position = new() { X = 2, Y = 2 } });
        await page.Keyboard.PressAsync("Escape");
        await Cell(page, "sum").FocusAsync();
        await page.Keyboard.PressAsync("r");
        await page.Keyboard.PressAsync("r");
        await Assertions.Expect(Cell(page, "sum").Locator(".cm-content")).ToContainTextAsync("var x = 20;");
        page.Dialog += (_, dialog) => _ = dialog.AcceptAsync();
        await page.Keyboard.PressAsync("h");
        await page.Locator("[data-do=reset-all]").ClickAsync();
        await Assertions.Expect(page.Locator("#notices")).ToContainTextAsync("before-reset");
        await Assertions.Expect(Cell(page, "lines").Locator(".cm-content")).ToContainTextAsync("line {i}");
        var kept = Assert.Single(Directory.GetFiles(Room.Folder, "*.before-reset-*"));
        Assert.Equal("x", Notebook.Read(kept).Cells[2].Source);

        await page.Locator(".home").ClickAsync();
        await Assertions.Expect(page.Locator(".ran").First).ToContainTextAsync("4 of 5 cells run");
        Assert.False(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth > innerWidth"),
            "The page is wider than the screen.");
    }

    [Fact]
    public async Task Nothing_can_be_pressed_before_the_page_listens()
    {
        await using var server = await Room.Serve();
        var page = await Open(server.Address);
        var hold = new TaskCompletionSource();
        await page.RouteAsync("**/assets/learn.js", async route =>
        {
            await hold.Task;
            await route.ContinueAsync();
        });
        await page.GotoAsync(Address(server), new() { WaitUntil = WaitUntilState.Commit });
        await Assertions.Expect(Cell(page, "sum").Locator("button.run")).ToBeDisabledAsync();
        await Assertions.Expect(page.Locator(".bar [data-do=run-all]")).ToBeDisabledAsync();
        hold.SetResult();
        await Run(page, "sum");
        await Assertions.Expect(Outputs(page, "sum")).ToContainTextAsync("21");
        await Assertions.Expect(page.Locator("button:disabled")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Names_are_completed_and_explained()
    {
        await using var server = await Room.Serve();
        var page = await Open(server.Address);
        await page.GotoAsync(Address(server));
        await Assertions.Expect(page.Locator("output.engine")).ToHaveTextAsync("Ready");
        await Write(page, "sum", "Math.Sq");
        await page.Keyboard.PressAsync("Control+Space");
        await Assertions.Expect(page.Locator(".cm-tooltip-autocomplete li").First).ToContainTextAsync("Sqrt");
        await page.Keyboard.PressAsync("Escape");

        // What is under the pointer is explained after a moment.
        await Write(page, "sum", "Math.Sqrt(2)");
        await page.Mouse.MoveAsync(0, 0);
        var word = await Cell(page, "sum").Locator(".cm-line").BoundingBoxAsync();
        await page.Mouse.MoveAsync(word!.X + 55, word.Y + word.Height / 2, new() { Steps = 5 });
        await Assertions.Expect(page.Locator(".cm-inspection")).ToContainTextAsync("square root");
    }

    [Fact]
    public async Task Two_windows_do_not_lose_each_others_edits()
    {
        await using var server = await Room.Serve();
        var one = await Open(server.Address);
        await one.GotoAsync(Address(server));
        var two = await one.Context.NewPageAsync();
        await two.GotoAsync(Address(server));

        // What is written in one appears in the other.
        await Write(one, "sum", "1 + 1");
        await Assertions.Expect(Cell(two, "sum").Locator(".cm-content")).ToHaveTextAsync("1 + 1");
        await Run(two, "sum");
        await Assertions.Expect(Outputs(one, "sum")).ToContainTextAsync("2");

        // Where both wrote, the later one is asked.
        await one.Context.SetOfflineAsync(false);
        await two.EvaluateAsync("socket.onclose = null; socket.close()");
        await Write(two, "sum", "3 + 3");
        await Write(one, "sum", "4 + 4");
        await Assertions.Expect(one.Locator("output.saved")).ToHaveTextAsync("Saved");
        await two.EvaluateAsync("connect()");
        await Assertions.Expect(Cell(two, "sum").Locator(".conflict pre")).ToHaveTextAsync("4 + 4");
        await Assertions.Expect(Cell(two, "sum").Locator(".cm-content")).ToHaveTextAsync("3 + 3");
        await Cell(two, "sum").GetByText("Keep mine").ClickAsync();
        await Assertions.Expect(Cell(one, "sum").Locator(".cm-content")).ToHaveTextAsync("3 + 3");
    }

    [Fact]
    public async Task Fifty_quick_edits_and_runs_arrive_in_their_order()
    {
        await using var server = await Room.Serve();
        var page = await Open(server.Address);
        await page.GotoAsync(Address(server));
        await Write(page, "sum", "var n = 0;");
        for (var i = 0; i < 50; i++)
        {
            await page.Keyboard.TypeAsync($" n += {i};");
            await page.Keyboard.PressAsync("Control+Enter");
        }
        await page.Keyboard.TypeAsync(" n");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(Outputs(page, "sum")).ToHaveTextAsync("1225", new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator("output.saved")).ToHaveTextAsync("Saved");
        Assert.EndsWith("n += 49; n", Notebook.Read(Room.Copy).Cells[1].Source);
    }

    [Fact]
    public async Task A_cell_runs_as_it_stands_also_while_an_earlier_edit_is_on_its_way()
    {
        await using var server = await Room.Serve();
        var page = await Open(server.Address);
        await page.GotoAsync(Address(server));
        await Assertions.Expect(page.Locator("output.engine")).ToHaveTextAsync("Ready");
        await Write(page, "sum", "0");
        await Assertions.Expect(page.Locator("output.saved")).ToHaveTextAsync("Saved");
        await page.EvaluateAsync("""
            () => {
              const cell = document.querySelector('[data-cell=sum]').cell;
              cell.changed('1');
              cell.flush();
              cell.changed('1 + 41');
              run(cell);
            }
            """);
        await Assertions.Expect(Outputs(page, "sum")).ToHaveTextAsync("42");
    }

    [Fact]
    public async Task A_killed_engine_and_a_server_that_comes_back_lose_nothing()
    {
        var server = await Room.Serve();
        var page = await Open(server.Address);
        await page.GotoAsync(Address(server));
        await Write(page, "sum", "System.Diagnostics.Process.GetCurrentProcess().Kill();");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.Locator("#notices")).ToContainTextAsync("The engine has ended");
        await Write(page, "sum", "6 * 7");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(Outputs(page, "sum")).ToContainTextAsync("42");

        var port = new Uri(server.Address).Port;
        await server.DisposeAsync();
        await Assertions.Expect(page.Locator("output.engine")).ToContainTextAsync("cannot be reached");
        await Write(page, "lines", "// written while nobody listened");
        await using var again = await Room.Serve(o => o with { Port = port });
        // The new server has a new token, so the page asks for it: the text stays on the screen until then.
        var other = await page.Context.NewPageAsync();
        await other.GotoAsync(again.Address);
        await other.WaitForURLAsync(new Uri(new Uri(again.Address), "/").ToString());
        await Assertions.Expect(page.Locator("output.saved")).ToHaveTextAsync("Saved", new() { Timeout = 20_000 });
        Assert.Equal("// written while nobody listened", Notebook.Read(Room.Copy).Cells[2].Source);
    }

    [Fact]
    public async Task Scripts_of_outputs_run_in_a_frame_that_reaches_nothing()
    {
        await using var server = await Room.Serve();
        var page = await Open(server.Address);
        await page.GotoAsync(Address(server));
        await Run(page, "html");
        await Assertions.Expect(Frame(page, "html").Locator("#bold")).ToHaveAttributeAsync("data-ran", "yes");
        await Write(page, "html", """"
            HTML("""
                <pre id="tried"></pre><script>
                const tried = [];
                const attempt = (what, f) => { try { tried.push(what + ': ' + f()); } catch (e) { tried.push(what + ': refused'); } };
                attempt('parent', () => parent.document.title);
                attempt('cookie', () => document.cookie);
                attempt('storage', () => localStorage.length);
                const later = [
                    fetch('PAGE').then(() => 'fetch: fetched', () => 'fetch: refused'),
                    new Promise(resolve => {
                        const socket = new WebSocket('PAGE'.replace('http', 'ws').replace('chapter', 'live'));
                        socket.onopen = () => resolve('socket: opened');
                        socket.onerror = () => resolve('socket: refused');
                    }),
                ];
                Promise.all(later).then(results => {
                    document.getElementById('tried').textContent = [...tried, ...results].join('\n') + '\ndone'; });
                parent.postMessage({ type: 'run', cell: 'sum' }, '*');
                </script>
                """)
            """".Replace("PAGE", Address(server)));
        await page.Keyboard.PressAsync("Control+Enter");
        var tried = Frame(page, "html").Locator("#tried");
        await Assertions.Expect(tried).ToContainTextAsync("done");
        var text = await tried.TextContentAsync();
        foreach (var what in (string[])["parent", "cookie", "storage", "socket", "fetch"])
            Assert.Contains($"{what}: refused", text);
        await Assertions.Expect(Outputs(page, "sum")).ToBeEmptyAsync();
    }

    [Fact]
    public async Task Charts_of_Plotly_and_diagrams_of_Mermaid_are_drawn_offline()
    {
        await using var server = await Room.Serve();
        var page = await Open(server.Address);
        await page.GotoAsync(Address(server));
        await Write(page, "html", "Chart.Lines(\"Loss\").Add(\"dense\", [1, 2], [2.0, 1.0]).ToPlotly()");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(Frame(page, "html").Locator(".js-plotly-plot .trace")).ToHaveCountAsync(1);
        // On a phone the whole chart is there to see.
        await page.SetViewportSizeAsync(390, 800);
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(Frame(page, "html").Locator(".main-svg").First).ToHaveAttributeAsync("width", new Regex("^[1-3]..(\\.|$)"));
        await Write(page, "lines", "#!mermaid\ngraph LR; token-->router; router-->expert");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(Frame(page, "lines").Locator("svg .node")).ToHaveCountAsync(3);
    }
}
