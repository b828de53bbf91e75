using System.Diagnostics;
using Mezcla.Tests;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Cli.Tests;

/// <summary>mezcla train and mezcla generate as processes: what works, and what a user can do wrong.</summary>
public sealed class TrainCommandTests : IDisposable
{
    private static readonly string[] Small = ["--vocabulary", "260", "--layers", "1", "--hidden", "16", "--heads", "2", "--context", "16",
        "--batch", "2"];

    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-train").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_model_is_trained_resumed_and_continues_a_prompt()
    {
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the rat ran. ", 60)));
        var (code, _, errors) =
            Run(["train", "--data", text, "--experts", "4", "--steps", "12", "-o", "m.safetensors", "--record", "run.jsonl", .. Small]);
        Assert.True(code == 0, errors);
        Assert.Equal(13, File.ReadAllLines(Path.Combine(_folder, "run.jsonl")).Length);
        var (generated, output, why) = Run(["generate", "m.safetensors", "--prompt", "the cat", "--tokens", "8", "--temperature", "0"]);
        Assert.True(generated == 0, why);
        Assert.StartsWith("the cat", output);
        Assert.Equal(output, Run(["generate", "m.safetensors", "--prompt", "the cat", "--tokens", "8", "--temperature", "0"]).Output);
        Assert.Equal(output,
            Run(["generate", "m.safetensors", "--prompt", "the cat", "--tokens", "8", "--temperature", "0", "--cache", "f32"]).Output);
        Assert.StartsWith("the cat",
            Run(
                ["generate", "m.safetensors", "--prompt", "the cat", "--tokens", "8", "--temperature", "0", "--cache",
                    "int8_absmax"]).Output);
        Assert.Contains("blocks of 32", Fails(["generate", "m.safetensors", "--prompt", "the cat", "--cache", "Q8_0"]));
        Assert.Contains("give the beginning with --prompt", Fails(["generate", "m.safetensors", "--tokens", "8"]));
        var ended = Run(["train", "--data", text, "--resume", "m.safetensors", "-o", "n.safetensors"]);
        Assert.Equal(0, ended.Code);
        Assert.Contains("No step was left to train", ended.Output);
        Assert.Contains("files of this kind are not written", Fails(["convert", "m.safetensors", "m.bin"]));
        Assert.Contains("held-out share of 2", Fails(["train", "--data", text, "--validation", "2", .. Small]));
        Assert.Contains("other data", Fails(["train", "--data", Write("other.txt", new string('x', 4000)), "--resume", "m.safetensors"]));
    }

    [Fact]
    public void A_record_is_replayed_and_the_first_difference_named()
    {
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the rat ran. ", 60)));
        var (code, _, errors) =
            Run(
                ["train", "--data", text, "--experts", "4", "--steps", "9", "--dropout", "0.1", "--accumulate", "2", "--evaluate-every",
                    "4", "-o", "m.safetensors", "--record", "run.jsonl", .. Small]);
        Assert.True(code == 0, errors);
        var (replayed, output, why) = Run(["replay", "run.jsonl"]);
        Assert.True(replayed == 0, output + why);
        Assert.Contains("All 9 recorded steps are the same to the bit.", output);
        Assert.Contains("All 3 ", Run(["replay", "run.jsonl", "--steps", "3"]).Output);

        var lines = File.ReadAllLines(Path.Combine(_folder, "run.jsonl"));
        var changed = System.Text.RegularExpressions.Regex.Replace(lines[5], "\"loss\":[0-9.]+", "\"loss\":1.5");
        Write("changed.jsonl", string.Join('\n', [.. lines[..5], changed, .. lines[6..]]));
        var (differs, said, _) = Run(["replay", "changed.jsonl"]);
        Assert.Equal(2, differs);
        Assert.Contains("First difference at step 5, loss: recorded 1.5, now ", said);

        Write("other.txt", "something else");
        Assert.Contains("not the text of the recorded run", Fails(["replay", "run.jsonl", "--data", "other.txt"]));
        Assert.Contains("float32 only",
            Fails(
                ["replay",
                    Write("narrow.jsonl", string.Join('\n', lines).Replace("\"patience\"", "\"precision\":\"b-float16\",\"patience\""))]));
        Assert.InRange(Fails(["replay", "text.txt"]).Length, 100, 1200);
        Assert.Contains("line 1", Fails(["replay", "text.txt"]));
        Assert.Contains("nowhere.jsonl", Fails(["replay", "nowhere.jsonl"]));
        File.Move(Path.Combine(_folder, "text.txt"), Path.Combine(_folder, "moved.txt"));
        Assert.Contains("text.txt", Fails(["replay", "run.jsonl"]));
        Assert.Equal(0, Run(["replay", "run.jsonl", "--data", "moved.txt"]).Code);
    }

