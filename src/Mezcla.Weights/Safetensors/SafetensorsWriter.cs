using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Mezcla.Weights.Files;

namespace Mezcla.Weights.Safetensors;

/// <summary>Collects tensors and writes them atomically to a safetensors file.</summary>
/// <param name="metadata">Text to keep with the tensors: key and value.</param>
public sealed class SafetensorsWriter(IReadOnlyDictionary<string, string>? metadata = null)
{
    private readonly List<(string Name, string DType, long[] Shape, long Bytes, Action<Stream> Write)> _tensors = [];
    private readonly HashSet<string> _names = [SafetensorsHeader.MetadataKey];

    /// <summary>Adds a tensor whose bytes are written when the file is saved.</summary>
    /// <param name="name">A name not yet used.</param>
    /// <param name="dtype">One of <see cref="SafetensorsDType.Names"/>.</param>
    /// <param name="shape">Sizes; empty for a scalar.</param>
    /// <param name="write">Writes the elements, little-endian and row-major.</param>
    /// <exception cref="ArgumentException">The name is taken, the type unknown, or the shape impossible.</exception>
    public void Add(string name, string dtype, ReadOnlySpan<long> shape, Action<Stream> write)
    {
        var bytes = SafetensorsDType.BytesOf(dtype, shape)
            ?? throw new ArgumentException(
                $"Tensor '{name}': [{string.Join(", ", shape.ToArray())}] of {dtype} is not a tensor that safetensors can hold.");
        if (!_names.Add(name))
            throw new ArgumentException($"A tensor named '{name}' was added before.", nameof(name));
        _tensors.Add((name, dtype, shape.ToArray(), bytes, write));
    }

    /// <summary>Adds a tensor from its bytes, little-endian and row-major; they are not copied until the file is saved.</summary>
    /// <inheritdoc cref="Add(string, string, ReadOnlySpan{long}, Action{Stream})"/>
    public void Add(string name, string dtype, ReadOnlySpan<long> shape, ReadOnlyMemory<byte> bytes)
    {
        if (SafetensorsDType.BytesOf(dtype, shape) is { } needed && needed != bytes.Length)
            throw new ArgumentException(
                $"Tensor '{name}': [{string.Join(", ", shape.ToArray())}] of {dtype} needs {needed} bytes and has {bytes.Length}.");
        Add(name, dtype, shape, stream => stream.Write(bytes.Span));
    }

    /// <summary>Adds a tensor of type F32; the values are not copied until the file is saved.</summary>
    /// <inheritdoc cref="Add(string, string, ReadOnlySpan{long}, Action{Stream})"/>
    public void Add(string name, ReadOnlySpan<long> shape, float[] values)
    {
        if (SafetensorsDType.BytesOf("F32", shape) is { } needed && needed != 4L * values.Length)
            throw new ArgumentException(
                $"Tensor '{name}': [{string.Join(", ", shape.ToArray())}] needs {needed / 4} values and has {values.Length}.");
        Add(name, "F32", shape, stream =>
        {
            for (var i = 0; i < values.Length; i += 1 << 20)
                stream.Write(MemoryMarshal.AsBytes(values.AsSpan(i, Math.Min(1 << 20, values.Length - i))));
        });
    }

    /// <summary>
    /// Writes the file. Tensors with wider types come first, so that every tensor is aligned to its element size; otherwise tensors are in
    /// the order in which they were added.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written; an earlier one of this name stays as it was.</exception>
    /// <exception cref="InvalidOperationException">A tensor's writer wrote another number of
    /// bytes than its shape needs, or the header is too long.</exception>
    public void Save(string path)
    {
        var ordered = _tensors.OrderByDescending(t => SafetensorsDType.BitsOf(t.DType)).ToList();
        var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header,
            new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(SafetensorsHeader.MetadataKey);
                foreach (var (key, value) in metadata)
                    json.WriteString(key, value);
                json.WriteEndObject();
            }
            var offset = 0L;
            foreach (var tensor in ordered)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.DType);
                json.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Bytes);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (header.Length % 8 != 0)
            header.WriteByte((byte)' ');
        if (header.Length > SafetensorsHeader.MaxLength)
            throw new InvalidOperationException(
                $"{path}: {_tensors.Count} tensors make a header of {header.Length} bytes; the format " +
                    $"allows {SafetensorsHeader.MaxLength}.");

        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            header.WriteTo(stream);
            foreach (var tensor in ordered)
            {
                var start = stream.Position;
                tensor.Write(stream);
                if (stream.Position - start != tensor.Bytes)
                    throw new InvalidOperationException(
                        $"Tensor '{tensor.Name}': {stream.Position - start} bytes were written where its shape needs {tensor.Bytes}.");
            }
        });
    }
}
