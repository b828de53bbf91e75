using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Tokenization;
using Mezcla.Weights.Files;
using Mezcla.Weights.Gguf;
using Mezcla.Weights.HuggingFace;
using Mezcla.Weights.Safetensors;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Weights;

/// <summary>Writes models for other programs. Parameters are requested by our names, one at a time, so that a model larger than memory can
/// be written.</summary>
public static class ModelWriter
{
    /// <summary>Writes a GGUF file, which llama.cpp and programs built on it run.</summary>
    /// <param name="path">The file, which is written atomically.</param>
    /// <param name="config">The shape.</param>
    /// <param name="tokenizer">The tokenizer; without one llama.cpp cannot read text.</param>
    /// <param name="parameter">Returns the parameter with the given name.</param>
    /// <param name="mix">The format of each matrix.</param>
    /// <param name="written">Called after each tensor with its name, its format, and what was written.</param>
    /// <param name="encoded">Returns the bytes of a parameter in a format, row after row, if a quantization method has chosen them; null if
    /// the parameter is to be rounded to nearest.</param>
    /// <exception cref="NotSupportedException">llama.cpp's gpt2 and llama architectures cannot hold this model or tokenizer.</exception>
    /// <exception cref="ArgumentException">A number cannot be written in its format.</exception>
    public static void WriteGguf(string path, TransformerConfig config, Tokenizer? tokenizer, Func<string, float[]> parameter,
        QuantizationMix mix, Action<TensorWritten>? written = null,
        Func<string, BlockFormat, byte[]?>? encoded = null)
    {
        var writer = new GgufWriter();
        GgufConfig.Write(writer, config);
        writer.Metadata.Add("general.file_type", mix.FileType);
        writer.Metadata.Add("general.quantization_version", 2u);
        if (tokenizer is not null)
            GgufTokenizer.Write(writer.Metadata, tokenizer, config.VocabularySize);
        var map = GgufNames.For(config);
        foreach (var (name, shape) in map.Sources.Concat(map.Zeros))
        {
            var format = mix.FormatOf(config, name, shape);
            writer.Add(name, GgmlType.For(format), shape, stream =>
            {
                if (encoded is not null && map.WriteEncoded(name, format, encoded) is { } bytes)
                {
                    stream.Write(bytes);
                    return;
                }
                var values = map.Write(name, parameter);
                var error = ParallelEncoder.Write(stream, format, values, name);
                written?.Invoke(new TensorWritten(name, format, values.LongLength, format.BytesFor(values.LongLength), error));
            });
        }
        writer.Save(path);
    }

    /// <summary>Writes a Hugging Face directory: config.json, tokenizer.json and the
    /// weights, in several files where they are large.</summary>
    /// <param name="folder">The directory; it is made if it does not exist.</param>
    /// <param name="config">The shape.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="parameter">Returns the parameter with the given name.</param>
    /// <param name="format">F32, F16 or BF16.</param>
    /// <param name="shardBytes">The largest size of a file in bytes; a file with a single larger tensor may exceed it.</param>
    /// <exception cref="NotSupportedException">No family can hold a model of this shape.</exception>
    public static void WriteHuggingFace(string folder, TransformerConfig config, Tokenizer? tokenizer, Func<string, float[]> parameter,
        FloatFormat format, long shardBytes = 5_000_000_000)
    {
        var json = HuggingFaceConfig.Write(config, tokenizer);
        var map = HuggingFaceNames.For(config);
        Directory.CreateDirectory(folder);
        var shards = new List<List<KeyValuePair<string, long[]>>>();
        var room = 0L;
        foreach (var tensor in map.Sources.Concat(map.Zeros))
        {
            var bytes = format.BytesFor(tensor.Value.Aggregate(1L, (count, size) => count * size));
            if (shards.Count == 0 || bytes > room)
                (shards, room) = ([.. shards, []], shardBytes);
            shards[^1].Add(tensor);
            room -= bytes;
        }
        var index = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < shards.Count; i++)
        {
            var file = shards.Count == 1
                ? SafetensorsSource.FileName
                : FormattableString.Invariant($"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors");
            var writer = new SafetensorsWriter(new Dictionary<string, string> { ["format"] = "pt" });
            foreach (var (name, shape) in shards[i])
            {
                index.Add(name, file);
                writer.Add(name, format.Name, shape, stream => ParallelEncoder.Write(stream, format, map.Write(name, parameter), name));
            }
            writer.Save(Path.Combine(folder, file));
        }
        if (shards.Count == 1)
            File.Delete(Path.Combine(folder, SafetensorsSource.IndexName)); // left by an earlier model in this folder
        else
            AtomicFile.Write(Path.Combine(folder, SafetensorsSource.IndexName),
                stream => System.Text.Json.JsonSerializer.Serialize(stream, new { metadata = new { }, weight_map = index }));
        if (tokenizer is not null)
            TokenizerFile.Save(tokenizer, Path.Combine(folder, "tokenizer.json"));
        // Written last, so that a directory that has a configuration is always complete.
        AtomicFile.Write(Path.Combine(folder, HuggingFaceConfig.FileName),
            stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(json)));
    }

    /// <summary>The parameters of a loaded model; quantized ones are decoded.</summary>
    public static Func<string, float[]> Parameters(Transformer model)
    {
        var quantized = QuantizedParameters.Of(model);
        var tensors = model.NamedParameters().ToDictionary(p => p.Name, p => p.Tensor);
        return name => tensors.TryGetValue(name, out var tensor) ? tensor.ToArray() : quantized.TryGetValue(name, out var read)
            ? read()
            : throw new InvalidOperationException($"The model has no parameter '{name}'.");
    }
}

/// <summary>How one tensor was written.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Format">How it was written.</param>
/// <param name="Count">How many numbers it has.</param>
/// <param name="Bytes">How many bytes were written.</param>
/// <param name="Error">Root mean squared difference between the numbers and those read back, relative to the root mean square of the
/// numbers.</param>
public sealed record TensorWritten(string Name, BlockFormat Format, long Count, long Bytes, double Error);
