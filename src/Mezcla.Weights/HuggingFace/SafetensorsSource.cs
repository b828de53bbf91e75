using System.Text.Json;
using Mezcla.Quantization.Formats;
using Mezcla.Weights.Safetensors;

namespace Mezcla.Weights.HuggingFace;

/// <summary>
/// A safetensors file, or a Hugging Face directory: <c>model.safetensors</c>, or several files and <c>model.safetensors.index.json</c>,
/// which says where each tensor is. Only files in the directory itself are opened.
/// </summary>
public sealed class SafetensorsSource : WeightSource
{
    /// <summary>The file name of a model that is stored in one file.</summary>
    public const string FileName = "model.safetensors";

    /// <summary>The file name of the index of a model that is stored in several files.</summary>
    public const string IndexName = "model.safetensors.index.json";

    private readonly List<SafetensorsFile> _files;
    private readonly Dictionary<string, SafetensorsFile> _fileOf;
    private readonly Dictionary<string, PackedMxFp4> _packed;

    private SafetensorsSource(string path, List<SafetensorsFile> files, Dictionary<string, SafetensorsFile> fileOf)
    {
        FilePath = Path.GetFullPath(path);
        _files = files;
        _fileOf = fileOf;
        var plain = files.SelectMany(f => f.Tensors.Where(t => fileOf[t.Name] == f))
            .Select(t => new SourceTensor(t.Name, t.DType, FormatOf(t.DType), t.Shape, t.Length)).ToList();
        _packed = PackedMxFp4.In(plain).ToDictionary(p => p.Tensor.Name);
        var parts = _packed.Values.SelectMany(p => (string[])[p.Blocks, p.Scales]).ToHashSet();
        Tensors = [.. plain.Where(t => !parts.Contains(t.Name)), .. _packed.Values.Select(p => p.Tensor)];
    }

    /// <inheritdoc/>
    public override string FilePath { get; }

    /// <inheritdoc/>
    public override string Kind => _files.Count == 1 ? "safetensors" : $"safetensors in {_files.Count} files";

    /// <inheritdoc/>
    public override IReadOnlyList<SourceTensor> Tensors { get; }

    /// <inheritdoc/>
    public override IEnumerable<KeyValuePair<string, object>> Properties =>
        _files.SelectMany(f => f.Metadata).DistinctBy(p => p.Key).Select(p => KeyValuePair.Create(p.Key, (object)p.Value));

    /// <summary>Opens one file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static SafetensorsSource OpenFile(string path)
    {
        var file = SafetensorsFile.Open(path);
        return new SafetensorsSource(path, [file], file.Tensors.ToDictionary(t => t.Name, _ => file));
    }

    /// <summary>Opens the weights of a directory.</summary>
    /// <exception cref="FileNotFoundException">The directory has no weights in this format.</exception>
    /// <exception cref="InvalidDataException">The index or a file is damaged, a tensor is not where the index says, or the index names a
    /// file outside the directory.</exception>
    public static SafetensorsSource OpenDirectory(string path)
    {
        var index = Path.Combine(path, IndexName);
        if (!File.Exists(index))
        {
            var single = Path.Combine(path, FileName);
            if (File.Exists(single))
                return OpenFile(single);
            throw new FileNotFoundException(
                $"{Path.GetFullPath(path)} has neither {FileName} nor {IndexName}. Weights in other formats (.bin, .pth) run code when " +
                    "loaded and are not read.", single);
        }
        var files = new Dictionary<string, SafetensorsFile>();
        try
        {
            var fileOf = new Dictionary<string, SafetensorsFile>();
            foreach (var (tensor, name) in ReadIndex(index))
            {
                if (!files.TryGetValue(name, out var file))
                    files[name] = file = SafetensorsFile.Open(Path.Combine(path, name));
                if (!file.Contains(tensor))
                    throw new InvalidDataException($"{index} says that {SafetensorsHeader.Quote(tensor)} is in {name}, and it is not.");
                fileOf.Add(tensor, file);
            }
            // A tensor that is in a file but not in the index is not part of the model.
            foreach (var file in files.Values)
                foreach (var tensor in file.Tensors)
                    fileOf.TryAdd(tensor.Name, file);
            return new SafetensorsSource(path, [.. files.Values], fileOf);
        }
        catch
        {
            foreach (var file in files.Values)
                file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Release(string name, long start, long length)
    {
        _ = this[name];
        // A packed tensor is made from two others; they keep their bytes.
        if (!_packed.ContainsKey(name))
            _fileOf[name].Release(name, start, length);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
    }

    private protected override ReadOnlySpan<byte> Slice(string name, long start, int length) =>
        _packed.TryGetValue(name, out var packed)
            ? packed.Read((part, from, count) => _fileOf[part].Bytes(part, from, count), start, length)
            : _fileOf[name].Bytes(name, start, length);

    private static List<(string Tensor, string File)> ReadIndex(string index)
    {
        if (new FileInfo(index).Length > SafetensorsHeader.MaxLength)
            throw new InvalidDataException($"{index} is too long for an index.");
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(index), new JsonDocumentOptions { MaxDepth = 16 });
            var list = new List<(string, string)>();
            var names = new HashSet<string>();
            foreach (var entry in json.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                var file = entry.Value.GetString() ?? "";
                if (file != Path.GetFileName(file) || file.IndexOfAny(['/', '\\', ':', '\0']) >= 0
                    || !file.EndsWith(".safetensors", StringComparison.Ordinal))
                    throw new InvalidDataException(
                        $"{index}: tensor {SafetensorsHeader.Quote(entry.Name)} should be in {SafetensorsHeader.Quote(file)}, which is " +
                            "not the name of a safetensors file in the same directory.");
                if (!names.Add(entry.Name))
                    throw new InvalidDataException($"{index} has {SafetensorsHeader.Quote(entry.Name)} twice.");
                list.Add((entry.Name, file));
            }
            return list;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidDataException($"{index} is not a valid index of safetensors files: {e.Message}", e);
        }
    }

    private static FloatFormat? FormatOf(string dtype) => dtype switch
    {
        "F32" => FloatFormat.F32,
        "F16" => FloatFormat.F16,
        "BF16" => FloatFormat.BF16,
        "F8_E4M3" => FloatFormat.E4M3,
        "F8_E5M2" => FloatFormat.E5M2,
        _ => null,
    };
}
