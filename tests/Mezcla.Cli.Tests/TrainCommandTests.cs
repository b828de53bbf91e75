using System.Diagnostics;

namespace Mezcla.Cli.Tests;

/// <summary>mezcla train and mezcla generate as processes: what works, and what a user can do wrong.</summary>
public sealed class TrainCommandTests : IDisposable
{
    private static readonly string[] Small = ["--vocabulary", "260", "--layers", "1", "--hidden", "16", "--heads", "2", "--context", "16", "--batch", "2"];

    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-train").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_model_is_trained_resumed_and_continues_a_prompt()
    {
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the rat ran. ", 60)));
        var (code, _, errors) = Run(["train", "--data", text, "--experts", "4", "--steps", "12", "-o", "m.safetensors", "--record", "run.jsonl", .. Small]);
        Assert.True(code == 0, errors);
        Assert.Equal(13, File.ReadAllLines(Path.Combine(_folder, "run.jsonl")).Length);
        var (generated, output, why) = Run(["generate", "m.safetensors", "--prompt", "the cat", "--tokens", "8", "--temperature", "0"]);
        Assert.True(generated == 0, why);
        Assert.StartsWith("the cat", output);
        Assert.Equal(output, Run(["generate", "m.safetensors", "--prompt", "the cat", "--tokens", "8", "--temperature", "0"]).Output);
        Assert.Equal(0, Run(["train", "--data", text, "--resume", "m.safetensors", "-o", "n.safetensors"]).Code);
        Assert.Contains("other data", Fails(["train", "--data", Write("other.txt", new string('x', 4000)), "--resume", "m.safetensors"]));
    }

    [Fact]
    public void An_interrupted_training_saves_and_goes_on()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("This sends a signal of Unix.");
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the rat ran. ", 60)));
        using var process = Start(["train", "--data", text, "--steps", "1000000", "-o", "m.safetensors", "--record", "run.jsonl", .. Small]);
        var watch = Stopwatch.StartNew();
        var record = Path.Combine(_folder, "run.jsonl");
        while ((!File.Exists(record) || new FileInfo(record).Length < 2000) && watch.Elapsed < TimeSpan.FromSeconds(60)) Thread.Sleep(50);
        using (var kill = Process.Start("kill", ["-INT", process.Id.ToString()])) kill.WaitForExit();
        Assert.True(process.WaitForExit(30_000));
        var output = process.StandardOutput.ReadToEnd();
        Assert.Equal(130, process.ExitCode);
        Assert.Contains("--resume m.safetensors", output);
        Assert.Equal(0, Run(["generate", "m.safetensors", "--prompt", "the", "--tokens", "3"]).Code);
    }

    [Fact]
    public void What_cannot_be_is_one_clear_error()
    {
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 60)));
        Assert.Contains("--data", Fails(["train"]));
        Assert.Contains("nowhere.txt", Fails(["train", "--data", "nowhere.txt"]));
        Assert.Contains("empty", Fails(["train", "--data", Write("empty.txt", "")]));
        File.WriteAllBytes(Path.Combine(_folder, "latin.txt"), [65, 66, 0xE9, 67]);
        Assert.Contains("UTF-8", Fails(["train", "--data", "latin.txt"]));
        Assert.Contains("tokens", Fails(["train", "--data", Write("short.txt", "too short"), .. Small]));
        Assert.Contains("GB", Fails(["train", "--data", text, "--hidden", "65536", "--heads", "16", "--layers", "900"]));
        Assert.Contains("--heads", Fails(["train", "--data", text, "--hidden", "10", "--heads", "3"]));
        Assert.Contains("experts", Fails(["train", "--data", text, "--experts", "2", "--top-k", "3"]));
        Assert.Contains("folder", Fails(["train", "--data", text, "-o", "no/such/m.safetensors"]));
        Assert.Contains("m.safetensors", Fails(["generate", "m.safetensors", "--prompt", "x"]));
        Assert.Contains("text.txt", Fails(["generate", text, "--prompt", "x"]));
    }

    private string Fails(string[] arguments)
    {
        var (code, output, errors) = Run(arguments);
        Assert.True(code == 1, $"{string.Join(' ', arguments)}: exit code {code}\n{output}{errors}");
        Assert.DoesNotContain("   at ", errors);
        // Messages are wrapped to the width of a terminal.
        return string.Join(' ', errors.Split('\n', StringSplitOptions.TrimEntries));
    }

    private (int Code, string Output, string Errors) Run(string[] arguments)
    {
        using var process = Start(arguments);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        Assert.True(process.WaitForExit(120_000), string.Join(' ', arguments));
        return (process.ExitCode, output.Result, errors.Result);
    }

    private Process Start(string[] arguments) => Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Mezcla.Cli.dll"), .. arguments])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        WorkingDirectory = _folder,
    })!;

    private string Write(string name, string text)
    {
        File.WriteAllText(Path.Combine(_folder, name), text);
        return name;
    }
}
