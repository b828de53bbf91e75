using System.Diagnostics;

namespace Mezcla.Notebooks.Tests;

/// <summary>Cells that don't end by themselves, and cells that would take the process with them.</summary>
public sealed class StopTests(EngineFixture cells) : IClassFixture<EngineFixture>
{
    [Theory]
    [InlineData("while (true) { kept++; }")]
    [InlineData("for (;;) ;")]
    [InlineData("do { } while (true);")]
    [InlineData("again: goto again;")]
    [InlineData("foreach (var i in Forever()) kept = i; static IEnumerable<int> Forever() { while (true) yield return 1; }")]
    [InlineData("Thread.Sleep(Timeout.Infinite);")]
    [InlineData("await Task.Delay(Timeout.Infinite);")]
    [InlineData("Task.Run(() => Thread.Sleep(Timeout.Infinite)).Wait();")]
    [InlineData("new SemaphoreSlim(0).Wait();")]
    [InlineData("lock (new object()) Monitor.Wait(new object());", true)]
    [InlineData("while (true) Console.WriteLine(\"printing\");")]
    [InlineData("while (true) Console.Error.Write(\"x\");")]
    [InlineData("long Fib(long n) => n < 2 ? n : Fib(n - 1) + Fib(n - 2); Fib(90)")]
    [InlineData("Func<long, long> fib = null; fib = n => n < 2 ? n : fib(n - 1) + fib(n - 2); fib(90)")]
    [InlineData("class Deep { public int Q => R; int R { get { while (true) ; } } } new Deep().Q")]
    [InlineData("static class Spin { public static void Now(this int n) { while (n > 0) { try { n++; } finally { n--; } } } } 3.Now();")]
    [InlineData("Parallel.For(0, 100, i => { while (true) ; });")]
    [InlineData("var worker = new Thread(() => { while (true) Thread.Sleep(50); }); worker.Start(); worker.Join();")]
    [InlineData("Console.ReadLine();")]
    [InlineData("while (true) { try { while (true) ; } catch (Exception) { kept++; } }")]
    [InlineData("Enumerable.Range(0, int.MaxValue).Select(i => (long)i).Where(i => i < 0).Count()")]
    [InlineData("Task.WhenAll(Enumerable.Range(0, 3).Select(i => Task.Delay(-1))).Wait();")]
    [InlineData("switch (1) { case 1: while (true) { if (kept < 0) break; kept = 1; } break; }")]
    public async Task An_interrupt_stops(string code, bool throwsItself = false)
    {
        await cells.Value("int kept = 0; int other = 41;");
        var output = new RecordingOutput();
        var running = cells.Engine.RunAsync("Console.WriteLine(\"begun\"); " + code, output);
        await output.Wait("begun");
        cells.Engine.Interrupt();
        var result = await running.WaitAsync(TimeSpan.FromMinutes(2));
        if (!throwsItself)
            Assert.Equal(CellErrorKind.Interrupted, result.Error?.Kind);

        Assert.Equal(42, await cells.Value("other + 1"));
    }

    [Fact]
    public async Task Interrupting_by_token_is_the_same()
    {
        using var source = new CancellationTokenSource(100);
        var result = await cells.Engine.RunAsync("while (true) ;", new RecordingOutput(), null, source.Token);
        Assert.Equal("Interrupted", result.Error!.Name);
    }

    [Fact]
    public async Task What_was_running_can_clean_up_and_say_so()
    {
        var output = new RecordingOutput();
        using var source = new CancellationTokenSource();
        var running =
            cells.Engine.RunAsync("try { Console.WriteLine(\"started\"); while (true) ; } finally { Console.WriteLine(\"cleaned up\"); }",
                output, null, source.Token);
        await output.Wait("started");
        source.Cancel();
        var result = await running;
        Assert.Equal("Interrupted", result.Error!.Name);
        Assert.Equal("started\ncleaned up\n", output.Out);
    }

    [Fact]
    public async Task An_interrupt_does_not_stop_another_engine()
    {
        using var other = new CellEngine();
        const string Enough = "mezcla.tests.enough";
        var output = new RecordingOutput();
        var running = other.RunAsync(
            $"Console.WriteLine(\"begun\"); long n = 0; do n++; while (AppContext.GetData(\"{Enough}\") is null); n > 0", output);
        await output.Wait("begun");
        using var source = new CancellationTokenSource(100);
        await cells.Engine.RunAsync("while (true) ;", new RecordingOutput(), null, source.Token);
        AppDomain.CurrentDomain.SetData(Enough, true);
        Assert.Equal(true, (await running).ReturnValue);
    }

