using Mezcla.Weights.Files;

namespace Mezcla.Weights.Safetensors;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="DType">Its element type, one of <see cref="SafetensorsDType.Names"/>.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="Offset">Where its bytes start in the file.</param>
/// <param name="Length">How many bytes.</param>
public sealed record SafetensorsEntry(string Name, string DType, IReadOnlyList<long> Shape, long Offset, long Length)
{
    /// <summary>Number of elements.</summary>
    public long Count => Length * 8 / SafetensorsDType.BitsOf(DType)!.Value;
}

/// <summary>
/// A safetensors file, read lazily. It holds 8 bytes for the header's length, a JSON header of names, types, shapes and offsets, and then
/// the numbers, little-endian and row-major. The whole header is checked when the file is opened, so that a damaged or malicious file is
/// rejected before any tensor is read.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const int Chunk = 1 << 20;

    private readonly MappedFile _file;
    private readonly Dictionary<string, SafetensorsEntry> _entries;

    private SafetensorsFile(MappedFile file, List<SafetensorsEntry> tensors, Dictionary<string, string> metadata)
    {
        _file = file;
        Tensors = tensors;
        Metadata = metadata;
        _entries = tensors.ToDictionary(t => t.Name);
    }

    /// <summary>The full path.</summary>
    public string FilePath => _file.FilePath;

    /// <summary>The tensors in the order in which their bytes are stored.</summary>
    public IReadOnlyList<SafetensorsEntry> Tensors { get; }

    /// <summary>Text that the writer added: key and value.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is not a safetensors file, or it is damaged; the message says where.</exception>
    public static SafetensorsFile Open(string path)
    {
        var file = new MappedFile(path);
        try
        {
            var (tensors, metadata) = SafetensorsHeader.Read(file);
            return new SafetensorsFile(file, tensors, metadata);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes a file of float tensors at once; for other types and for data made
    /// piece by piece use <see cref="SafetensorsWriter"/>.</summary>
    /// <param name="path">The file, which is written atomically.</param>
    /// <param name="tensors">Name, shape and row-major values of each.</param>
    /// <param name="metadata">Text to keep with them.</param>
    public static void Write(string path, IEnumerable<(string Name, long[] Shape, float[] Values)> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        var writer = new SafetensorsWriter(metadata);
        foreach (var (name, shape, values) in tensors)
            writer.Add(name, shape, values);
        writer.Save(path);
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>The tensor of this name.</summary>
    /// <exception cref="KeyNotFoundException">No tensor has this name; the message lists names that exist.</exception>
    public SafetensorsEntry this[string name] => _entries.TryGetValue(name, out var entry) ? entry : throw new KeyNotFoundException(
        $"{FilePath} has no tensor '{name}'. It has {_entries.Count}: {string.Join(", ", Tensors.Take(5).Select(t => t.Name))}" +
            $"{(_entries.Count > 5 ? ", ..." : "")}.");

    /// <summary>The bytes of a tensor, not copied: valid until <see cref="Dispose"/>.</summary>
    /// <exception cref="KeyNotFoundException">There is no such tensor.</exception>
    /// <exception cref="InvalidOperationException">It has 2 GiB or more: read it in pieces.</exception>
    public ReadOnlySpan<byte> Bytes(string name)
    {
        var entry = this[name];
        if (entry.Length > int.MaxValue)
            throw new InvalidOperationException(
                $"{FilePath}: tensor '{name}' has {entry.Length} bytes, more than one span holds; read it in pieces.");
        return _file.Slice(entry.Offset, (int)entry.Length);
    }

    /// <summary>Bytes of a tensor, from its byte number <paramref name="start"/> on,
    /// not copied: valid until <see cref="Dispose"/>.</summary>
    /// <exception cref="KeyNotFoundException">There is no such tensor.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has fewer.</exception>
    public ReadOnlySpan<byte> Bytes(string name, long start, int length)
    {
        var entry = this[name];
        if (start < 0 || length < 0 || start > entry.Length - length)
            throw new ArgumentOutOfRangeException(nameof(start),
                $"{FilePath}: tensor '{name}' has {entry.Length} bytes; {start} to {start + length} were asked for.");
        return _file.Slice(entry.Offset + start, length);
    }

    /// <summary>Says that bytes of a tensor are not needed for now: <see cref="MappedFile.Release"/>.</summary>
    /// <exception cref="KeyNotFoundException">There is no such tensor.</exception>
    public void Release(string name, long start, long length) => _file.Release(this[name].Offset + start, length);

    /// <summary>The values of a tensor of type F64, F32, F16 or BF16, as floats.</summary>
    /// <exception cref="KeyNotFoundException">There is no such tensor.</exception>
    /// <exception cref="InvalidDataException">The tensor does not hold floats.</exception>
    public float[] ReadFloats(string name)
    {
        var values = new float[Countable(this[name])];
        ReadFloats(name, values);
        return values;
    }

    /// <summary>Reads the same values into the caller's memory, which must have as many elements.</summary>
    /// <inheritdoc cref="ReadFloats(string)"/>
    public void ReadFloats(string name, Span<float> destination)
    {
        var entry = this[name];
        if (Countable(entry) != destination.Length)
            throw new ArgumentException($"{FilePath}: tensor '{name}' has {entry.Count} elements, the destination {destination.Length}.",
                nameof(destination));
        var width = SafetensorsDType.BitsOf(entry.DType)!.Value / 8;
        for (var i = 0; i < destination.Length; i += Chunk)
        {
            var part = destination[i..Math.Min(i + Chunk, destination.Length)];
            if (!SafetensorsDType.TryToFloats(entry.DType, _file.Slice(entry.Offset + (long)i * width, part.Length * width), part))
                throw new InvalidDataException(
                    $"{FilePath}: tensor '{name}' has type {entry.DType}, where one of F32, F16, BF16 and F64 is needed.");
        }
    }

    /// <summary>The values of a tensor of type I32, or of type I64 if all of them fit in 32 bits.</summary>
    /// <exception cref="KeyNotFoundException">There is no such tensor.</exception>
    /// <exception cref="InvalidDataException">The tensor has another type, or holds a number that does not fit in 32 bits.</exception>
    public int[] ReadIntegers(string name)
    {
        var entry = this[name];
        var values = new int[Countable(entry)];
        for (var i = 0; i < values.Length; i++)
        {
            var value = entry.DType switch
            {
                "I32" => BitConverter.ToInt32(_file.Slice(entry.Offset + (long)i * 4, 4)),
                "I64" => BitConverter.ToInt64(_file.Slice(entry.Offset + (long)i * 8, 8)),
                _ => throw new InvalidDataException($"{FilePath}: tensor '{name}' has type {entry.DType}, where I32 or I64 is needed."),
            };
            if (value != (int)value)
                throw new InvalidDataException($"{FilePath}: tensor '{name}' holds {value} at {i}, which does not fit in 32 bits.");
            values[i] = (int)value;
        }
        return values;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private int Countable(SafetensorsEntry entry) => entry.Count <= Array.MaxLength
        ? (int)entry.Count
        : throw new InvalidDataException($"{FilePath}: tensor '{entry.Name}' has {entry.Count} elements, more than one array holds.");
}
