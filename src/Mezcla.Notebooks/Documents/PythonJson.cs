using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mezcla.Notebooks.Documents;

/// <summary>
/// JSON as Python's <c>json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, separators=(",", ": "))</c> writes it, which is how
/// Jupyter saves notebooks. System.Text.Json escapes and indents otherwise, and two
/// tools that format differently make every diff unreadable.
/// </summary>
internal static class PythonJson
{
    public static string Write(JsonNode? node)
    {
        var text = new StringBuilder();
        Write(text, node, 0);
        return text.ToString();
    }

    /// <summary>Python's <c>str.splitlines(True)</c>: at every line end that Unicode knows, each line keeping its own.</summary>
    public static IEnumerable<string> SplitLines(string text)
    {
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029'))
                continue;
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
                i++;
            yield return text[start..(i + 1)];
            start = i + 1;
        }
        if (start < text.Length)
            yield return text[start..];
    }

    private static void Write(StringBuilder text, JsonNode? node, int depth)
    {
        switch (node)
        {
            case null:
                text.Append("null");
                break;
            case JsonObject { Count: 0 }:
                text.Append("{}");
                break;
            case JsonArray { Count: 0 }:
                text.Append("[]");
                break;
            case JsonObject map:
                Items(text, '{', '}', depth, map.OrderBy(p => p.Key, StringComparer.Ordinal), pair =>
                {
                    Quote(text, pair.Key);
                    text.Append(": ");
                    Write(text, pair.Value, depth + 1);
                });
                break;
            case JsonArray list:
                Items(text, '[', ']', depth, list, item => Write(text, item, depth + 1));
                break;
            default:
                Scalar(text, node.AsValue());
                break;
        }
    }

    private static void Items<T>(StringBuilder text, char open, char close, int depth, IEnumerable<T> items, Action<T> write)
    {
        text.Append(open);
        var first = true;
        foreach (var item in items)
        {
            text.Append(first ? "\n" : ",\n").Append(' ', depth + 1);
            write(item);
            first = false;
        }
        text.Append('\n').Append(' ', depth).Append(close);
    }

    private static void Scalar(StringBuilder text, JsonValue value)
    {
        switch (value.GetValueKind())
        {
            case JsonValueKind.String:
                Quote(text, value.GetValue<string>());
                break;
            case JsonValueKind.Number:
                text.Append(Number(value.ToJsonString(), isDouble: value.TryGetValue(out object? inner) && inner is double or float));
                break;
            default:
                text.Append(value.ToJsonString());
                break;
        }
    }

    /// <summary>An integer as it is, of any length; anything else as Python's <c>repr</c> of the double: 1.0, 1e-05, 1e+16.</summary>
    private static string Number(string json, bool isDouble)
    {
        if (!isDouble && !json.AsSpan().ContainsAny('.', 'e', 'E'))
            return json == "-0" ? "0" : json;
        var number = double.Parse(json, CultureInfo.InvariantCulture);
        if (!double.IsFinite(number))
            return number > 0 ? "Infinity" : "-Infinity";
        if (number == 0)
            return double.IsNegative(number) ? "-0.0" : "0.0";
        // The shortest digits that give the number back, and the power of ten of the first of them.
        var parts = Math.Abs(number).ToString("R", CultureInfo.InvariantCulture).Split('E');
        var point = parts[0].IndexOf('.');
        var digits = parts[0].Replace(".", "").TrimStart('0');
        var power = (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0)
            + (point < 0 ? parts[0].Length : point) - 1 - (parts[0].Replace(".", "").Length - digits.Length);
        digits = digits.TrimEnd('0');
        var sign = number < 0 ? "-" : "";
        if (power is < -4 or >= 16)
            return $"{sign}{digits[0]}{(digits.Length > 1 ? "." + digits[1..] : "")}e{(power < 0 ? '-' : '+')}{Math.Abs(power):00}";
        if (power < 0)
            return $"{sign}0.{new string('0', -power - 1)}{digits}";
        return digits.Length <= power + 1
            ? $"{sign}{digits.PadRight(power + 1, '0')}.0"
            : $"{sign}{digits[..(power + 1)]}.{digits[(power + 1)..]}";
    }

    private static void Quote(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                < ' ' => text.Append($"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }
        text.Append('"');
    }
}
