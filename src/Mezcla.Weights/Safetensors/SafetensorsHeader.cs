using System.Buffers.Binary;
using System.Text.Json;
using Mezcla.Weights.Files;

namespace Mezcla.Weights.Safetensors;

/// <summary>Reads the JSON header of a safetensors file. It checks every rule of the format, and its error messages name the rule that is
/// broken.</summary>
internal static class SafetensorsHeader
{
    /// <summary>The limit of the reference implementation.</summary>
    public const int MaxLength = 100_000_000;

    public const string MetadataKey = "__metadata__";

    public static (List<SafetensorsEntry> Tensors, Dictionary<string, string> Metadata) Read(MappedFile file)
    {
        InvalidDataException Refuse(string why) => new($"{file.FilePath} is not a valid safetensors file: {why}");

        if (file.Length < 8)
            throw Refuse($"it has {file.Length} bytes, fewer than the 8 of the header's length.");
        var declared = BinaryPrimitives.ReadUInt64LittleEndian(file.Slice(0, 8));
        if (declared > MaxLength)
            throw Refuse($"its header claims {declared} bytes, more than the {MaxLength} allowed.");
        if ((long)declared > file.Length - 8)
            throw Refuse($"its header claims {declared} bytes and only {file.Length - 8} follow; the file may be cut short.");
        var json = file.Slice(8, (int)declared);
        if (json.IsEmpty || json[0] != '{')
            throw Refuse("its header does not begin with '{'.");

        var dataStart = 8 + (long)declared;
        var tensors = new List<SafetensorsEntry>();
        var names = new HashSet<string>();
        var metadata = new Dictionary<string, string>();
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
            Expect(ref reader, JsonTokenType.StartObject, "the header");
            while (NextKey(ref reader) is { } name)
            {
                if (!names.Add(name))
                    throw new JsonException($"the name {Quote(name)} occurs twice");
                if (name == MetadataKey)
                    ReadMetadata(ref reader, metadata);
                else
                    tensors.Add(ReadEntry(ref reader, name, dataStart, file.Length));
            }
            if (reader.Read())
                throw new JsonException("something follows the header's end");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw Refuse($"header: {e.Message.TrimEnd('.')}.");
        }

        tensors.Sort((a, b) => a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset) : a.Length.CompareTo(b.Length));
        var position = dataStart;
        foreach (var tensor in tensors)
        {
            if (tensor.Offset < position)
                throw Refuse($"tensor {Quote(tensor.Name)} overlaps the one before it.");
            if (tensor.Offset > position)
                throw Refuse($"{tensor.Offset - position} bytes before tensor {Quote(tensor.Name)} belong to no tensor.");
            position += tensor.Length;
        }
        if (position != file.Length)
            throw Refuse($"{file.Length - position} bytes after the last tensor belong to no tensor.");
        return (tensors, metadata);
    }

    private static SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name, long dataStart, long fileLength)
    {
        var where = $"tensor {Quote(name)}";
        string? dtype = null;
        List<long>? shape = null, offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, where);
        while (NextKey(ref reader) is { } key)
        {
            switch (key)
            {
                case "dtype" when dtype is null:
                    Expect(ref reader, JsonTokenType.String, $"{where}, dtype");
                    dtype = reader.GetString()!;
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, $"{where}, shape", 64);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, $"{where}, data_offsets", 2);
                    break;
                default:
                    throw new JsonException($"{where} has an unexpected or second {Quote(key)}");
            }
        }
        if (dtype is null || shape is null || offsets is not { Count: 2 })
            throw new JsonException($"{where} lacks dtype, shape or two data_offsets");
        if (SafetensorsDType.BitsOf(dtype) is null)
            throw new JsonException($"{where} has the unknown type {Quote(dtype)}");
        if (SafetensorsDType.BytesOf(dtype, shape.ToArray()) is not { } bytes)
            throw new JsonException($"{where} has an impossible shape [{string.Join(", ", shape)}] for {dtype}");
        if (offsets[0] > offsets[1] || offsets[1] > fileLength - dataStart)
            throw new JsonException(
                $"{where} lies at bytes {offsets[0]} to {offsets[1]}, and there are {fileLength - dataStart}; the file may be cut short");
        if (offsets[1] - offsets[0] != bytes)
            throw new JsonException(
                $"{where}, [{string.Join(", ", shape)}] of {dtype}, needs {bytes} bytes and has {offsets[1] - offsets[0]}");
        return new SafetensorsEntry(name, dtype, shape, dataStart + offsets[0], bytes);
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata)
    {
        Expect(ref reader, JsonTokenType.StartObject, MetadataKey);
        while (NextKey(ref reader) is { } key)
        {
            Expect(ref reader, JsonTokenType.String, $"{MetadataKey}, {Quote(key)}");
            if (!metadata.TryAdd(key, reader.GetString()!))
                throw new JsonException($"{MetadataKey} has {Quote(key)} twice");
        }
    }

    private static List<long> ReadNumbers(ref Utf8JsonReader reader, string where, int most)
    {
        var numbers = new List<long>();
        Expect(ref reader, JsonTokenType.StartArray, where);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0)
                throw new JsonException($"{where} may hold only whole numbers");
            if (numbers.Count == most)
                throw new JsonException($"{where} has more than {most} numbers");
            numbers.Add(number);
        }
        return numbers;
    }

    private static string? NextKey(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName
        ? reader.GetString() : null;

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string where)
    {
        if (!reader.Read() || reader.TokenType != type)
            throw new JsonException($"{where} should be {type}, not {reader.TokenType}");
    }

    /// <summary>Makes text from an untrusted file safe to print: without control characters, and at most 80 characters long.</summary>
    internal static string Quote(string text) =>
        $"'{string.Concat((text.Length > 80 ? text[..77] + "..." : text).Select(c => char.IsControl(c) ? '?' : c))}'";
}
