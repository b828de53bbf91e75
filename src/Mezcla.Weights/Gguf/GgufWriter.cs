using System.Runtime.InteropServices;
using System.Text;
using Mezcla.Quantization.Formats;
using Mezcla.Weights.Files;

namespace Mezcla.Weights.Gguf;

/// <summary>Collects metadata and tensors and writes them atomically to a GGUF file of version 3.</summary>
public sealed class GgufWriter
{
    private const int Alignment = 32;

    private readonly List<(string Name, GgmlType Type, long[] Shape, long Bytes, Action<Stream> Write)> _tensors = [];
    private readonly HashSet<string> _names = [];

    /// <summary>The key-value pairs; llama.cpp requires <c>general.architecture</c> among them.</summary>
    public GgufMetadata Metadata { get; } = [];

    /// <summary>Adds a tensor whose bytes are written when the file is saved.</summary>
    /// <param name="name">A name not yet used; llama.cpp reads at most 63 bytes.</param>
    /// <param name="type">Its element type.</param>
    /// <param name="shape">Sizes, outermost first; at most four, and the last a multiple of the type's block.</param>
    /// <param name="write">Writes the bytes.</param>
    /// <exception cref="ArgumentException">The name is taken or too long, or the shape is impossible.</exception>
    public void Add(string name, GgmlType type, ReadOnlySpan<long> shape, Action<Stream> write)
    {
        if (Encoding.UTF8.GetByteCount(name) > 63)
            throw new ArgumentException($"The tensor name '{name}' is longer than the 63 bytes that llama.cpp reads.", nameof(name));
        if (!_names.Add(name))
            throw new ArgumentException($"A tensor named '{name}' was added before.", nameof(name));
        if (shape.Length is 0 or > 4)
            throw new ArgumentException($"Tensor '{name}' has {shape.Length} dimensions; GGUF holds 1 to 4.", nameof(shape));
        if (shape[^1] % type.BlockSize != 0)
            throw new ArgumentException(
                $"Tensor '{name}' has rows of {shape[^1]}, not a multiple of {type.BlockSize}, the block of {type.Name}; choose a format " +
                    "with smaller blocks, or F16.", nameof(shape));
        long count = 1;
        foreach (var size in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(size, nameof(shape));
            count = checked(count * size);
        }
        _tensors.Add((name, type, shape.ToArray(), count / type.BlockSize * type.BlockBytes, write));
    }

    /// <summary>Adds a tensor of floats, encoded when the file is saved, a part at a time.</summary>
    /// <inheritdoc cref="Add(string, GgmlType, ReadOnlySpan{long}, Action{Stream})"/>
    /// <exception cref="ArgumentException">Also thrown by <see cref="Save"/>, if a number cannot be encoded.</exception>
    public void Add(string name, BlockFormat format, ReadOnlySpan<long> shape, float[] values) =>
        Add(name, GgmlType.For(format), shape, stream => ParallelEncoder.Write(stream, format, values, name));

    /// <summary>Writes the file.</summary>
    /// <exception cref="IOException">The file cannot be written; an earlier one of this name stays as it was.</exception>
    public void Save(string path) => AtomicFile.Write(path, stream =>
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)Metadata.Count);
        foreach (var (key, value) in Metadata)
            Write(writer, key, value);
        var offset = 0L;
        foreach (var tensor in _tensors)
        {
            Write(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Length);
            foreach (var size in tensor.Shape.Reverse())
                writer.Write((ulong)size);
            writer.Write(tensor.Type.Id);
            writer.Write((ulong)offset);
            offset += (tensor.Bytes + Alignment - 1) / Alignment * Alignment;
        }
        writer.Flush();
        foreach (var tensor in _tensors)
        {
            Pad(stream);
            var start = stream.Position;
            tensor.Write(stream);
            if (stream.Position - start != tensor.Bytes)
                throw new InvalidOperationException(
                    $"Tensor '{tensor.Name}': {stream.Position - start} bytes were written where its shape needs {tensor.Bytes}.");
        }
        Pad(stream);
    });

    private static void Pad(Stream stream)
    {
        while (stream.Position % Alignment != 0)
            stream.WriteByte(0);
    }

    private static void Write(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void Write(BinaryWriter writer, string key, object value)
    {
        Write(writer, key);
        if (value is not Array array)
        {
            writer.Write(GgufMetadata.KindOf(value.GetType()));
            WriteValue(writer, value);
            return;
        }
        writer.Write(9u);
        writer.Write(GgufMetadata.KindOf(array.GetType().GetElementType()!));
        writer.Write((ulong)array.Length);
        foreach (var item in array)
            WriteValue(writer, item);
    }

    private static void WriteValue(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case byte v:
                writer.Write(v);
                break;
            case sbyte v:
                writer.Write(v);
                break;
            case ushort v:
                writer.Write(v);
                break;
            case short v:
                writer.Write(v);
                break;
            case uint v:
                writer.Write(v);
                break;
            case int v:
                writer.Write(v);
                break;
            case float v:
                writer.Write(v);
                break;
            case bool v:
                writer.Write(v);
                break;
            case string v:
                Write(writer, v);
                break;
            case ulong v:
                writer.Write(v);
                break;
            case long v:
                writer.Write(v);
                break;
            case double v:
                writer.Write(v);
                break;
        }
    }
}
