using Mezcla.Weights.Files;

namespace Mezcla.Weights.Gguf;

/// <summary>
/// A GGUF file (version 2 or 3), llama.cpp's container, read lazily: metadata, then names, shapes, types and offsets of the tensors, then
/// their bytes, aligned. Everything before the bytes is checked when the file is opened.
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

    /// <summary>2 or 3; they differ only in that 3 allows big-endian files, which are refused here.</summary>
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

    /// <summary>Opens a file and checks all but the numbers themselves.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is not a GGUF file, or a broken one; the message says where.</exception>
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
    public override void Dispose() => _file.Dispose();

    private protected override ReadOnlySpan<byte> Slice(string name, long start, int length) => _file.Slice(_offsets[name] + start, length);
}
