using System.Text.Json;
using Mezcla.Models;
using Mezcla.Tokenization;
using Mezcla.Training;
using Mezcla.Weights.Chat;
using Mezcla.Weights.Checkpoints;
using Mezcla.Weights.Gguf;
using Mezcla.Weights.HuggingFace;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Weights;

/// <summary>
/// A model in a file, opened but not loaded: its configuration and tokenizer are read at once, its weights when they are needed. It can be
/// a Mezcla checkpoint, a Hugging Face directory or a GGUF file of one of the families in <see cref="ModelFamily"/>.
/// </summary>
public sealed class ModelSource : IDisposable
{
    private const string CheckpointFormat = "mezcla-checkpoint-1";

    private readonly Dictionary<string, WeightRecipe> _recipes;

    private ModelSource(string kind, WeightSource weights, TransformerConfig config, WeightMap map, Tokenizer? tokenizer)
    {
        (Kind, Weights, Config, Map, Tokenizer) = (kind, weights, config, map, tokenizer);
        map.Check(weights);
        _recipes = map.Recipes.ToDictionary(r => r.Name);
    }

    /// <summary>The kind of file, for display.</summary>
    public string Kind { get; }

    /// <summary>The shape of the model.</summary>
    public TransformerConfig Config { get; }

    /// <summary>The tokenizer; null if the file or directory has none.</summary>
    public Tokenizer? Tokenizer { get; }

    /// <summary>The format of conversations, and the tokens that end what the model writes.</summary>
    public ChatSettings Chat { get; private init; } = ChatSettings.None;

    /// <summary>The tensors as they are in the file.</summary>
    public WeightSource Weights { get; }

    /// <summary>How our parameters are made from the tensors of the file.</summary>
    public WeightMap Map { get; }

    /// <summary>Opens a model.</summary>
    /// <exception cref="FileNotFoundException">There is nothing at the path, or a part of the model is missing.</exception>
    /// <exception cref="InvalidDataException">The model is damaged, contradicts itself, or is of a family that is not supported; the
    /// message says what.</exception>
    public static ModelSource Open(string path)
    {
        var weights = WeightSource.Open(path);
        try
        {
            return weights switch
            {
                GgufFile gguf => OpenGguf(gguf),
                _ when Directory.Exists(path) => OpenDirectory(path, weights),
                _ => OpenCheckpoint(weights),
            };
        }
        catch (Exception e)
        {
            weights.Dispose();
            if (e is NotSupportedException or ArgumentException or FormatException)
                throw new InvalidDataException($"{Path.GetFullPath(path)}: {e.Message}", e);
            throw;
        }
    }

    /// <summary>One parameter of ours, by our name, as floats.</summary>
    /// <exception cref="InvalidDataException">There is no such parameter, or it cannot be decoded.</exception>
    public float[] Read(string name) => WeightMap.Read(Weights, Recipe(name));

    /// <summary>
    /// Loads the model. Matrices in quantized formats stay quantized in memory unless <paramref name="asFloats"/> is true. A model with
    /// quantized matrices can generate and be evaluated, but not trained.
    /// </summary>
    /// <param name="asFloats">Whether quantized matrices are decoded.</param>
    /// <param name="expertsOnDemand">Whether the quantized matrices of an expert are read when a token first chooses it. Loading is then
    /// as quick as for the rest of the model, experts that no token chooses take no memory, and the files must stay open and
    /// unchanged.</param>
    /// <exception cref="InvalidDataException">A tensor cannot be decoded.</exception>
    public Transformer Load(bool asFloats = false, bool expertsOnDemand = false) =>
        new ModelLoader(this, asFloats, expertsOnDemand).Load();

    /// <summary>Closes the files. Loaded models do not need them, except for experts that are read on demand.</summary>
    public void Dispose() => Weights.Dispose();

    internal WeightRecipe Recipe(string name) => _recipes.TryGetValue(name, out var recipe)
        ? recipe
        : throw new InvalidDataException($"{Weights.FilePath} has no parameter '{name}'.");

    internal bool Has(string name) => _recipes.ContainsKey(name);

    private static ModelSource OpenGguf(GgufFile gguf)
    {
        var config = GgufConfig.Read(gguf);
        config.Validate();
        return new ModelSource(gguf.Kind, gguf, config, GgufNames.For(config, gguf), GgufTokenizer.Read(gguf))
        {
            Chat = ChatSettings.Read(gguf.Metadata),
        };
    }

    private static ModelSource OpenDirectory(string path, WeightSource weights)
    {
        var configPath = Path.Combine(path, HuggingFaceConfig.FileName);
        if (!File.Exists(configPath))
            throw new FileNotFoundException(
                $"{Path.GetFullPath(path)} has weights but no {HuggingFaceConfig.FileName}, so the model's shape is unknown.", configPath);
        var config = HuggingFaceConfig.Read(configPath);
        config.Validate();
        var tokenizer = File.Exists(Path.Combine(path, "tokenizer.json")) || File.Exists(Path.Combine(path, "tokenizer.model"))
            ? TokenizerFile.Load(path) : null;
        return new ModelSource($"Hugging Face directory, {weights.Kind}", weights, config, HuggingFaceNames.For(config, weights),
            tokenizer)
        {
            Chat = ChatSettings.Read(path, tokenizer),
        };
    }

    private static ModelSource OpenCheckpoint(WeightSource weights)
    {
        var metadata = weights.Properties.ToDictionary(p => p.Key, p => (string)p.Value);
        if (metadata.GetValueOrDefault("format") != CheckpointFormat)
            throw new InvalidDataException(
                $"{weights.FilePath} is a safetensors file without a configuration. A model of Hugging Face's is opened by its folder, " +
                    "where config.json is.");
        TransformerConfig? config;
        try
        {
            config = JsonSerializer.Deserialize<TransformerConfig>(metadata.GetValueOrDefault("config", "null"), ConfigJson.Options);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{weights.FilePath}: its configuration cannot be read: {e.Message}", e);
        }
        if (config is null)
            throw new InvalidDataException($"{weights.FilePath} has no configuration.");
        config.Validate();
        var tensors = weights.Tensors.Where(t => !t.Name.StartsWith("optimizer.", StringComparison.Ordinal))
            .ToDictionary(t => t.Name, t => t.Shape.ToArray());
        var recipes =
            tensors.Select(t => new WeightRecipe(t.Key, t.Value,
                [new(t.Key, 0, t.Value.Length == 1 ? t.Value[0] : t.Value.SkipLast(1).Aggregate(1L, (a, b) => a * b))]));
        var tokenizer = metadata.TryGetValue("tokenizer", out var json) ? TokenizerFile.FromJson(json) : null;
        return new ModelSource("Mezcla checkpoint", weights, config, new WeightMap([.. recipes], tensors, new Dictionary<string, long[]>()),
            tokenizer);
    }
}
