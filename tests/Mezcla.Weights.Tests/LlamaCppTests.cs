using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Mezcla.Datasets;
using Mezcla.Generation;
using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Tensors;
using Mezcla.Tests;
using Mezcla.Tests.Tokenization;
using Mezcla.Tokenization;
using Mezcla.Training;
using Mezcla.Weights.Gguf;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Weights.Tests;

/// <summary>llama.cpp itself (npm's node-llama-cpp) runs what we wrote as we do, and we run what it wrote.</summary>
public sealed class LlamaCppTests : IDisposable
{
    private const string Version = "3.22.1", Prompt = "Call me Ishmael. Some years ago, it's 1851 or ñandú 🙂";

    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-llama-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static readonly Lazy<BytePairTokenizer> Gpt2Like = new(() => Train(SplitPattern.Gpt2)),
        Gpt4Like = new(() => Train(SplitPattern.Gpt4));

    private static BytePairTokenizer Train(SplitPattern pattern) =>
        BytePairTokenizer.Train(Corpus.Load("moby-dick").Text[..200_000], 640, pattern, "<|endoftext|>");

    private static IEnumerable<string> Mixtures => SmallMixtures.Names.Where(name => name != SmallMixtures.PhiMoe);

    public static TheoryData<string> Names => ["gpt2", "llama", "llama-tied", "mixtral", .. Mixtures, .. Scalings.Keys];

    // Texts here are up to 64 tokens long, several times the contexts that these were stretched from.
    private static readonly Dictionary<string, RotaryScaling> Scalings = new()
    {
        ["llama-linear"] = new LinearScaling(4),
        ["llama-yarn"] = new YarnScaling(4, 16, Truncate: true),
        ["llama-longrope"] = new LongRopeScaling(Factors(1), Factors(4), 16, 1.2),
        ["llama-longrope-short"] = new LongRopeScaling(Factors(1), Factors(4), 1024), // longer than any text
        ["llama-yarn-magnitude"] = new YarnScaling(8, 32, Truncate: true, Magnitude: 1.5),
    };

    private static double[] Factors(double most) => [.. Enumerable.Range(0, 32).Select(i => 1.25 + most * i / 32)];

    private static TransformerConfig Config(string name, int vocabulary)
    {
        if (SmallMixtures.Names.Contains(name))
            return SmallMixtures.Get(name, wide: true) with { VocabularySize = vocabulary };
        var llama = ModelFileTests.Wide(experts: name == "mixtral") with
        {
            Name = name,
            VocabularySize = vocabulary,
            TiedHead = name == "llama-tied",
            Positions = new(PositionKind.Rotary, 500_000, name == "llama" ? new Llama3Scaling() : Scalings.GetValueOrDefault(name)),
        };
        return name != "gpt2" ? llama : llama with
        {
            Attention = new() { Heads = 4, KeyValueHeads = 4, HeadSize = 64, QueryKeyValueBias = true, OutputBias = true },
            FeedForward = new(512, Activation.GeluTanh, Bias: true),
            Positions = new(PositionKind.Learned),
            Norm = new(NormKind.LayerNorm),
            TiedHead = true,
        };
    }

    // Weights so large that some tokens are likely.
    private static Transformer Model(TransformerConfig config) => SmallMixtures.Model(config, config.TiedHead ? 0.15f : 0.08f);

    private string Write(Transformer model, Tokenizer? tokenizer, string mix = "F32")
    {
        var path = Path.Combine(_folder, $"{model.Config.Name}-{mix}.gguf");
        ModelWriter.WriteGguf(path, model.Config, tokenizer, ModelWriter.Parameters(model), QuantizationMix.Parse(mix));
        return path;
    }

    private sealed record Answer(int[] Ids, float[][] Probabilities, int[] Greedy, string Text);

