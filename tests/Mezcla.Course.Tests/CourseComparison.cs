using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Mezcla.Course.Tests;

/// <summary>
/// Compares a fresh run of a notebook with the committed one: the kinds of every output are the same, text is equal word for word, and
/// numbers within it agree within a tolerance, because functions such as exp differ in their last place between systems. Cells tagged
/// <c>timing</c>, <c>machine</c> or <c>varies</c> show what no two runs share: only the kinds of their outputs are compared.
/// </summary>
internal static partial class CourseComparison
{
    private const double RelativeTolerance = 0.02, AbsoluteTolerance = 1e-5;

    private static readonly string[] Varying = ["timing", "machine", "varies"];

    /// <summary>Where the two differ, in words; empty if they do not.</summary>
    public static List<string> Differences(string committed, string fresh)
    {
        var differences = new List<string>();
        var (left, right) = (Cells(committed), Cells(fresh));
        if (left.Count != right.Count)
            return [$"{left.Count} code cells are committed, {right.Count} came back"];
        for (var i = 0; i < left.Count; i++)
        {
            var (mine, theirs) = (left[i]["outputs"]!.AsArray(), right[i]["outputs"]!.AsArray());
            if (Kinds(mine) != Kinds(theirs))
                differences.Add($"cell {i + 1}: outputs {Kinds(mine)} committed, {Kinds(theirs)} obtained");
            else if (!Tags(left[i]).Intersect(Varying).Any())
                differences.AddRange(mine.Zip(theirs).Select(pair => Difference(Text(pair.First!), Text(pair.Second!)))
                    .Where(d => d.Length > 0).Select(d => $"cell {i + 1}: {d}"));
        }
        return differences;
    }

    /// <summary>Where two texts differ, in words; empty if they do not.</summary>
    public static string Difference(string committed, string fresh)
    {
        var (words, numbers) = Split(committed);
        var (otherWords, otherNumbers) = Split(fresh);
        if (!words.SequenceEqual(otherWords))
        {
            var at = words.Zip(otherWords).TakeWhile(p => p.First == p.Second).Count();
            return $"text differs: “{words.ElementAtOrDefault(at)?.Trim()}” committed, “{otherWords.ElementAtOrDefault(at)?.Trim()}” " +
                "obtained";
        }
        foreach (var (a, b) in numbers.Zip(otherNumbers))
            if (Math.Abs(a - b) > AbsoluteTolerance + RelativeTolerance * Math.Max(Math.Abs(a), Math.Abs(b)))
                return $"number differs: {a.ToString(CultureInfo.InvariantCulture)} " +
                    $"committed, {b.ToString(CultureInfo.InvariantCulture)} obtained, near “{words[0].Trim()}”";
        return "";
    }

    private static (string[] Words, double[] Numbers) Split(string text)
    {
        // The small curves that charts draw with characters follow the numbers; those are compared already.
        text = Sparkline().Replace(text, "");
        return (Number().Split(text),
            [.. Number().Matches(text)
                .Select(m => double.Parse(m.Value.Replace(",", "").Replace('−', '-'), CultureInfo.InvariantCulture))]);
    }

    private static List<JsonNode> Cells(string notebook) =>
        [.. JsonNode.Parse(File.ReadAllText(notebook))!["cells"]!.AsArray().OfType<JsonNode>()
            .Where(cell => cell["cell_type"]!.GetValue<string>() == "code")];

    private static IEnumerable<string> Tags(JsonNode cell) => cell["metadata"]?["tags"]?.AsArray().Select(t => t!.GetValue<string>()) ?? [];

    // Jupyter saves a picture as SVG and as HTML, this project's runner once.
    private static string Kinds(JsonArray outputs) => string.Join(' ', outputs.Select(output => output!["data"] is JsonObject data
        ? $"{output["output_type"]}:{string.Join(',', data.Select(entry => entry.Key)
            .Where(mime => mime != "text/html" || data["image/svg+xml"] is null).Order(StringComparer.Ordinal))}"
        : $"{output["output_type"]}:{output["name"]}"));

    private static string Text(JsonNode output) => Join(output["text"]) + Join(output["data"]?["text/plain"]);

    private static string Join(JsonNode? text) => text switch
    {
        JsonArray lines => string.Concat(lines.Select(l => l!.GetValue<string>())),
        JsonValue value => value.GetValue<string>(),
        _ => "",
    };

    // Groups that capture would come back among the words, where digits have to be equal.
    [GeneratedRegex(@"[-−]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?")]
    private static partial Regex Number();

    [GeneratedRegex("[▁▂▃▄▅▆▇█]+")]
    private static partial Regex Sparkline();
}
