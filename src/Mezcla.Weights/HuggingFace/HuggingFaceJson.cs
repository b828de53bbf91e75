using System.Text.Json;

namespace Mezcla.Weights.HuggingFace;

/// <summary>Typed look-ups in a JSON object from an untrusted file; an entry that is null counts as missing.</summary>
internal sealed class HuggingFaceJson
{
    private const int LargestSize = 1 << 24;

    private readonly JsonElement _element;

    public HuggingFaceJson(JsonElement element) =>
        _element = element.ValueKind == JsonValueKind.Object
            ? element
            : throw new InvalidDataException($"an object is expected, not {element.ValueKind}.");

    public bool Has(string key) => Find(key) is not null;

    public bool HasNull(string key) => _element.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Null;

    public HuggingFaceJson? Child(string key) => Find(key) is { } value ? new HuggingFaceJson(value) : null;

    /// <summary>A whole number from 1 to 2²⁴.</summary>
    public int Size(string key, int? otherwise = null)
    {
        if (Find(key) is not { } value)
            return otherwise ?? throw Missing(key);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var size) && size is > 0 and <= LargestSize
            ? size
            : throw new InvalidDataException($"{key} is {Print(value)}, where a whole number from 1 to {LargestSize} is expected.");
    }

    /// <summary>A positive finite number, or zero.</summary>
    public double Number(string key, double? otherwise = null)
    {
        if (Find(key) is not { } value)
            return otherwise ?? throw Missing(key);
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) && number >= 0
            ? number
            : throw new InvalidDataException($"{key} is {Print(value)}, where a number that is not negative is expected.");
    }

    public bool Flag(string key, bool otherwise) => Find(key) is not { } value
        ? otherwise
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? value.GetBoolean()
        : throw new InvalidDataException($"{key} is {Print(value)}, where true or false is expected.");

    /// <summary>The numbers of an array; none if it is missing.</summary>
    public IReadOnlyList<double> Numbers(string key)
    {
        if (Find(key) is not { } value)
            return [];
        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= 10_000
            && value.EnumerateArray().All(n => n.ValueKind == JsonValueKind.Number)
            ? [.. value.EnumerateArray().Select(n => n.GetDouble())]
            : throw new InvalidDataException($"{key} is {Print(value)}, where an array of numbers is expected.");
    }

    public IReadOnlyList<string> Texts(string key) => Find(key) is { ValueKind: JsonValueKind.Array } list
        ? [.. list.EnumerateArray().Select(item => item.ToString())]
        : [];

    public string Text(string key, string otherwise) => Find(key) is not { } value ? otherwise : value.ValueKind == JsonValueKind.String
        ? value.GetString()!
        : throw new InvalidDataException($"{key} is {Print(value)}, where a string is expected.");

    private JsonElement? Find(string key) => _element.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null
        ? value
        : null;

    private static InvalidDataException Missing(string key) => new($"{key} is missing.");

    private static string Print(JsonElement value) => value.GetRawText() is { Length: > 40 } text ? text[..40] + "..." : value.GetRawText();
}
