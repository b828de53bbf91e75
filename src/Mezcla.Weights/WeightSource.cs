using Mezcla.Quantization.Formats;
using Mezcla.Weights.Gguf;
using Mezcla.Weights.HuggingFace;

namespace Mezcla.Weights;

/// <summary>One tensor of a weight file of any kind.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Type">Its element type as the file calls it.</param>
/// <param name="Format">The format of its numbers; null for types that are not weights or that this library cannot decode.</param>
/// <param name="Shape">Its sizes, outermost first: [outputs, inputs] for a matrix. Empty for a scalar.</param>
/// <param name="Length">How many bytes.</param>
public sealed record SourceTensor(string Name, string Type, BlockFormat? Format, IReadOnlyList<long> Shape, long Length)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (count, size) => count * size);
}

/// <summary>Named tensors in files, read lazily: a safetensors file, a Hugging Face directory, or a GGUF file.</summary>
public abstract class WeightSource : IDisposable
{
    private Dictionary<string, SourceTensor>? _byName;

    /// <summary>The file or directory.</summary>
    public abstract string FilePath { get; }

    /// <summary>The kind of file, for display, such as <c>GGUF version 3</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>The tensors in the file's order.</summary>
    public abstract IReadOnlyList<SourceTensor> Tensors { get; }

    /// <summary>The metadata of the file: numbers, booleans, strings, or arrays of these.</summary>
    public abstract IEnumerable<KeyValuePair<string, object>> Properties { get; }

    /// <summary>Opens the file or directory at a path, whatever its kind.</summary>
    /// <exception cref="FileNotFoundException">There is nothing at the path.</exception>
    /// <exception cref="InvalidDataException">It is not a known kind of file, or it is damaged; the message says where.</exception>
    public static WeightSource Open(string path)
    {
        if (Directory.Exists(path))
            return SafetensorsSource.OpenDirectory(path);
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file or directory {Path.GetFullPath(path)}.", path);
        Span<byte> start = stackalloc byte[9];
        using (var stream = File.OpenRead(path))
            start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        if (start.StartsWith("GGUF"u8))
            return GgufFile.Open(path);
        if (start.Length == 9 && start[8] == '{')
            return SafetensorsSource.OpenFile(path);
        throw new InvalidDataException(
            $"{Path.GetFullPath(path)} is neither a GGUF nor a safetensors file: its first bytes are {Convert.ToHexString(start)}.");
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Contains(string name) => ByName.ContainsKey(name);

    /// <summary>The tensor of this name.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor.</exception>
    public SourceTensor this[string name] => ByName.TryGetValue(name, out var tensor) ? tensor : throw new InvalidDataException(
        $"{FilePath} has no tensor '{name}'. It has {Tensors.Count}: {string.Join(", ", Tensors.Take(5).Select(t => t.Name))}" +
            $"{(Tensors.Count > 5 ? ", ..." : "")}.");

    /// <summary>Bytes of a tensor, from its byte number <paramref name="start"/> on,
    /// not copied: valid until <see cref="Dispose"/>.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor.</exception>
    /// <exception cref="ArgumentOutOfRangeException">It has fewer bytes.</exception>
    public ReadOnlySpan<byte> Bytes(string name, long start, int length)
    {
        var tensor = this[name];
        if (start < 0 || length < 0 || start > tensor.Length - length)
            throw new ArgumentOutOfRangeException(nameof(start),
                $"{FilePath}: tensor '{name}' has {tensor.Length} bytes; {start} to {start + length} were asked for.");
        return Slice(name, start, length);
    }

    /// <summary>All the numbers of a tensor, decoded.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor, its type cannot be decoded
    /// here, its scales are damaged, or it is larger than an array.</exception>
    public float[] ReadFloats(string name)
    {
        var tensor = this[name];
        if (tensor.Count > Array.MaxLength)
            throw new InvalidDataException($"{FilePath}: tensor '{name}' has {tensor.Count} elements, more than one array holds.");
        var values = new float[tensor.Count];
        ReadFloats(name, 0, values);
        return values;
    }

    /// <summary>Numbers of a tensor, decoded, from element <paramref name="start"/> on;
    /// start and length must be multiples of its block.</summary>
    /// <inheritdoc cref="ReadFloats(string)"/>
    public void ReadFloats(string name, long start, Span<float> destination)
    {
        var tensor = this[name];
        var format = tensor.Format
            ?? throw new InvalidDataException(
                $"{FilePath}: tensor '{name}' has the type {tensor.Type}, which cannot be decoded to floats here.");
        if (start % format.BlockSize != 0)
            throw new ArgumentOutOfRangeException(nameof(start),
                $"{start} is not a multiple of {format.BlockSize}, the block of {format}.");
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

    /// <summary>Says that bytes of a tensor are not needed for now, so that they no longer count as this process's memory.</summary>
    /// <exception cref="InvalidDataException">There is no such tensor.</exception>
    public abstract void Release(string name, long start, long length);

    /// <summary>Closes the files.</summary>
    public abstract void Dispose();

    /// <summary>Checked bytes of a tensor that exists.</summary>
    private protected abstract ReadOnlySpan<byte> Slice(string name, long start, int length);

    private Dictionary<string, SourceTensor> ByName => _byName ??= Tensors.ToDictionary(t => t.Name);
}
