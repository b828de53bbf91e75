using System.Diagnostics;
using System.Text.Json;
using Mezcla.Generation;
using Mezcla.Quantization.Formats;
using Mezcla.Tests;
using Mezcla.Weights;
using Mezcla.Weights.Chat;

namespace Mezcla.Cli.Tests;

/// <summary>mezcla generate --chat and --interactive as processes.</summary>
public sealed class ChatCommandTests : IDisposable
{
    private const string ChatMl = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + " +
        "'<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-chat-").FullName;
    private readonly string _model;

    public ChatCommandTests(TinyModels models)
    {
        _model = Path.Combine(_folder, "model");
        using var source = ModelSource.Open(models.Checkpoint());
        // Long enough for a few messages.
        var config = source.Config with { ContextLength = 256 };
        ModelWriter.WriteHuggingFace(_model, config, source.Tokenizer, source.Read, FloatFormat.F32);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_message_is_answered_in_the_form_of_the_models_files()
    {
        Assert.Contains("has no chat template", Fails("--chat", "--prompt", "3 and 4"));
        AddTemplate("{{ strange }}");
        Assert.Contains("none of those that are known", Fails("--chat", "--prompt", "3 and 4"));
        AddTemplate(ChatMl);
        Assert.Contains("--chat needs a message", Fails("--chat"));
        Assert.Contains("add --chat", Fails("--prompt", "x", "--system", "Be brief."));
        Assert.Contains("leave --prompt out", Fails("--interactive", "--prompt", "x"));

        using var source = ModelSource.Open(_model);
        var generator = new Generator(source.Load(), source.Tokenizer!) { Ends = source.Chat.Ends };
        var text = source.Chat.Format!.Render([new(ChatRole.System, "Be brief."), new(ChatRole.User, "3 and 4")]);
        var expected = string.Concat(generator.Stream(text, 6, SamplingConfig.Greedy));
        var (code, output, errors) = Cli.Run(_folder,
            ["generate", _model, "--chat", "--prompt", "3 and 4", "--system", "Be brief.", "--tokens", "6", "--temperature", "0"]);
        Assert.True(code == 0, errors);
        Assert.Equal(expected, output);
    }

    [Fact]
    public void A_conversation_goes_on_and_can_be_forgotten()
    {
        AddTemplate(ChatMl);
        using var source = ModelSource.Open(_model);
        var generator = new Generator(source.Load(), source.Tokenizer!) { Ends = source.Chat.Ends };
        string Answer(params ChatMessage[] said) =>
            string.Concat(generator.Stream(source.Chat.Format!.Render(said), 5, SamplingConfig.Greedy));
        var first = Answer(new ChatMessage(ChatRole.User, "3 and 4"));
        var second = Answer(new(ChatRole.User, "3 and 4"), new(ChatRole.Assistant, source.Chat.Format!.Remembered(first)),
            new(ChatRole.User, "1 and 2"));
        var (code, output, errors) = Cli.Run(_folder, ["generate", _model, "--interactive", "--tokens", "5", "--temperature", "0"],
            "3 and 4\n\n1 and 2\n/new\n3 and 4\n/exit\n");
        Assert.True(code == 0, errors);
        Assert.Equal($"{first}\n{second}\n{first}\n", output.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Ctrl_C_stops_the_answer_and_not_the_program()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There a process cannot send another Ctrl+C.");
        AddTemplate(ChatMl);
        string question;
        using (var source = ModelSource.Open(_model))
        {
            // One whose answer does not end by itself.
            var generator = new Generator(source.Load(), source.Tokenizer!);
            question = Enumerable.Range(0, 40).Select(n => $"{n} and {n * n}").First(text => !generator.Tokens(
                generator.Encode(source.Chat.Format!.Render([new(ChatRole.User, text)])), 800).Intersect(source.Chat.Ends).Any());
        }
        using var process = Cli.Start(_folder, ["generate", _model, "--interactive", "--tokens", "1000000", "--temperature", "0"]);
        try
        {
            Assert.SkipWhen(Signals.IgnoresInterrupt(process), "These tests were started deaf to Ctrl+C.");
            process.StandardInput.WriteLine(question);
            process.StandardInput.Flush();
            Assert.NotEqual(-1, process.StandardOutput.Read()); // the answer has begun
            using (var kill = Process.Start("kill", ["-INT", process.Id.ToString()]))
                kill.WaitForExit();
            process.StandardInput.WriteLine("/exit");
            process.StandardInput.Close();
            var rest = process.StandardOutput.ReadToEnd();
            Assert.True(process.WaitForExit(60_000));
            Assert.Equal(0, process.ExitCode);
            Assert.EndsWith(" ...", rest.TrimEnd());
            Assert.DoesNotContain("error", process.StandardError.ReadToEnd());
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    private void AddTemplate(string template) => File.WriteAllText(Path.Combine(_model, "tokenizer_config.json"),
        JsonSerializer.Serialize(new { chat_template = template, eos_token = "<|endoftext|>" }));

    private string Fails(params string[] options)
    {
        var (code, output, errors) = Cli.Run(_folder, ["generate", _model, .. options]);
        Assert.True(code == 1, output + errors);
        return string.Join(' ', errors.Split('\n', StringSplitOptions.TrimEntries));
    }
}