    [Fact]
    public void A_training_that_goes_on_keeps_its_data_its_split_and_its_record()
    {
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the rat ran. ", 60)));
        string[] options = ["--data", text, "--tokenizer", "characters", "--optimizer", "muon", "--schedule", "wsd", "--validation", "0.25",
            "--seed", "5", "--evaluate-every", "2", .. Small];
        Assert.Equal(0, Run(["train", "--steps", "8", "-o", "whole.safetensors", "--record", "whole.jsonl", .. options]).Code);
        // The same training, stopped by a checkpoint every second step and the loss of all that came after.
        using (var process =
            Start(["train", "--steps", "8", "--checkpoint-every", "2", "-o", "part.safetensors", "--record", "part.jsonl", .. options]))
            process.WaitForExit();
        var record = File.ReadAllLines(Path.Combine(_folder, "part.jsonl"));
        Assert.Equal(9, record.Length);
        var resumed = Run(["train", "--resume", "part.safetensors", "-o", "part.safetensors", "--record", "part.jsonl"]);
        Assert.True(resumed.Code == 0, resumed.Errors);
        Assert.Equal(9, File.ReadAllLines(Path.Combine(_folder, "part.jsonl")).Length);
        Assert.Equal(0, Run(["replay", "part.jsonl"]).Code);
        Assert.Equal(File.ReadAllBytes(Path.Combine(_folder, "whole.safetensors")).Length,
            File.ReadAllBytes(Path.Combine(_folder, "part.safetensors")).Length);
    }

    [Fact]
    public void Training_with_rounded_weights_is_replayed_and_ends_with_them()
    {
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the rat ran. ", 60)));
        string[] options = ["--data", text, "--quantize", "ternary", "--evaluate-every", "2", .. Small];
        var (code, output, errors) = Run(["train", "--steps", "6", "-o", "whole.safetensors", "--record", "whole.jsonl", .. options]);
        Assert.True(code == 0, errors);
        Assert.Contains("block 0, network", output);
        Assert.Matches("with rounded weights: [0-9.]+", output);
        Assert.Contains("All 6 recorded steps are the same to the bit.", Run(["replay", "whole.jsonl"]).Output);
        Assert.Contains("First difference",
            Run(
                ["replay",
                    Write("plain.jsonl",
                        File.ReadAllText(Path.Combine(_folder, "whole.jsonl")).Replace(",\"quantize\":\"ternary\"", ""))]).Output);

        var weights = ModelCheckpoint.Load(Path.Combine(_folder, "whole.safetensors")).Model.Blocks[0].Network!.Down.Weight.ToArray();
        Assert.Equal(3, weights.Distinct().Count());
        Assert.Contains("finished model", Fails(["train", "--data", text, "--resume", "whole.safetensors"]));
    }

