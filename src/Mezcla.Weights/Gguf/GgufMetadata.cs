using System.Collections;

namespace Mezcla.Weights.Gguf;

/// <summary>
/// The key-value pairs of a GGUF file, in the order of the file. Values are .NET numbers, bool, string, or one-dimensional arrays of these
/// (<c>float[]</c>, <c>string[]</c>, ...).
/// </summary>
public sealed class GgufMetadata : IEnumerable<KeyValuePair<string, object>>
{
    // The index of a type in this list is its number in the file.
    private static readonly Type[] ValueTypes =
    [
        typeof(byte), typeof(sbyte), typeof(ushort), typeof(short), typeof(uint), typeof(int), typeof(float), typeof(bool), typeof(string),
        typeof(Array), typeof(ulong), typeof(long), typeof(double),
    ];

    private readonly OrderedDictionary<string, object> _values = [];

    /// <summary>Number of entries.</summary>
    public int Count => _values.Count;

    /// <summary>Whether there is an entry with this key.</summary>
    public bool Contains(string key) => _values.ContainsKey(key);

    /// <summary>The value of a key.</summary>
    /// <exception cref="KeyNotFoundException">There is no entry with this key.</exception>
    public object this[string key] => _values.TryGetValue(key, out var value)
        ? value
        : throw new KeyNotFoundException($"The GGUF metadata has no '{key}'.");

    /// <summary>Adds an entry.</summary>
    /// <exception cref="ArgumentException">The key is already used, or GGUF cannot hold a value of this type.</exception>
    public void Add(string key, object value)
    {
        KindOf(value is Array array ? array.GetType().GetElementType()! : value.GetType());
        if (!_values.TryAdd(key, value))
            throw new ArgumentException($"The GGUF metadata has '{key}' already.", nameof(key));
    }

    /// <summary>A whole number of any width.</summary>
    /// <exception cref="InvalidDataException">The entry is missing and there is no <paramref name="otherwise"/>, it has another type, or it
    /// does not fit in 63 bits.</exception>
    public long GetInteger(string key, long? otherwise = null) => _values.GetValueOrDefault(key) switch
    {
        null => otherwise ?? throw Missing(key),
        ulong large when large > long.MaxValue => throw Other(key, "a whole number of 63 bits"),
        byte or sbyte or ushort or short or uint or int or ulong or long =>
            Convert.ToInt64(_values[key], System.Globalization.CultureInfo.InvariantCulture),
        _ => throw Other(key, "a whole number"),
    };

    /// <summary>A whole number of any width, given once or once for each layer.</summary>
    /// <exception cref="InvalidDataException">The entry is missing and there is no <paramref name="otherwise"/>, it has another type, or
    /// the layers have different values, which this library does not support.</exception>
    public long GetIntegerOfAllLayers(string key, long? otherwise = null)
    {
        if (_values.GetValueOrDefault(key) is not Array)
            return GetInteger(key, otherwise);
        var layers = GetIntegers(key);
        if (layers.Length == 0)
            throw new InvalidDataException($"The GGUF metadata '{key}' has a value for each layer, and no layers.");
        return layers.All(value => value == layers[0]) ? layers[0]
            : throw new InvalidDataException(
                $"The layers of this model differ in '{key}' ({string.Join(", ", layers.Distinct())}): a model whose layers differ in " +
                    "shape " +
                    "is not supported.");
    }

    /// <summary>Whole numbers of any width.</summary>
    /// <exception cref="InvalidDataException">The entry is missing or has another type.</exception>
    public long[] GetIntegers(string key) => _values.GetValueOrDefault(key) switch
    {
        null => throw Missing(key),
        byte[] or sbyte[] or ushort[] or short[] or uint[] or int[] or long[] => [.. ((Array)_values[key]).Cast<object>()
            .Select(value => Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture))],
        ulong[] large when large.All(value => value <= long.MaxValue) => [.. large.Select(value => (long)value)],
        _ => throw Other(key, "an array of whole numbers"),
    };

    /// <summary>A float of either width.</summary>
    /// <inheritdoc cref="GetInteger"/>
    public double GetNumber(string key, double? otherwise = null) => _values.GetValueOrDefault(key) switch
    {
        null => otherwise ?? throw Missing(key),
        float single => single,
        double number => number,
        _ => GetInteger(key),
    };

    /// <summary>A text.</summary>
    /// <inheritdoc cref="GetInteger"/>
    public string GetString(string key, string? otherwise = null) => Get(key, otherwise, "a string");

    /// <summary>A boolean.</summary>
    /// <inheritdoc cref="GetInteger"/>
    public bool GetBoolean(string key, bool? otherwise = null) => Get(key, (object?)otherwise, "a boolean") is bool value
        ? value
        : throw Other(key, "a boolean");

    /// <summary>An array of texts.</summary>
    /// <exception cref="InvalidDataException">The entry is missing or has another type.</exception>
    public string[] GetStrings(string key) => Get<string[]>(key, null, "an array of strings");

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The number that stands for a type of value in the file.</summary>
    internal static uint KindOf(Type type) => Array.IndexOf(ValueTypes, type) is var kind and >= 0 && type != typeof(Array)
        ? (uint)kind
        : throw new ArgumentException($"GGUF metadata cannot hold a {type.Name}.");

    private T Get<T>(string key, T? otherwise, string what) where T : class => _values.GetValueOrDefault(key) switch
    {
        null => otherwise ?? throw Missing(key),
        T value => value,
        _ => throw Other(key, what),
    };

    private static InvalidDataException Missing(string key) => new($"The GGUF metadata has no '{key}'.");

    private InvalidDataException Other(string key, string what) =>
        new($"The GGUF metadata '{key}' should be {what} and is a {_values[key].GetType().Name}.");
}
