using Mezcla.Weights.Files;

namespace Mezcla.Weights.Gguf;

/// <summary>
/// A GGUF file (version 2 or 3), the file format of llama.cpp. It holds metadata, then names, shapes, types and offsets of the tensors,
/// then their aligned bytes. Everything before the bytes is checked when the file is opened; the bytes are read when needed.
/// </summary>
public sealed class GgufFile : WeightSource
{
    private readonly MappedFile _file;
    private readonly Dictionary<string, long> _offsets;

    private GgufFile(MappedFile file)
    {
        _file = file;
        var reader = new GgufReader(file);
        (Version, Alignment, Metadata) = (reader.Version, reader.Alignment, reader.Metadata);
        Tensors = [.. reader.Tensors.Select(t => new SourceTensor(t.Name, t.Type.Name, t.Type.Format, t.Shape, t.Length))];
        _offsets = reader.Tensors.ToDictionary(t => t.Name, t => t.Offset);
    }

    /// <inheritdoc/>
    public override string FilePath => _file.FilePath;

    /// <summary>The version, 2 or 3. Version 3 also allows big-endian files, which this library does not read.</summary>
    public uint Version { get; }

    /// <summary>Every tensor starts at a multiple of this.</summary>
    public long Alignment { get; }

    /// <summary>The key-value part.</summary>
    public GgufMetadata Metadata { get; }

    /// <inheritdoc/>
    public override string Kind => $"GGUF version {Version}";

    /// <inheritdoc/>
    public override IReadOnlyList<SourceTensor> Tensors { get; }

    /// <inheritdoc/>
    public override IEnumerable<KeyValuePair<string, object>> Properties => Metadata;

    /// <summary>Opens a file and checks everything except the values of the tensors.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is not a GGUF file, or it is damaged; the message says where.</exception>
    public static new GgufFile Open(string path)
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

    /// <inheritdoc/>
    public override void Release(string name, long start, long length)
    {
        _ = this[name];
        _file.Release(_offsets[name] + start, length);
    }

    /// <inheritdoc/>
    public override void Dispose() => _file.Dispose();

    private protected override ReadOnlySpan<byte> Slice(string name, long start, int length) => _file.Slice(_offsets[name] + start, length);
}