    [Theory, InlineData(0), InlineData(4)]
    public void What_is_trained_here_goes_to_other_programs_and_comes_back(int experts)
    {
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the rat ran. ", 60)));
        Assert.Equal(0,
            Run(
                ["train", "--data", text, "--steps", "12", "--experts", $"{experts}", "-o", "m.safetensors",
                    .. Small.Select(s => s == "16" ? "32" : s)]).Code);
        string[] greedy = ["--prompt", "the cat", "--tokens", "8", "--temperature", "0"];
        var expected = Run(["generate", "m.safetensors", .. greedy]).Output;
        Assert.StartsWith("the cat", expected);
        Assert.NotEqual('\n', expected[^1]);
        foreach (var file in new[] { "m.gguf", "folder" })
        {
            var (code, _, errors) = Run(["convert", "m.safetensors", file]);
            Assert.True(code == 0, errors);
            Assert.Equal((0, expected, ""), Run(["generate", file, .. greedy]));
        }

        var (quantized, _, why) = Run(["quantize", "m.gguf", "--to", "Q8_0", "-o", "q.gguf"]);
        Assert.True(quantized == 0, why);
        Assert.StartsWith("the cat", Run(["generate", "q.gguf", .. greedy]).Output);
        Assert.Contains("\n---\n", Run(["generate", "m.gguf", "--prompt", "the", "--tokens", "3", "--samples", "2"]).Output);
        var free = Run(["generate", "m.gguf", "--prompt", "the", "--tokens", "30", "--seed", "3"]).Output;
        var stop = free.Substring(10, 2);
        Assert.Equal("the" + free[3..(3 + free[3..].IndexOf(stop, StringComparison.Ordinal))],
            Run(["generate", "m.gguf", "--prompt", "the", "--tokens", "30", "--seed", "3", "--stop", stop]).Output);
    }

    [Fact]
    public void With_one_expert_a_token_the_weight_is_its_probability_and_the_router_learns_from_the_loss()
    {
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the rat ran. ", 60)));
        Assert.Equal(0,
            Run(["train", "--data", text, "--steps", "1", "--experts", "4", "--top-k", "1", "-o", "m.safetensors", .. Small]).Code);
        var model = ModelCheckpoint.Load(Path.Combine(_folder, "m.safetensors")).Model;
        var tokens = Mezcla.Tensors.Tensor.From([1, 2, 3, 4], 1, 4);
        Assert.All(model.Observe(tokens).Layers.SelectMany(layer => layer.PerToken()),
            token => Assert.InRange(Assert.Single(token.Weights), 0.2f, 0.9f));
        Assert.Contains("a routing other than that of its family: Mixtral's weights", Fails(["convert", "m.safetensors", "m.gguf"]));
    }

