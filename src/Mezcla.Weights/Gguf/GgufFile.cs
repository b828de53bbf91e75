using Mezcla.Checkpoints;

namespace Mezcla.Weights.Gguf;

/// <summary>
/// A GGUF file (version 2 or 3), llama.cpp's container, read lazily: metadata, then names, shapes, types and offsets of the tensors, then their bytes,
/// aligned. Everything before the bytes is checked when the file is opened.
/// </summary>
public sealed class GgufFile : IDisposable
{
    private readonly MappedFile file;
    private readonly Dictionary<string, GgufTensor> byName;

    private GgufFile(MappedFile file)
    {
        this.file = file;
        var reader = new GgufReader(file);
        (Version, Alignment, Metadata, Tensors) = (reader.Version, reader.Alignment, reader.Metadata, reader.Tensors);
        byName = Tensors.ToDictionary(t => t.Name);
    }

    /// <summary>The full path.</summary>
    public string FilePath => file.FilePath;

    /// <summary>2 or 3; they differ only in that 3 allows big-endian files, which are refused here.</summary>
    public uint Version { get; }

    /// <summary>Every tensor starts at a multiple of this.</summary>
    public long Alignment { get; }

    /// <summary>The key-value part.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>The tensors in the file's order.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; }

    /// <summary>Opens a file and checks all but the numbers themselves.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is not a GGUF file, or a broken one; the message says where.</exception>
    public static GgufFile Open(string path)
    {
        var file = new MappedFile(path);
        try
        {
            return new GgufFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Contains(string name) => byName.ContainsKey(name);

    /// <summary>The tensor of this name.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public GgufTensor this[string name] => byName.TryGetValue(name, out var tensor) ? tensor : throw new KeyNotFoundException(
        $"{FilePath} has no tensor '{name}'. It has {byName.Count}: {string.Join(", ", Tensors.Take(5).Select(t => t.Name))}{(byName.Count > 5 ? ", ..." : "")}.");

    /// <summary>Bytes of a tensor, from its byte number <paramref name="start"/> on, not copied: valid until <see cref="Dispose"/>.</summary>
    /// <exception cref="KeyNotFoundException">There is no such tensor.</exception>
    /// <exception cref="ArgumentOutOfRangeException">It has fewer bytes.</exception>
    public ReadOnlySpan<byte> Bytes(string name, long start, int length)
    {
        var tensor = this[name];
        if (start < 0 || length < 0 || start > tensor.Length - length)
            throw new ArgumentOutOfRangeException(nameof(start), $"{FilePath}: tensor '{name}' has {tensor.Length} bytes; {start} to {start + length} were asked for.");
        return file.Slice(tensor.Offset + start, length);
    }

    /// <summary>All the numbers of a tensor, decoded.</summary>
    /// <exception cref="KeyNotFoundException">There is no such tensor.</exception>
    /// <exception cref="InvalidDataException">Its type cannot be decoded here, its scales are damaged, or it is larger than an array.</exception>
    public float[] ReadFloats(string name)
    {
        var tensor = this[name];
        if (tensor.Count > Array.MaxLength) throw new InvalidDataException($"{FilePath}: tensor '{name}' has {tensor.Count} elements, more than one array holds.");
        var values = new float[tensor.Count];
        ReadFloats(name, 0, values);
        return values;
    }

    /// <summary>Numbers of a tensor, decoded, from element <paramref name="start"/> on; start and length must be multiples of its block.</summary>
    /// <inheritdoc cref="ReadFloats(string)"/>
    public void ReadFloats(string name, long start, Span<float> destination)
    {
        var tensor = this[name];
        var format = tensor.Type.Format ?? throw new InvalidDataException($"{FilePath}: tensor '{name}' has the type {tensor.Type.Name}, which cannot be decoded here.");
        if (start % format.BlockSize != 0) throw new ArgumentOutOfRangeException(nameof(start), $"{start} is no multiple of {format.BlockSize}, the block of {format}.");
        var step = Math.Max(1, (1 << 20) / format.BlockSize) * format.BlockSize;
        for (var i = 0; i < destination.Length; i += step)
        {
            var part = destination[i..Math.Min(i + step, destination.Length)];
            var bytes = Bytes(name, (start + i) / format.BlockSize * format.BlockBytes, (int)format.BytesFor(part.Length));
            try
            {
                format.Check(bytes, $"tensor '{name}', from element {start + i}");
            }
            catch (ArgumentException e)
            {
                throw new InvalidDataException($"{FilePath}: {e.Message}", e);
            }
            format.Decode(bytes, part);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => file.Dispose();
}
