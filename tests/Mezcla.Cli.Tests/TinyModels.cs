using System.Collections.Concurrent;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;
using Mezcla.Weights.Checkpoints;

[assembly: AssemblyFixture(typeof(Mezcla.Cli.Tests.TinyModels))]

namespace Mezcla.Cli.Tests;

/// <summary>A text and untrained checkpoints that several classes read and none changes, each made once.</summary>
public sealed class TinyModels : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-tiny-").FullName;
    private readonly ConcurrentDictionary<(int Width, int Experts), Lazy<string>> _checkpoints = [];

    public TinyModels()
    {
        Text = Path.Combine(_folder, "text.txt");
        File.WriteAllText(Text, string.Concat(Enumerable.Range(0, 800).Select(i => $"{i % 7} and {i % 5} are {i % 7 + i % 5}. ")));
    }

    /// <summary>A text file.</summary>
    public string Text { get; }

    /// <summary>A checkpoint named <c>tiny.safetensors</c>, in a folder of its own, whose tokenizer is trained on the text.</summary>
    /// <param name="width">Width of the stream: 256 takes the K formats, 64 is faster.</param>
    /// <param name="experts">Experts of a block; 0 for a dense model.</param>
    public string Checkpoint(int width = 64, int experts = 0) =>
        _checkpoints.GetOrAdd((width, experts), key => new(() => Make(key.Width, key.Experts))).Value;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Make(int width, int experts)
    {
        var config = new TransformerConfig
        {
            Name = "tiny",
            VocabularySize = 260,
            ContextLength = 32,
            Layers = width == 256 ? 1 : 2,
            HiddenSize = width,
            Attention = new() { Heads = 4, KeyValueHeads = 2, HeadSize = width / 4 },
            FeedForward = new(width, Activation.Silu, Gated: true),
            MixtureOfExperts = experts == 0
                ? null
                : new() { Experts = experts, TopK = 1, Expert = new(width, Activation.Silu, Gated: true) },
            Positions = new(PositionKind.Rotary),
            Norm = new(NormKind.RmsNorm, Bias: false),
            InitializerRange = 0.12f,
        };
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, $"{width}-{experts}")).FullName, "tiny.safetensors");
        new ModelCheckpoint
        {
            Model = new Transformer(config, new RandomStream(1)),
            Tokenizer = BytePairTokenizer.Train(File.ReadAllText(Text)[..2000], 260, SplitPattern.Gpt4, "<|endoftext|>")
        }.Save(path);
        return path;
    }
}
