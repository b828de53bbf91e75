using System.Globalization;
using System.Text.Json;

namespace Mezcla.Scaling.Claims;

/// <summary>The JSON form of claim files.</summary>
internal static class ClaimJson
{
    public static ClaimFile Parse(string text)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text, new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        }
        catch (JsonException error)
        {
            throw new ClaimFileException(string.Create(CultureInfo.InvariantCulture,
                $"line {(error.LineNumber ?? 0) + 1}, column {(error.BytePositionInLine ?? 0) + 1}: this is not valid " +
                    $"JSON. {error.Message.Split(" LineNumber:")[0]}"));
        }

        using (document)
        {
            JsonElement root = document.RootElement;
            Only(root, "the file", "title", "about", "definitions", "claims", "statements", "relations");
            return new()
            {
                Title = String(root, "title", "the file") ?? "",
                Definitions = [.. Definitions(root)],
                Claims = [.. Items(root, "claims").Select(ReadClaim)],
                Statements = [.. Items(root, "statements").Select(ReadStatement)],
                Relations = [.. Items(root, "relations").Select(ReadRelation)],
            };
        }
    }

    internal static ClaimStatus Status(string? text, string where) => text?.ToLowerInvariant() switch
    {
        null or "measured" => ClaimStatus.Measured,
        "rumour" or "rumor" => ClaimStatus.Rumour,
        "opinion" => ClaimStatus.Opinion,
        _ => throw new ClaimFileException($"{where}: the status '{text}' is not one of measured, rumour and opinion."),
    };

    private static PublishedClaim ReadClaim(JsonElement item, int i)
    {
        var where = FormattableString.Invariant($"claims[{i}]");
        Only(item, where, "said", "quote", "language", "translation", "who", "place", "source", "status", "expression", "relation",
            "expected", "tolerance", "because", "unit", "correction", "note", "reason");
        return new()
        {
            Said = String(item, "said", where) ?? throw new ClaimFileException($"{where}: 'said' is missing."),
            Quote = String(item, "quote", where),
            Language = String(item, "language", where),
            Translation = String(item, "translation", where),
            Who = String(item, "who", where) ?? "",
            Place = String(item, "place", where) ?? "",
            Source = String(item, "source", where) ?? "",
            Status = Status(String(item, "status", where), where),
            Expression = String(item, "expression", where),
            Relation = String(item, "relation", where) ?? "=",
            Expected = String(item, "expected", where),
            Tolerance = String(item, "tolerance", where),
            Because = String(item, "because", where),
            Unit = String(item, "unit", where) ?? "",
            Correction = String(item, "correction", where),
            Note = String(item, "note", where),
            Reason = String(item, "reason", where),
        };
    }

    private static Statement ReadStatement(JsonElement item, int i)
    {
        var where = FormattableString.Invariant($"statements[{i}]");
        Only(item, where, "quantity", "value", "tolerance", "who", "status");
        return new()
        {
            Quantity = String(item, "quantity", where) ?? throw new ClaimFileException($"{where}: 'quantity' is missing."),
            Value = String(item, "value", where) ?? throw new ClaimFileException($"{where}: 'value' is missing."),
            Tolerance = String(item, "tolerance", where),
            Who = String(item, "who", where) ?? "",
            Status = Status(String(item, "status", where), where),
        };
    }

    private static Relation ReadRelation(JsonElement item, int i)
    {
        var where = FormattableString.Invariant($"relations[{i}]");
        if (item.ValueKind == JsonValueKind.String)
            return new(item.GetString()!, "");
        Only(item, where, "formula", "why");
        return new(String(item, "formula", where) ?? throw new ClaimFileException($"{where}: 'formula' is missing."),
            String(item, "why", where) ?? "");
    }

    private static IEnumerable<Definition> Definitions(JsonElement root)
    {
        if (!root.TryGetProperty("definitions", out JsonElement definitions))
            yield break;
        if (definitions.ValueKind != JsonValueKind.Object)
            throw new ClaimFileException("definitions: an object of names and expressions is expected.");
        foreach (JsonProperty property in definitions.EnumerateObject())
            yield return new(property.Name, Text(property.Value, $"definitions.{property.Name}"));
    }

    private static IEnumerable<JsonElement> Items(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out JsonElement items))
            return [];
        return items.ValueKind == JsonValueKind.Array
            ? items.EnumerateArray().ToArray()
            : throw new ClaimFileException($"{name}: a list is expected.");
    }

    // Numbers are kept as text: the digits of 46.7e9 show how exact it is, which its value alone would not.
    private static string Text(JsonElement value, string where) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Number => value.GetRawText(),
        _ => throw new ClaimFileException($"{where}: a number or text is expected."),
    };

    private static string? String(JsonElement item, string name, string where) =>
        item.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? Text(value, $"{where}.{name}") : null;

    private static void Only(JsonElement item, string where, params string[] names)
    {
        if (item.ValueKind != JsonValueKind.Object)
            throw new ClaimFileException($"{where}: an object is expected.");
        foreach (JsonProperty property in item.EnumerateObject())
        {
            if (!names.Contains(property.Name))
                throw new ClaimFileException(
                    $"{where}: there is no property '{property.Name}'. The properties are: {string.Join(", ", names)}.");
        }
    }
}