    [Fact]
    public void Text_at_a_terminal_ends_with_a_line_end_and_in_a_pipe_it_does_not()
    {
        if (OperatingSystem.IsWindows() || !File.Exists("/usr/bin/script"))
            Assert.Skip("There is no program 'script' here, which makes a terminal.");
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the rat ran. ", 60)));
        Assert.Equal(0, Run(["train", "--data", text, "--steps", "12", "-o", "m.safetensors", .. Small]).Code);
        var piped = Run(["generate", "m.safetensors", "--prompt", "the cat", "--tokens", "3", "--temperature", "0"]).Output;
        Assert.NotEqual('\n', piped[^1]);
        using var terminal =
            Process.Start(
                new ProcessStartInfo("/usr/bin/script",
                    ["-qec",
                        $"dotnet {Path.Combine(AppContext.BaseDirectory, "Mezcla.Cli.dll")} generate m.safetensors --prompt 'the cat' " +
                            "--tokens 3 --temperature 0", "/dev/null"])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardInput = true,
                    WorkingDirectory = _folder,
                })!;
        var shown = terminal.StandardOutput.ReadToEnd();
        Assert.EndsWith(piped + "\n", shown.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void A_device_is_chosen_by_name_and_doctor_lists_them()
    {
        var refused = Fails(["generate", Write("m.safetensors", "x"), "--device", "abacus"]);
        Assert.Contains("cpu, plain, opencl, opencl:1, torch:cpu, cuda", refused);
        Assert.Contains("opencl:99", Fails(["generate", Write("m.safetensors", "x"), "--device", "opencl:99"]));
        Assert.Contains("opencl:99", Fails(["generate", Write("m.safetensors", "x"), "--device", "opencl:99"]));
        Assert.Contains("--cuda belongs to --install torch", Fails(["doctor", "--cuda"]));
        var (code, output, errors) = Run(["doctor"]);
        Assert.True(code == 0, output + errors);
        Assert.Contains("cpu: ", output);
        Assert.Contains("smoke test: passed", output);
        if (!Tensors.Device.Described.Any(d => d.Name.StartsWith("opencl")))
            Assert.Skip("No OpenCL device here to train on; on Debian: apt-get install pocl-opencl-icd.");
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the rat ran. ", 60)));
        Assert.Equal(0,
            Run(["train", "--data", text, "--experts", "4", "--steps", "3", "--device", "opencl", "-o", "d.safetensors", .. Small]).Code);
        Assert.Equal(0, Run(["train", "--data", text, "--resume", "d.safetensors", "--device", "opencl", "-o", "e.safetensors"]).Code);
        Assert.Equal(Run(["generate", "d.safetensors", "--prompt", "the", "--temperature", "0", "--tokens", "5"]).Output,
            Run(["generate", "d.safetensors", "--prompt", "the", "--temperature", "0", "--tokens", "5", "--device", "opencl"]).Output);
    }

    // libtorch multiplies in another order, so that losses differ in their last digits.
    [Fact]
    public void A_model_trains_and_generates_on_libtorch()
    {
        if (!Tensors.Device.Described.Any(d => d.Name == "torch:cpu"))
            Assert.Skip("No libtorch here; mezcla doctor --install torch fetches it.");
        var (code, output, errors) = Run(["doctor", "--install", "torch"]);
        Assert.True(code == 0, output + errors);
        Assert.StartsWith("libtorch 2.", output);
        Assert.Matches(@"torch:cpu: the CPU, .* GB, libtorch .*\n  smoke test: passed", output.ReplaceLineEndings("\n"));
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the rat ran. ", 60)));
        Assert.Equal(0, Run(
            ["train", "--data", text, "--experts", "4", "--steps", "3", "--device", "torch:cpu", "-o", "t.safetensors", .. Small]).Code);
        string[] generate = ["generate", "t.safetensors", "--prompt", "the", "--temperature", "0", "--tokens", "5", "--device"];
        Assert.Equal(Run([.. generate, "cpu"]).Output, Run([.. generate, "torch:cpu"]).Output);
    }

    [Fact]
    public void An_interrupted_training_saves_and_goes_on()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("This sends a signal of Unix.");
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the rat ran. ", 60)));
        using var process =
            Start(["train", "--data", text, "--steps", "1000000", "-o", "m.safetensors", "--record", "run.jsonl", .. Small]);
        var watch = Stopwatch.StartNew();
        var record = Path.Combine(_folder, "run.jsonl");
        while ((!File.Exists(record) || new FileInfo(record).Length < 2000) && watch.Elapsed < TimeSpan.FromMinutes(4))
            Thread.Sleep(50);
        Interrupt(process);
        var ended = process.WaitForExit(240_000);
        if (!ended)
            process.Kill();
        Assert.True(ended, "It did not stop when it was asked to.");
        var output = process.StandardOutput.ReadToEnd();
        Assert.Equal(130, process.ExitCode);
        Assert.Contains("--resume m.safetensors", output);
        Assert.Equal(0, Run(["generate", "m.safetensors", "--prompt", "the", "--tokens", "3"]).Code);
    }