    private static string Install()
    {
        var platform = RuntimeInformation.ProcessArchitecture switch { Architecture.X64 => "x64", Architecture.Arm64 => "arm64", _ => "" };
        var system = OperatingSystem.IsLinux() ? "linux" : OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "mac" : "";
        if (platform == "" || system == "")
            Assert.Skip("node-llama-cpp has no binaries for this system.");
        return Peer.Packages(
            [$"node-llama-cpp@{Version}",
                $"@node-llama-cpp/{system}-{platform}{(system == "mac" && platform == "arm64" ? "-metal" : "")}@{Version}"],
                optional: false);
    }

    private static Answer[] Ask(string path, params object[] questions)
    {
        var lines = Peer.Ask(questions.Select(q => JsonSerializer.Serialize(q)), "node", Peer.Script("llama.mjs"), Install(), path);
        return [.. lines.Select(line => JsonSerializer.Deserialize<Answer>(line, JsonSerializerOptions.Web)!)];
    }

    private static float[] Probabilities(Transformer model, int[] ids)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        return model.Logits(Tensor.From(ids, 1, ids.Length)).Softmax(-1).ToArray();
    }

    private static void AssertClose(float[][] expected, float[] actual, double tolerance)
    {
        var columns = actual.Length / expected.Length;
        for (var row = 0; row < expected.Length; row++)
            for (var i = 0; i < columns; i++)
                Assert.True(Math.Abs(expected[row][i] - actual[row * columns + i]) <= tolerance,
                    $"position {row}, token {i}: llama.cpp has {expected[row][i]}, we {actual[row * columns + i]}");
    }

    [Theory, MemberData(nameof(Names))]
    public void It_reads_our_file_cuts_text_alike_and_gives_the_same_probabilities_and_greedy_text(string name)
    {
        var tokenizer = (name == "gpt2" ? Gpt2Like : Gpt4Like).Value;
        var model = Model(Config(name, tokenizer.VocabularySize + (name == "llama" ? 3 : 0))); // rows that no token has
        var path = Write(model, tokenizer);
        var answer = Ask(path, new { text = Prompt, count = 20 })[0];
        Assert.Equal(tokenizer.Encode(Prompt), answer.Ids);
        // Guessing would be 1/640 everywhere: there is something to be wrong about.
        Assert.Contains(answer.Probabilities.SelectMany(p => p), p => p > 0.03);
        // Both add float32 in their own order; llama.cpp looks its GELU up in a table of half floats.
        AssertClose(answer.Probabilities, Probabilities(model, answer.Ids), name is "gpt2" or "gpt-oss" ? 1e-3 : 2e-4);
        using var source = ModelSource.Open(path);
        var generator = new Generator(source.Load(), source.Tokenizer!);
        Assert.Equal(answer.Greedy, generator.Tokens(answer.Ids, 20).ToArray());
        Assert.Equal(answer.Text, tokenizer.Decode(answer.Greedy));
    }

    [Theory, InlineData("llama-linear"), InlineData("llama-yarn"), InlineData("llama-yarn-magnitude"),
        InlineData("llama-longrope"), InlineData("llama-longrope-short")]
    public void A_model_whose_positions_are_scaled_in_another_way_would_not_pass_for_the_same(string name)
    {
        var model = Model(Config(name, Gpt4Like.Value.VocabularySize));
        var answer = Ask(Write(model, Gpt4Like.Value), new { text = Prompt, count = 0 })[0];
        foreach (var other in Scalings.Values.Append(null).Where(s => s != model.Config.Positions.Scaling))
        {
            var scaled = new Transformer(
                model.Config with { Positions = model.Config.Positions with { Scaling = other } }, new RandomStream(1));
            foreach (var (from, to) in model.NamedParameters().Zip(scaled.NamedParameters()))
                Module.Assign(to.Tensor, from.Tensor.ToArray());
            Assert.ThrowsAny<Xunit.Sdk.XunitException>(
                () => AssertClose(answer.Probabilities, Probabilities(scaled, answer.Ids), 2e-3));
        }
    }

    [Fact]
    public void A_mixture_in_another_shape_would_not_pass_for_the_same()
    {
        foreach (var name in Mixtures.Where(n => n != "deepseek-v2-lite"))
        {
            var model = Model(Config(name, Gpt4Like.Value.VocabularySize));
            var answer = Ask(Write(model, Gpt4Like.Value), new { text = Prompt, count = 0 })[0];
            var other = new Transformer(Changed(model.Config), new RandomStream(1));
            var parameters = ModelWriter.Parameters(model);
            foreach (var (parameter, tensor) in other.NamedParameters())
                Module.Assign(tensor, parameters(parameter));
            Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertClose(answer.Probabilities, Probabilities(other, answer.Ids), 2e-3));
        }

        // What only this family has is left out, or the weights of the experts are summed in the other way.
        static TransformerConfig Changed(TransformerConfig config) => config switch
        {
            { EmbeddingMultiplier: not null } => config with { ResidualMultiplier = 0.42f },
            { Attention.Latent: not null } => config with { Attention = config.Attention with { Scale = null } },
            { MixtureOfExperts: { SharedGate: true } moe } => config with { MixtureOfExperts = moe with { SharedGate = false } },
            { MixtureOfExperts.Routing: TopKSoftmaxRouting } => With(config, new SoftmaxTopKRouting()),
            _ => With(config, new TopKSoftmaxRouting()),
        };

        static TransformerConfig With(TransformerConfig config, Routing routing) =>
            config with { MixtureOfExperts = config.MixtureOfExperts! with { Routing = routing } };
    }

    private const int Continued = 24;

    private static readonly string Learned = Corpus.Load("moby-dick").Text[..3000];
    private static readonly ConcurrentDictionary<string, Lazy<Transformer>> TrainedModels = [];

    /// <summary>A model that has learned the beginning of a text nearly by heart: it has
    /// something to say, and says it with confidence.</summary>
    private static Transformer Trained(string name) => TrainedModels.GetOrAdd(name, _ => new(() =>
    {
        var model = new Transformer(Config(name, Gpt2Like.Value.VocabularySize) with { InitializerRange = 0.06f }, new RandomStream(11));
        var config = new TrainingConfig { Steps = 60, BatchSize = 8, LearningRate = 3e-3f, EvaluationInterval = 0, EvaluationBatches = 1 };
        new Trainer(model, new TokenBatches(Gpt2Like.Value.Encode(Learned)), config).Run();
        return model;
    })).Value;

    // The weights are the same to the bit; it rounds activations to 8 bits as we do, in its own order.
    // The tolerances are about twice the largest difference that was measured.
    [Theory, InlineData("llama", "F16", 2e-3), InlineData("llama", "Q8_0", 0.06), InlineData("llama", "Q4_0", 0.06),
    InlineData("llama", "Q4_K", 0.06), InlineData("llama", "Q6_K", 0.06)]
    [InlineData("gpt2", "Q4_0", 0.06), InlineData("llama", "Q4_K_M", 0.06), InlineData("mixtral", "Q6_K", 0.06)]
    public void It_continues_a_text_with_what_we_quantized_as_we_do(string name, string mix, double tolerance)
    {
        var model = Trained(name);
        var path = Write(model, Gpt2Like.Value, mix);
        // Its own continuation is asked for again as a text, so that what it thought at each step is known.
        var first = Ask(path, new { text = Learned[..40], count = Continued })[0];
        var answer = Ask(path, new { ids = first.Ids.Concat(first.Greedy).ToArray(), count = 0 })[0];
        using var source = ModelSource.Open(path);
        var quantized = source.Load();
        Assert.Contains(answer.Probabilities.SelectMany(p => p), p => p > 0.03); // guessing would be 1/640 everywhere
        AssertClose(answer.Probabilities, Probabilities(quantized, answer.Ids), tolerance);
        AssertClose(answer.Probabilities, Probabilities(source.Load(asFloats: true), answer.Ids), tolerance);

        // Our own decode, token by token with a cache, writes the same text, or parts from it where
        // our two most likely tokens are closer than rounding can tell apart.
        var ours = new Generator(quantized, source.Tokenizer!).Tokens(first.Ids, Continued).ToArray();
        var same = ours.Zip(first.Greedy).TakeWhile(p => p.First == p.Second).Count();
        var (vocabulary, rows, decided) = (model.Config.VocabularySize, Probabilities(quantized, answer.Ids), 0);
        for (var step = 0; step < Continued; step++)
        {
            // Behind its text, not ours: so every step counts, also after the first that differs.
            var row = rows.AsSpan((first.Ids.Length + step - 1) * vocabulary, vocabulary).ToArray();
            var (best, gap) = (Array.IndexOf(row, row.Max()), row.Max() - row.Order().ElementAt(vocabulary - 2));
            if (gap > 2 * tolerance)
                decided++;
            Assert.True(best == first.Greedy[step] || row[best] - row[first.Greedy[step]] <= 2 * tolerance,
                $"step {step}: llama.cpp takes token {first.Greedy[step]}, to which we give {row[first.Greedy[step]]:F4}, and we {best} " +
                    $"with {row[best]:F4}");
            if (step == same)
                Assert.True(gap <= 2 * tolerance,
                    $"step {step}: our decode takes {ours[step]}, llama.cpp {first.Greedy[step]}, and the two most likely are {gap:F4} " +
                        "apart");
        }
        Assert.True(decided >= Continued / 2,
            $"Only {decided} of {Continued} steps have one token that is likeliest beyond doubt: the comparison says little.");
    }

    [Fact]
    public void Another_model_would_not_pass_for_the_same()
    {
        var model = Trained("llama");
        var other = Quantization.Methods.ModelCopy.Of(model);
        // One matrix of twelve is half as large again.
        var weight = other.Blocks[1].Network!.Down.Weight;
        Module.Assign(weight, [.. weight.ToArray().Select(v => 1.5f * v)]);
        var answer = Ask(Write(model, Gpt2Like.Value, "Q4_0"), new { text = Learned[..80], count = 0 })[0];
        using var source = ModelSource.Open(Write(other, Gpt2Like.Value, "Q4_0"));
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertClose(answer.Probabilities, Probabilities(source.Load(), answer.Ids), 0.06));
    }

    [Fact]
    public void Its_ids_are_those_of_pieces_characters_and_byte_pairs()
    {
        var moby = Corpus.Load("moby-dick").Text;
        using var stream = typeof(LlamaCppTests).Assembly.GetManifestResourceStream("small.model")!;
        var small = Path.Combine(_folder, "small.model");
        using (var file = File.Create(small))
            stream.CopyTo(file);
        string[] texts = ["the sea", " In the beginning", "naïve façade  two  spaces", "1234 [INST] ñ", "日本語",
            .. Enumerable.Range(0, 40).Select(i => moby.Substring(i * 5000, 60))];
        foreach (var tokenizer in (Tokenizer[])[TokenizerFile.Load(small), CharacterTokenizer.Train(string.Concat(texts)), Gpt2Like.Value,
            Gpt4Like.Value])
        {
            var model = Model(
                Config("llama", tokenizer.VocabularySize) with { Name = tokenizer.GetType().Name + tokenizer.VocabularySize, Layers = 1 });
            var path = Write(model, tokenizer);
            // Around user-defined symbols llama.cpp adds spaces that SentencePiece does not: who reads the GGUF file does as it does.
            using var source = ModelSource.Open(path);
            var read = source.Tokenizer!;
            var answers = Ask(path, [.. texts.Select(text => (object)new { text, count = 0 })]);
            for (var i = 0; i < texts.Length; i++)
                Assert.True(read.Encode(texts[i], SpecialTokenPolicy.All).SequenceEqual(answers[i].Ids),
                    $"{model.Config.Name}, '{texts[i]}': {string.Join(' ', answers[i].Ids)} in " +
                        $"llama.cpp, {string.Join(' ', read.Encode(texts[i], SpecialTokenPolicy.All))} here");
        }
    }

    // Tokens that cross the edges of pieces, so that a text cut in another way has other ids. Names of special tokens are not among
    // them: llama.cpp would take them for such. As in DeepSeek's vocabularies, no token has several digits if none is wanted: there
    // llama.cpp leaves numbers whole, which the model's own tokenizer cuts, and relies on that.
    private static BytePairTokenizer Uncut(bool digits)
    {
        var tricky = string.Concat(Texts.Tricky.Where(t => IsWhole(t) && !t.Contains("<|", StringComparison.Ordinal)));
        var text = string.Concat(Enumerable.Repeat(tricky, 4)) + Corpus.Load("moby-dick").Text[..60_000];
        if (!digits)
            text = string.Concat(text.EnumerateRunes().Where(r => !Rune.IsNumber(r)));
        return BytePairTokenizer.Train(text, 1500, SplitPattern.None);
    }

    private static readonly Lazy<BytePairTokenizer> WithDigits = new(() => Uncut(true)), WithoutDigits = new(() => Uncut(false));

    private static bool IsWhole(string text) => text == string.Concat(text.EnumerateRunes()) && !text.Contains('\0');

    [Theory, InlineData("qwen2"), InlineData("refact"), InlineData("deepseek-llm"), InlineData("deepseek-coder"), InlineData("deepseek-v3"),
        InlineData("olmo"), InlineData("dbrx"), InlineData("gpt-4o")]
    [InlineData("deepseek-r1-qwen"), InlineData("stablelm2"), InlineData("starcoder"), InlineData("command-r"), InlineData("smollm")]
    public void It_cuts_text_as_we_do_for_the_tokenizers_of_open_mixtures(string pre)
    {
        // The same vocabulary, cut in the named way.
        var writer = new GgufWriter();
        var uncut = (pre == "deepseek-llm" ? WithoutDigits : WithDigits).Value;
        writer.Metadata.Add("tokenizer.ggml.model", "gpt2");
        writer.Metadata.Add("tokenizer.ggml.pre", pre);
        string[] tokens =
            [.. Enumerable.Range(0, uncut.Vocabulary.Count).Select(id => ByteAlphabet.ToText(uncut.Vocabulary[id])), "<|end|>"];
        writer.Metadata.Add("tokenizer.ggml.tokens", tokens);
        writer.Metadata.Add("tokenizer.ggml.token_type", tokens.Select(token => token == "<|end|>" ? 3 : 1).ToArray());
        writer.Metadata.Add("tokenizer.ggml.merges", uncut.Merges.Select(m => $"{tokens[m.Left]} {tokens[m.Right]}").ToArray());
        var described = Path.Combine(_folder, "described.gguf");
        writer.Save(described);
        using var file = GgufFile.Open(described);
        var tokenizer = GgufTokenizer.Read(file)!;

        var path = Write(Model(Config("llama", tokenizer.VocabularySize) with { Name = pre, Layers = 1 }), tokenizer);
        using var source = ModelSource.Open(path);
        Assert.Equal(tokenizer.Encode(Prompt), source.Tokenizer!.Encode(Prompt));
        var moby = Corpus.Load("moby-dick").Text;
        string[] texts = [Prompt, "a<|end|>b", .. Texts.Tricky.Where(IsWhole),
            .. Enumerable.Range(0, 200).Select(i => moby.Substring(i * 3001, 90)),
            .. Texts.Random(7, 300, loneSurrogates: false).Where(IsWhole)];
        // The expressions of older DeepSeek models run there in C++'s own library, for which only ASCII has white space.
        if (pre is "deepseek-llm" or "deepseek-coder")
            texts = [.. texts.Where(t => !t.Any(c => c > 127 && char.IsWhiteSpace(c)))];
        // Its expression for GPT-4o only nears the published one, which we have: it takes marks, and letters beyond U+FFFF, for capitals
        // or for none.
        if (pre == "gpt-4o")
            texts = [.. texts.Where(t => !t.EnumerateRunes().Any(r => r.Value > 0xFFFF && Rune.IsLetter(r) || Rune.GetUnicodeCategory(r) is
                UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark))];
        var answers = Ask(path, [.. texts.Select(text => (object)new { text, count = -1 })]);
        var wrong = texts.Zip(answers).Where(p => !tokenizer.Encode(p.First, SpecialTokenPolicy.All).SequenceEqual(p.Second.Ids)).ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.OrderBy(p => p.First.Length).Take(8).Select(p =>
            $"{Texts.ToJson(p.First)}: llama.cpp {Shown(p.Second.Ids)}, here {Shown(tokenizer.Encode(p.First, SpecialTokenPolicy.All))}")
            .Prepend($"{wrong.Count} of {texts.Length} texts")));
        // There was something to be wrong about.
        Assert.NotEqual(uncut.Encode(Prompt), tokenizer.Encode(Prompt));

        string Shown(int[] ids) => string.Join('|', ids.Select(id => Texts.ToJson(tokenizer.Decode([id]))));
    }

    [UnmanagedCallersOnly]
    private static void Silence(int level, nint text, nint data) { }

    [Theory, InlineData("Q8_0", 7, 0.02), InlineData("Q4_K_M", 15, 0.05), InlineData("F16", 1, 2e-3), InlineData("F32", 0, 2e-4)]
    public unsafe void We_read_what_it_wrote(string type, int number, double tolerance)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            Assert.Skip("Its quantizer is called in its Linux library.");
        var model = Model(Config("llama", Gpt4Like.Value.VocabularySize));
        string path = Write(model, Gpt4Like.Value), written = Path.Combine(_folder, type + ".gguf");
        var bins = Path.Combine(Install(), "node_modules", "@node-llama-cpp", "linux-x64", "bins", "linux-x64");
        NativeLibrary.Load(Path.Combine(bins, "libggml-base.so"));
        NativeLibrary.Load(Directory.GetFiles(bins, "libggml.*so").Single());
        var library = NativeLibrary.Load(Directory.GetFiles(bins, "libllama.*so").Single());
        ((delegate* unmanaged<delegate* unmanaged<int, nint, nint, void>, nint, void>)NativeLibrary.GetExport(library, "llama_log_set"))(
            &Silence, 0);
        // The structure of parameters is returned through a pointer; threads are its first integer, the file type its second.
        var parameters = stackalloc int[256];
        ((delegate* unmanaged<int*, void>)NativeLibrary.GetExport(library, "llama_model_quantize_default_params"))(parameters);
        (parameters[0], parameters[1]) = (1, number);
        nint from = Marshal.StringToCoTaskMemUTF8(path), to = Marshal.StringToCoTaskMemUTF8(written);
        var code = ((delegate* unmanaged<nint, nint, int*, uint>)NativeLibrary.GetExport(library, "llama_model_quantize"))(from, to,
            parameters);
        Marshal.FreeCoTaskMem(from);
        Marshal.FreeCoTaskMem(to);
        Assert.Equal(0u, code);

        using var source = ModelSource.Open(written);
        Assert.Equal(Gpt4Like.Value.Encode(Prompt), source.Tokenizer!.Encode(Prompt));
        var answer = Ask(written, new { text = Prompt, count = 12 })[0];
        AssertClose(answer.Probabilities, Probabilities(source.Load(), answer.Ids), tolerance);
        if (type is "F16" or "F32")
            Assert.Equal(answer.Greedy, new Generator(source.Load(), source.Tokenizer).Tokens(answer.Ids, 12).ToArray());
    }
}
