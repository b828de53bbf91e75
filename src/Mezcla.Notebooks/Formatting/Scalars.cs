using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Mezcla.Notebooks;

/// <summary>Values that are shown as a piece of text.</summary>
internal static class Scalars
{
    private const int LongestText = 400;

    /// <summary>The view of a value that is one piece of text, or null for a value with parts.</summary>
    /// <param name="value">The value.</param>
    /// <param name="exact">Whether numbers keep all their digits; among others, six are easier to read.</param>
    public static TextView? View(object? value, bool exact)
    {
        switch (value)
        {
            case null:
                return new TextView("null");
            case string text:
                return new TextView(Cut(text));
            case double number:
                return new TextView(number.ToString(exact ? "R" : "G6", CultureInfo.InvariantCulture), true);
            case float number:
                return new TextView(number.ToString(exact ? "R" : "G6", CultureInfo.InvariantCulture), true);
            case Half number:
                return new TextView(number.ToString(exact ? "R" : "G5", CultureInfo.InvariantCulture), true);
            case byte or sbyte or short or ushort or int or uint or long or ulong or nint or nuint or decimal or BigInteger or Int128
                or UInt128 or Complex:
                return new TextView(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture), true);
            case DateTime time:
                return new TextView(time.ToString(time.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "yyyy-MM-dd HH:mm:ss.FFF",
                    CultureInfo.InvariantCulture));
            case DateTimeOffset time:
                return new TextView(time.ToString("yyyy-MM-dd HH:mm:ss.FFF zzz", CultureInfo.InvariantCulture));
            case DateOnly day:
                return new TextView(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            case TimeOnly time:
                return new TextView(time.ToString("HH:mm:ss.FFF", CultureInfo.InvariantCulture));
            case TimeSpan span:
                return new TextView(span.ToString("c", CultureInfo.InvariantCulture));
            case Type type:
                return new TextView(TypeNames.Full(type));
            case Task task:
                return new TextView($"{TypeNames.Short(Declared(task.GetType()))} ({task.Status}); await it to get its value");
            case Delegate function:
                return new TextView(TypeNames.Short(function.GetType()));
            case bool or char or Enum or Guid or Index or Range:
                return new TextView(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
            case ITuple tuple when tuple.Length <= 8 && Enumerable.Range(0, tuple.Length)
                .All(i => tuple[i] is not (IEnumerable and not string) && View(tuple[i], exact) is not null):
                return new TextView(
                    "(" + string.Join(", ", Enumerable.Range(0, tuple.Length).Select(i => View(tuple[i], exact)!.Text)) + ")");
            case IEnumerable or Exception:
                return null;
        }

        var kind = value.GetType();
        if (kind.Namespace?.StartsWith("System", StringComparison.Ordinal) == true && !IsMemory(kind) && OwnText(value) is { } own)
            return new TextView(Cut(own));

        return null;
    }

    /// <summary>Whether a type is a <see cref="Memory{T}"/>, which holds a sequence without being one.</summary>
    public static bool IsMemory(Type type) =>
        type.IsGenericType
            && (type.GetGenericTypeDefinition() == typeof(Memory<>) || type.GetGenericTypeDefinition() == typeof(ReadOnlyMemory<>));

    /// <summary>What a value's own ToString says, or null if its type only inherits the one that names the type.</summary>
    public static string? OwnText(object value)
    {
        if (TypeNames.IsAnonymous(value.GetType()))
            return null;

        var method = value.GetType().GetMethod("ToString", BindingFlags.Instance | BindingFlags.Public, Type.EmptyTypes);
        if (method is null || method.DeclaringType == typeof(object) || method.DeclaringType == typeof(ValueType))
            return null;

        try
        {
            return value is IFormattable formattable ? formattable.ToString(null, CultureInfo.InvariantCulture) : value.ToString();
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or ThreadInterruptedException))
        {
            return $"(ToString threw {TypeNames.Full(exception.GetType())}: {exception.Message})";
        }
    }

    private static Type Declared(Type type)
    {
        // What an async method returns is a private class derived from Task<T>.
        while (!type.IsVisible && type.BaseType is { } above)
            type = above;

        return type;
    }

    private static string Cut(string text) =>
        text.Length <= LongestText ? text : FormattableString.Invariant($"{text[..LongestText]}… ({text.Length:N0} characters)");
}
