using System.Text.Json;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;
using Mezcla.Weights.Safetensors;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Weights.Checkpoints;

/// <summary>
/// One safetensors file that holds a model, its tokenizer and, during training, everything needed to continue with bit-identical results:
/// moments, step, and the positions of the random streams.
/// </summary>
public sealed class ModelCheckpoint
{
    private const string Format = "mezcla-checkpoint-1", OptimizerPrefix = "optimizer.";

    /// <summary>The model.</summary>
    public required Transformer Model { get; init; }

    /// <summary>The tokenizer that the model was trained with; null if none was saved.</summary>
    public Tokenizer? Tokenizer { get; init; }

    /// <summary>The state of the training; null in a finished model.</summary>
    public TrainingState? Training { get; init; }

    /// <summary>Writes the file atomically: either completely or not at all.</summary>
    /// <exception cref="IOException">The file cannot be written; an earlier file of this name is unchanged.</exception>
    public void Save(string path)
    {
        var metadata = new Dictionary<string, string>
        {
            ["format"] = Format,
            ["config"] = JsonSerializer.Serialize(Model.Config, ConfigJson.Options),
        };
        if (Tokenizer is not null)
            metadata["tokenizer"] = Tokenizer.ToJson();
        if (Training is not null)
            metadata["training"] = JsonSerializer.Serialize(Training, ConfigJson.Options);
        var writer = new SafetensorsWriter(metadata);
        foreach (var (name, tensor) in Model.NamedParameters().Concat(Model.NamedBuffers()))
            Add(writer, name, tensor);
        foreach (var (name, tensor) in Training?.Optimizer?.State() ?? [])
            Add(writer, OptimizerPrefix + name, tensor);
        writer.Save(path);
    }

    /// <summary>Reads a file that <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The file is not a checkpoint, or its tensors do not fit its configuration.</exception>
    public static ModelCheckpoint Load(string path)
    {
        using var file = SafetensorsFile.Open(path);
        if (file.Metadata.GetValueOrDefault("format") != Format)
            throw new InvalidDataException($"{path} is a safetensors file but no Mezcla checkpoint: its metadata has no format {Format}.");
        var config = Parse<TransformerConfig>(file, "config");
        var training = file.Metadata.ContainsKey("training") ? Parse<TrainingState>(file, "training") : null;
        Transformer model;
        try
        {
            model = new Transformer(config, load: (_, part) => part);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }

        foreach (var (name, tensor) in model.NamedParameters().Concat(model.NamedBuffers()))
            Read(file, name, tensor);
        if (training is not null)
        {
            training.Optimizer = Trainer.CreateOptimizer(model, training.Config);
            training.Optimizer.Steps = training.Step;
            foreach (var (name, tensor) in training.Optimizer.State())
                Read(file, OptimizerPrefix + name, tensor);
        }

        var tokenizer = file.Metadata.TryGetValue("tokenizer", out var json) ? TokenizerFile.FromJson(json) : null;
        return new() { Model = model, Tokenizer = tokenizer, Training = training };
    }

    private static void Add(SafetensorsWriter writer, string name, Tensor tensor) =>
        writer.Add(name, [.. tensor.Shape.ToArray().Select(n => (long)n)], tensor.ToArray());

    private static void Read(SafetensorsFile file, string name, Tensor tensor)
    {
        if (!file.Contains(name))
            throw new InvalidDataException($"{file.FilePath}: the tensor {name} that the configuration asks for is missing.");
        var shape = file[name].Shape;
        if (!shape.SequenceEqual(tensor.Shape.ToArray().Select(n => (long)n)))
            throw new InvalidDataException(
                $"{file.FilePath}: {name} has the shape [{string.Join(", ", shape)}], the configuration says " +
                    $"[{string.Join(", ", tensor.Shape.ToArray())}].");
        Module.Assign(tensor, file.ReadFloats(name));
    }

    private static T Parse<T>(SafetensorsFile file, string key)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(file.Metadata[key], ConfigJson.Options)
                ?? throw new InvalidDataException($"{file.FilePath}: the metadata entry {key} is empty.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or NotSupportedException)
        {
            throw new InvalidDataException($"{file.FilePath}: the metadata entry {key} cannot be read: {e.Message}", e);
        }
    }
}
