namespace Mezcla.Notebooks.Tests;

/// <summary>What cells print and ask.</summary>
public sealed class OutputTests(EngineFixture cells) : IClassFixture<EngineFixture>
{
    [Fact]
    public async Task Output_arrives_in_order_and_joined()
    {
        var (_, output) = await cells.Run("""
            Console.Write("a"); Console.WriteLine("b"); Console.Error.WriteLine("c");
            display("d"); Console.Write("e"); Console.Write('f'); Console.Write(1.5); Console.WriteLine();
            """);
        Assert.Equal(["out:ab\n", "err:c\n", "display:d", "out:ef1.5\n"], output.Events);
    }

    [Fact]
    public async Task A_hundred_thousand_lines_arrive_whole_in_few_pieces()
    {
        var (_, output) = await cells.Run("for (var i = 0; i < 100_000; i++) Console.WriteLine(i);");
        Assert.Equal(string.Concat(Enumerable.Range(0, 100_000).Select(i => FormattableString.Invariant($"{i}\n"))), output.Out);

        // How many depends on how fast the machine is; pieces that are sent by the clock hold hundreds of lines each.
        Assert.InRange(output.Events.Count, 1, 2000);
    }

    [Fact]
    public async Task A_slow_front_end_slows_the_cell_instead_of_filling_the_memory()
    {
        var output = new SlowOutput();
        await cells.Engine.RunAsync("var chunk = new string('x', 100_000); for (var i = 0; i < 120; i++) Console.Write(chunk);", output);
        Assert.Equal(12_000_000, output.Characters);
        Assert.InRange(output.LargestPiece, 1, 400_000);
    }

    [Fact]
    public async Task Background_work_prints_to_its_own_cell()
    {
        var (_, first) = await cells.Run(
            "var gate = new TaskCompletionSource(); var work = Task.Run(async () => { await gate.Task; Console.Write(\"late\"); });");
        var (_, second) = await cells.Run("gate.SetResult(); await work; Console.Write(\"mine\");");
        await first.Wait("late");
        Assert.Equal("mine", second.Out);
    }

    [Fact]
    public async Task Engines_in_one_process_do_not_mix()
    {
        using var other = new CellEngine();
        var (a, b) = (new RecordingOutput(), new RecordingOutput());
        await Task.WhenAll(
            cells.Engine.RunAsync(
                "var mixed = 1; for (var i = 0; i < 500; i++) { Console.Write('a'); if (i % 50 == 0) await Task.Delay(1); }", a),
            other.RunAsync("var mixed = 2; for (var i = 0; i < 500; i++) { Console.Write('b'); if (i % 50 == 0) await Task.Delay(1); }",
                b));
        Assert.Equal(new string('a', 500), a.Out);
        Assert.Equal(new string('b', 500), b.Out);
        Assert.Equal(1, await cells.Value("mixed"));
    }

    [Fact]
    public async Task A_front_end_that_throws_does_not_hurt_the_cell()
    {
        var result = await cells.Engine.RunAsync("Console.WriteLine(1); display(2); 3", new ThrowingOutput());
        Assert.Equal(3, result.ReturnValue);
    }

    [Fact]
    public async Task A_cell_can_ask_for_lines_and_passwords()
    {
        var output = new RecordingOutput();
        output.Input.Enqueue("Ada");
        output.Input.Enqueue("1815");
        output.Input.Enqueue("secret");
        var result = await cells.Engine.RunAsync(
            "Console.Write(\"Name? \"); var name = Console.ReadLine(); var year = int.Parse(ReadLine(\"Born? \")); var word = " +
                "ReadPassword(\"Word? \"); $\"{name} {year} {word}\"", output);
        Assert.Equal("Ada 1815 secret", result.ReturnValue);
        Assert.Equal([("", false), ("Born? ", false), ("Word? ", true)], output.Asked);
        Assert.Equal(["out:Name? ", "ask:", "ask:Born? ", "ask:Word? "], output.Events);
    }

    [Fact]
    public async Task Where_nobody_can_answer_asking_fails_clearly()
    {
        var error = await cells.Error("Console.ReadLine()", new CellOptions { AllowInput = false });
        Assert.Equal("System.NotSupportedException", error.Name);
        Assert.Contains("nobody can answer", error.Message);
        Assert.Contains("Console.ReadLine()", (await cells.Error("Console.Read()")).Message);
    }

    [Fact]
    public async Task Clearing_clears_the_cells_output()
    {
        var (_, output) = await cells.Run("Console.Write(1); Console.Clear(); ClearOutput(wait: true); Console.Write(2);");
        Assert.Equal(["out:1", "clear", "clear:wait", "out:2"], output.Events);
    }

    [Fact]
    public async Task Text_captured_by_the_user_stays_with_the_user()
    {
        Assert.Equal("caught\n", await cells.Value(
            "var old = Console.Out; var catcher = new StringWriter { NewLine = \"\\n\" }; Console.SetOut(catcher); " +
                "Console.WriteLine(\"caught\"); Console.SetOut(old); catcher.ToString()"));
        var (_, output) = await cells.Run("Console.Write(\"back\");");
        Assert.Equal("back", output.Out);
        Assert.Equal("given",
            await cells.Value(
                "var keys = Console.In; Console.SetIn(new StringReader(\"given\\nmore\")); var read = Console.ReadLine(); " +
                    "Console.SetIn(keys); read"));
    }

    private sealed class SlowOutput : ICellOutput
    {
        public int Characters { get; private set; }

        public int LargestPiece { get; private set; }

        public void Write(OutputStream stream, string text)
        {
            Thread.Sleep(2);
            Characters += text.Length;
            LargestPiece = Math.Max(LargestPiece, text.Length);
        }

        public void Display(MimeBundle bundle, string? displayId)
        {
        }

        public void UpdateDisplay(string displayId, MimeBundle bundle)
        {
        }

        public void Clear(bool wait)
        {
        }

        public Task<string?> ReadLineAsync(string prompt, bool password, CancellationToken cancellation) => Task.FromResult<string?>(null);
    }

    private sealed class ThrowingOutput : ICellOutput
    {
        public void Write(OutputStream stream, string text) => throw new IOException("gone");

        public void Display(MimeBundle bundle, string? displayId) => throw new IOException("gone");

        public void UpdateDisplay(string displayId, MimeBundle bundle) => throw new IOException("gone");

        public void Clear(bool wait) => throw new IOException("gone");

        public Task<string?> ReadLineAsync(string prompt, bool password, CancellationToken cancellation) => throw new IOException("gone");
    }
}