    [Fact]
    public async Task With_nothing_running_an_interrupt_does_nothing()
    {
        cells.Engine.Interrupt();
        Assert.Equal(2, await cells.Value("1 + 1"));
    }

    [Theory]
    [InlineData("int Down(int n) => Down(n + 1) + 1; Down(0)")]
    [InlineData("Func<int, int> down = null; down = n => down(n + 1) + 1; down(0)")]
    [InlineData("class Loop { public int A => B; int B { get => A; } } new Loop().A")]
    [InlineData("class Sum { public static Sum operator +(Sum a, Sum b) => a + b; } new Sum() + new Sum()")]
    [InlineData("class Text { public override string ToString() => \"x\" + this; } $\"{new Text()}\"")]
    [InlineData("class Eq { public override bool Equals(object o) => o.Equals(this); public override int GetHashCode() => 1; } " +
        "new Eq().Equals(new Eq())")]
    [InlineData("class Init { public Init Other = new Init(); } new Init()")]
    [InlineData("int Ping(int n) => Pong(n); int Pong(int n) => Ping(n) + 1; Ping(1)")]
    [InlineData("IEnumerable<int> Walk(int n) { foreach (var x in Walk(n + 1)) yield return x; } Walk(0).First()")]
    [InlineData("async Task<int> Later(int n) => await Later(n + 1); await Later(0)")]
    public async Task Endless_recursion_is_an_exception_like_any_other(string code)
    {
        var error = await cells.Error(code);
        Assert.Equal("System.InsufficientExecutionStackException", error.Name);
        Assert.Contains("calls itself", error.Message);
        Assert.InRange(error.Traceback.Count, 2, 60);
        Assert.Equal(2, await cells.Value("1 + 1"));
    }

    [Fact]
    public async Task Deep_recursion_that_ends_is_fine() =>
        Assert.Equal(20_000, await cells.Value("int Depth(int n) => n == 0 ? 0 : 1 + Depth(n - 1); Depth(20_000)"));

    [Theory]
    [InlineData("Environment.Exit(3);")]
    [InlineData("{ Action leave = () => Environment.Exit(3); leave(); }")]
    [InlineData("Environment.FailFast(\"enough\");")]
    [InlineData("static class Quits { public static void Go(this int code) => Environment.Exit(code); } 3.Go();")]
    public async Task Ending_the_process_only_ends_the_cell(string code)
    {
        var error = await cells.Error("int stays = 5; " + code);
        Assert.Contains("would end the whole kernel", error.Message);
        Assert.Equal(5, await cells.Value("stays"));
    }

    [Theory]
    [InlineData("var thread = new Thread(() => throw new Exception(\"stray\")); thread.Start(); thread.Join();")]
    [InlineData("async void Later() { await Task.Delay(5); throw new Exception(\"stray\"); } Later();")]
    [InlineData("ThreadPool.QueueUserWorkItem(_ => throw new Exception(\"stray\"));")]
    public async Task An_exception_on_a_cells_own_thread_is_printed(string code)
    {
        var (result, output) = await cells.Run(code);
        Assert.True(result.Succeeded);
        await output.Wait("stray", OutputStream.Error);
        Assert.Contains("In a thread or async void method started by this cell", output.Error);
        Assert.Contains("stray", output.Error);
    }

    [Fact]
    public async Task A_process_ended_through_a_library_says_so_before_it_ends()
    {
        // A delegate of Environment.Exit is not a call the engine can replace, as none in a library is.
        var file = Path.GetTempFileName();
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { typeof(StopTests).Assembly.Location, "-method",
            $"{typeof(ExitingProcess).FullName}.{nameof(ExitingProcess.Ends)}", "-explicit", "only" })
            start.ArgumentList.Add(argument);

        start.Environment[ExitingProcess.Variable] = file;
        using var process = Process.Start(start)!;
        var texts = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        await texts;
        Assert.Equal(17, process.ExitCode);
        Assert.Contains("The kernel's process ended while this cell ran", await File.ReadAllTextAsync(file));
        File.Delete(file);
    }
}

/// <summary>Run only as a process of its own, by the test above.</summary>
public sealed class ExitingProcess
{
    public const string Variable = "MEZCLA_TEST_EXITS";

    [Fact(Explicit = true)]
    public async Task Ends()
    {
        var file = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(file), "Ends the process it runs in; another test starts it.");
        using var engine = new CellEngine();
        var result = await engine.RunAsync("Action<int> leave = Environment.Exit; leave(17);", new RecordingOutput()).ConfigureAwait(true);
        await File.WriteAllTextAsync(file!, result.Error!.Message);
        await Task.Delay(Timeout.Infinite);
    }
}
