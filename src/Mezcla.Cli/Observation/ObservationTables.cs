using System.Globalization;
using Mezcla.Experiments.Observation;
using Mezcla.Tokenization;

namespace Mezcla.Cli.Observation;

/// <summary>The tables that <c>mezcla observe</c> writes, as comma-separated values.</summary>
internal static class ObservationTables
{
    /// <summary>Writes all tables to a folder.</summary>
    public static void Write(string folder, ObservedRouting observed, Tokenizer tokenizer)
    {
        Save("tokens.csv", ["domain", "position", "id", "text", "block", "experts", "weights"],
            observed.Layers.SelectMany(layer => Enumerable.Range(0, observed.Ids.Count).Select(i => (object[])
            [
                observed.Domains[observed.DomainOf[i]], i, observed.Ids[i], tokenizer.Decode([observed.Ids[i]]), layer.Layer,
                string.Join(' ', layer.Choices[i]),
                string.Join(' ', layer.Weights[i].Select(w => w.ToString("G4", CultureInfo.InvariantCulture))),
            ])));
        var load = ObservedLoad.Of(observed);
        Save("load.csv", ["block", "domain", "expert", "share"], observed.Layers.SelectMany(layer =>
            observed.Domains.Select((name, domain) => (name, shares: load.Shares(layer, domain)))
                .Prepend((name: "", shares: load.Shares(layer)))
                .SelectMany(row => row.shares.Select((share, expert) => (object[])[layer.Layer, row.name, expert, share]))));
        Save("preferences.csv", ["block", "domain", "expert", "tokens", "share", "expected", "deviations"],
            observed.Domains.Count < 2 ? [] : DomainPreferences.Of(observed).All.Select(p => (object[])
                [p.Layer, p.Domain, p.Expert, p.Tokens, p.Share, p.Expected, p.Deviations]));
        Save("specialization.csv", ["block", "entropy", "token", "domain", "domain given token"], Specialization.Of(observed).Layers
            .Select(l => (object[])[l.Layer, l.Entropy, l.Token, l.Domain, l.DomainGivenToken]));
        Save("repetition.csv", ["block", "same first", "by chance", "first among the last token's", "that by chance"],
            Repetition.Of(observed).Layers.Select(l => (object[])[l.Layer, l.First, l.FirstByChance, l.Any, l.AnyByChance]));
        Save("coactivation.csv", ["block", "expert", "other", "share", "by chance"],
            CoActivation.Of(observed).Pairs.Select(p => (object[])[p.Layer, p.Expert, p.Other, p.Share, p.ByChance]));

        void Save(string name, string[] headers, IEnumerable<object[]> rows)
        {
            using var file = new StreamWriter(Path.Combine(folder, name));
            foreach (var row in rows.Prepend(headers))
                file.Write(string.Join(',', row.Select(Cell)) + "\n");
        }
    }

    // Texts are quoted. A spreadsheet would execute one that begins like a formula, so an apostrophe goes before it.
    private static string Cell(object value) => value is string text
        ? $"\"{(text is ['=' or '+' or '-' or '@', ..] ? "'" : "")}{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : Convert.ToString(value, CultureInfo.InvariantCulture)!;
}