    [Fact]
    public async Task Training_with_rounded_weights_that_was_interrupted_ends_with_the_bits_of_one_that_was_not()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("This sends a signal of Unix.");
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the rat ran. ", 60)));
        string[] options = ["--data", text, "--experts", "4", "--steps", "600", "--quantize", "int4_absmax", "--activation-bits", "4",
            "--dropout", "0.1", .. Small];
        Assert.Equal(0, Run(["train", "-o", "whole.safetensors", .. options]).Code);

        // Nobody reads more than the first lines of the record before the signal, and a
        // pipe holds 64 KB: the training cannot be at its end by then.
        var pipe = Path.Combine(_folder, "record");
        using (var made = Process.Start("mkfifo", [pipe]))
            made.WaitForExit();
        using var process = Start(["train", "-o", "part.safetensors", "--record", "record", .. options]);
        int recorded;
        // Opening waits for the other end.
        using (var record = await Task.Run(() => new StreamReader(pipe)).WaitAsync(TimeSpan.FromMinutes(2)))
        {
            for (var i = 0; i < 4; i++)
                Assert.NotNull(await record.ReadLineAsync());
            Interrupt(process);
            for (recorded = 3; await record.ReadLineAsync() is not null; recorded++)
            { }
        }

        Assert.True(process.WaitForExit(120_000));
        Assert.Equal(130, process.ExitCode);
        var part = ModelCheckpoint.Load(Path.Combine(_folder, "part.safetensors"));
        Assert.Equal(recorded, part.Training!.Step);
        Assert.InRange(recorded, 3, 599);

        var (code, output, errors) = Run(["train", "--resume", "part.safetensors", "-o", "part.safetensors"]);
        Assert.True(code == 0, errors);
        Assert.Contains("with rounded weights", output);
        var (whole, resumed) = (Parameters("whole.safetensors"), Parameters("part.safetensors"));
        Assert.Equal(whole.Keys, resumed.Keys);
        Assert.All(whole, parameter => Assert.Equal(parameter.Value, resumed[parameter.Key]));

