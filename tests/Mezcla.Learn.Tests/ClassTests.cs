using System.Diagnostics;
using System.Net;
using Mezcla.Learn.Server;
using Mezcla.Notebooks.Documents;

namespace Mezcla.Learn.Tests;

/// <summary>A class on one server: each student with a folder and an engine of their own, within limits.</summary>
[Collection(nameof(OneAtATime))]
public sealed class ClassTests : IDisposable
{
    private const string Password = "of the class";

    private readonly Classroom _room = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _room.Dispose();

    [Fact]
    public async Task Students_have_their_own_copies_variables_and_progress()
    {
        await using var server = await Serve();
        using var ada = await Enter(server, "Ada Lovelace");
        using var emmy = await Enter(server, "Emmy");
        using var adas = await ada.Connect(ada.Origin);
        using var emmys = await emmy.Connect(emmy.Origin);
        Assert.Contains(">1<", await ada.Run(adas, "sum", "var mine = 1;\nmine"));
        Assert.Contains("mine", await emmy.Run(emmys, "sum", "mine + 1"));
        Assert.Contains(">3<", await emmy.Run(emmys, "lines", "1 + 2"));
        await Eventually(() => Source("emmy", 1) == "mine + 1" && Source("ada lovelace", 1) == "var mine = 1;\nmine");
        Assert.Contains("1 of 5 cells run", (await ada.Get("/")).Text);
        Assert.Contains("ada lovelace", (await ada.Get("/")).Text);

        // The same name elsewhere is the same student.
        using var elsewhere = await Enter(server, "ADA  lovelace");
        Assert.Contains("mine = 1", (await elsewhere.Get("/chapter/" + Classroom.Chapter)).Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../emmy")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData(".hidden")]
    [InlineData("con")]
    [InlineData("LPT1.x")]
    [InlineData("trailing.")]
    [InlineData("a\0b")]
    [InlineData("<script>")]
    public async Task A_name_that_is_no_folders_is_refused(string name)
    {
        await using var server = await Serve();
        using var browser = new Visitor(server);
        Assert.Equal(HttpStatusCode.Forbidden, await browser.Login(Password, browser.Origin, name));
        Assert.False(await browser.CanConnect(browser.Origin));
    }

    [Fact]
    public async Task A_class_has_a_password() =>
        Assert.Contains("--password",
            (await Assert.ThrowsAsync<ArgumentException>(() => _room.Serve(o => o with { IsClass = true }))).Message);

    [Fact]
    public async Task A_cell_that_runs_too_long_is_stopped_and_its_variables_stay()
    {
        await using var server = await Serve(o => o with { Limits = new() { CellTime = TimeSpan.FromSeconds(3) } });
        using var ada = await Enter(server, "Ada");
        using var socket = await ada.Connect(ada.Origin);
        Assert.Contains(">7<", await ada.Run(socket, "sum", "var kept = 7;\nkept"));
        Assert.Contains("a cell may run for 3 seconds", await ada.Run(socket, "sum", "while (true) { }"));
        Assert.Contains(">7<", await ada.Run(socket, "sum", "kept"));
    }

    [Fact]
    public async Task A_cell_that_takes_too_much_memory_stops_and_nobody_else_notices()
    {
        await using var server = await Serve(o => o with { Limits = new() { Memory = 700L << 20 } });
        using var ada = await Enter(server, "Ada");
        using var emmy = await Enter(server, "Emmy");
        using var adas = await ada.Connect(ada.Origin);
        using var emmys = await emmy.Connect(emmy.Origin);
        Assert.Contains(">7<", await emmy.Run(emmys, "sum", "var kept = 7;\nkept"));
        Assert.Contains("OutOfMemory", await ada.Run(adas, "sum",
            "var all = new List<byte[]>();\nwhile (true)\n    all.Add(new byte[50_000_000]);"));
        // Outside of the runtime's heap the process is watched.
        Assert.Contains("process ended", await ada.Run(adas, "sum", """
            while (true)
            {
                var block = System.Runtime.InteropServices.Marshal.AllocHGlobal(20_000_000);
                for (var i = 0; i < 20_000_000; i += 4096)
                    System.Runtime.InteropServices.Marshal.WriteByte(block, i, 1);
                Thread.Sleep(20);
            }
            """));
        Assert.Contains(">2<", await ada.Run(adas, "sum", "1 + 1"));
        Assert.Contains(">7<", await emmy.Run(emmys, "sum", "kept"));
    }

    [Fact]
    public async Task Engines_that_nobody_uses_are_stopped()
    {
        await using var server = await Serve(o => o with { Limits = new() { Idle = TimeSpan.FromSeconds(2) } });
        using var ada = await Enter(server, "Ada");
        using var socket = await ada.Connect(ada.Origin);
        Assert.Contains(">2<", await ada.Run(socket, "sum", "1 + 1"));
        while ((await Visitor.Receive(socket).WaitAsync(TimeSpan.FromSeconds(30), Cancel))["type"]!.ToString() != "stopped")
        {
        }
        Assert.Contains(">4<", await ada.Run(socket, "sum", "2 + 2"));
    }

    [Fact]
    public async Task Twenty_students_run_light_cells_at_once()
    {
        await using var server = await Serve(o => o with { Limits = new() { Memory = 1L << 30 } });
        var watch = Stopwatch.StartNew();
        var times = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            using var student = await Enter(server, $"student {i}");
            using var socket = await student.Connect(student.Origin);
            Assert.Contains($">{i}<", await student.Run(socket, "sum", $"var n = {i};\nn"));
            var ready = watch.Elapsed;
            var cells = new List<TimeSpan>();
            for (var k = 0; k < 10; k++)
            {
                var before = watch.Elapsed;
                Assert.Contains($">{i + k}<", await student.Run(socket, "sum", $"Enumerable.Range(0, 1000).Sum() - 499500 + n + {k}"));
                cells.Add(watch.Elapsed - before);
            }
            return (Ready: ready, Median: cells.Order().ElementAt(cells.Count / 2));
        }));
        TestContext.Current.SendDiagnosticMessage(
            $"20 students: first cells done after {times.Min(t => t.Ready).TotalSeconds:0.0} " +
            $"to {times.Max(t => t.Ready).TotalSeconds:0.0} s; then a cell takes {times.Min(t => t.Median).TotalMilliseconds:0} " +
            $"to {times.Max(t => t.Median).TotalMilliseconds:0} ms (medians).");
    }

    private Task<LearnServer> Serve(Func<LearnOptions, LearnOptions>? change = null) =>
        _room.Serve(o => (change?.Invoke(o) ?? o) with { IsClass = true, Password = Password });

    private static async Task<Visitor> Enter(LearnServer server, string name)
    {
        var visitor = new Visitor(server);
        Assert.Equal(HttpStatusCode.Redirect, await visitor.Login(Password, visitor.Origin, name));
        return visitor;
    }

    private string Source(string student, int cell) =>
        Notebook.Read(Path.Combine(_room.Folder, student, Classroom.Chapter + ".ipynb")).Cells[cell].Source;

    private static async Task Eventually(Func<bool> holds)
    {
        for (var i = 0; !holds(); i++)
        {
            Assert.True(i < 100, "It did not happen within ten seconds.");
            await Task.Delay(100, Cancel);
        }
    }
}