        Dictionary<string, float[]> Parameters(string file) =>
            ModelCheckpoint.Load(Path.Combine(_folder, file)).Model.NamedParameters().ToDictionary(p => p.Name, p => p.Tensor.ToArray());
    }

    [Fact]
    public void A_text_that_is_neither_a_file_nor_a_corpus_is_named_as_such()
    {
        // Beside the datasets of a clone, and without any.
        Assert.Contains("There is no file 'moby'", Fails(["train", "--data", "moby"]));
        Assert.Contains("moby-dick", Fails(["train", "--data", "moby"]));
        var alone = Path.Combine(_folder, "alone");
        Directory.CreateDirectory(alone);
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory))
            File.Copy(file, Path.Combine(alone, Path.GetFileName(file)));
        var (code, _, errors) = Run(["train", "--data", "moby"], Path.Combine(alone, "Mezcla.Cli.dll"));
        Assert.Equal(1, code);
        Assert.Contains("There is no file 'moby'", errors);
        Assert.Contains("MEZCLA_DATASETS", errors);
        Assert.Equal(0, Run(["train", "--data", "arithmetic", "--steps", "2", .. Small], Path.Combine(alone, "Mezcla.Cli.dll")).Code);
    }

    [Fact]
    public void What_cannot_be_is_one_clear_error()
    {
        var text = Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 60)));
        Assert.Contains("--data", Fails(["train"]));
        Assert.Contains("nowhere.txt", Fails(["train", "--data", "nowhere.txt"]));
        Assert.Contains("empty", Fails(["train", "--data", Write("empty.txt", "")]));
        Assert.Contains("only white space", Fails(["train", "--data", Write("blank.txt", " \n\t\n")]));
        Assert.Contains("There is no checkpoint", Fails(["train", "--data", text, "--resume", "nowhere.safetensors"]));
        Assert.Contains("There is no claim file", Fails(["claims", "nowhere.json"]));
        Assert.Contains("There is no file of trainings", Fails(["scaling", "fit", "nowhere.csv"]));
        File.WriteAllBytes(Path.Combine(_folder, "latin.txt"), [65, 66, 0xE9, 67]);
        Assert.Contains("UTF-8", Fails(["train", "--data", "latin.txt"]));
        Assert.Contains("tokens", Fails(["train", "--data", Write("short.txt", "too short"), .. Small]));
        Assert.Contains("GB", Fails(["train", "--data", text, "--hidden", "65536", "--heads", "16", "--layers", "900"]));
        Assert.Contains("--heads", Fails(["train", "--data", text, "--hidden", "10", "--heads", "3"]));
        Assert.Contains("experts", Fails(["train", "--data", text, "--experts", "2", "--top-k", "3"]));
        Assert.Contains("folder", Fails(["train", "--data", text, "-o", "no/such/m.safetensors"]));
        Assert.Contains("Stopped early",
            Run(
                ["train", "--data", text, "--steps", "400", "--evaluate-every", "1", "--patience", "3", "--learning-rate", "0.3", "-o",
                    "early.safetensors", .. Small]).Output);
        Assert.Contains("no tokenizer", Fails(["train", "--data", text, "--tokenizer", "nowhere.json"]));
        Assert.Contains("accumulation", Fails(["train", "--data", text, "--accumulate", "0"]));
        Assert.Contains("warm-up", Fails(["train", "--data", text, "--warmup", "-1"]));
        Assert.Contains("held-out share", Fails(["train", "--data", text, "--validation", "1", .. Small]));
        Assert.Contains("m.safetensors", Fails(["generate", "m.safetensors", "--prompt", "x"]));
        Assert.Contains("temperature", Fails(["generate", text, "--temperature", "-1"]));
        Assert.Contains("At least 1", Fails(["generate", text, "--tokens", "0"]), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("text.txt", Fails(["generate", text, "--prompt", "x"]));
    }

    [Theory]
    [InlineData("BFloat16 needs a GPU", "--precision", "bfloat16")]
    [InlineData("TERNARY", "--quantize", "none")]
    [InlineData("belongs to --quantize", "--activation-bits", "8")]
    [InlineData("it must be 2 to 8", "--activation-bits", "9", "--quantize", "ternary")]
    [InlineData("is a folder: name a file with --output", "--output", ".")]
    [InlineData("choose another --record", "--record", "no/such/run.jsonl")]
    public void What_cannot_be_trained_is_refused_before_a_tokenizer_is(string why, params string[] options)
    {
        var (code, output, errors) =
            Run(
                ["train", "--data", Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat. ", 60))), "--device", "cpu",
                    .. options, .. Small]);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(why, errors);
    }

    private static void Interrupt(Process process)
    {
        // A shell's background jobs are started deaf to Ctrl+C, and so are tests that run in one; there the signal of a shutdown stands in.
        using var kill = Process.Start("kill", [Signals.IgnoresInterrupt(process) ? "-TERM" : "-INT", process.Id.ToString()]);
        kill.WaitForExit();
    }

    private string Fails(string[] arguments)
    {
        var (code, output, errors) = Run(arguments);
        Assert.True(code == 1, $"{string.Join(' ', arguments)}: exit code {code}\n{output}{errors}");
        Assert.DoesNotContain("   at ", errors);
        // Messages are wrapped to the width of a terminal.
        return string.Join(' ', errors.Split('\n', StringSplitOptions.TrimEntries));
    }

    private (int Code, string Output, string Errors) Run(string[] arguments, string? program = null)
    {
        using var process = Start(arguments, program);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        Assert.True(process.WaitForExit(120_000), string.Join(' ', arguments));
        return (process.ExitCode, output.Result, errors.Result);
    }

    private Process Start(string[] arguments, string? program = null) =>
        Process.Start(new ProcessStartInfo("dotnet", [program ?? Path.Combine(AppContext.BaseDirectory, "Mezcla.Cli.dll"), .. arguments])
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
