using System.Globalization;
using Mezcla.Charts;
using Mezcla.Scaling;
using Mezcla.Tokenization;

namespace Mezcla.Experiments.Observation;

/// <summary>The tokens that one expert computes.</summary>
/// <param name="Expert">Its number.</param>
/// <param name="Load">Its share of all first choices.</param>
/// <param name="Types">The shares of its tokens by type, in the order of <see cref="ExpertTokens.Types"/>.</param>
/// <param name="Favourites">The tokens that it takes much more often than its load predicts, each with how often it took the token, and the
/// ratio (lift) of its share of this token to its load.</param>
public sealed record ExpertProfile(int Expert, double Load, IReadOnlyList<double> Types,
    IReadOnlyList<(string Token, int Count, double Lift)> Favourites);

/// <summary>Shows which types of token each expert of a block takes, and which single tokens it prefers. Such tables are the basis of
/// statements like "an expert for punctuation".</summary>
public sealed class ExpertTokens
{
    private ExpertTokens(int layer, IReadOnlyList<ExpertProfile> experts) => (Layer, Experts) = (layer, experts);

    /// <summary>The types of token. A token's type depends on its first character that is not a space; for words, also on whether they
    /// begin with a space or a capital letter.</summary>
    public static IReadOnlyList<string> Types { get; } = ["word", "rest of word", "Capital", "digit", "punctuation", "space", "other"];

    /// <summary>Number of the block.</summary>
    public int Layer { get; }

    /// <summary>The experts.</summary>
    public IReadOnlyList<ExpertProfile> Experts { get; }

    /// <summary>The table of one block.</summary>
    /// <param name="observed">The observed routing.</param>
    /// <param name="tokenizer">The tokenizer of the model.</param>
    /// <param name="layer">The index of the block among those with experts; a negative index counts from the last.</param>
    /// <param name="favourites">How many tokens to name for each expert.</param>
    /// <param name="seenAtLeast">Tokens seen less often are not named.</param>
    public static ExpertTokens Of(ObservedRouting observed, Tokenizer tokenizer, int layer = -1, int favourites = 8, int seenAtLeast = 10)
    {
        ObservedLayer chosen = observed.Layers[layer < 0 ? observed.Layers.Count + layer : layer];
        (int Id, int Expert)[] pairs = [.. observed.Ids.Zip(chosen.First).Where(p => p.Second >= 0)];
        var seen = pairs.CountBy(p => p.Id).ToDictionary();
        var texts = seen.Keys.ToDictionary(id => id, id => tokenizer.Decode([id]));
        var profiles = new List<ExpertProfile>();
        for (var expert = 0; expert < chosen.Experts; expert++)
        {
            KeyValuePair<int, int>[] mine = [.. pairs.Where(p => p.Expert == expert).CountBy(p => p.Id)];
            var total = mine.Sum(m => m.Value);
            var load = (double)total / pairs.Length;
            double[] types =
                [
                    .. Types.Select(
                        (_, type) => total == 0 ? 0 : mine.Where(m => TypeOf(texts[m.Key]) == type).Sum(m => m.Value) / (double)total)];
            profiles.Add(new(expert, load, types, [.. mine.Where(m => seen[m.Key] >= seenAtLeast)
                .Select(m => (texts[m.Key], m.Value, Lift: m.Value / (double)seen[m.Key] / load))
                .OrderByDescending(m => (m.Lift - 1) * Math.Sqrt(m.Value)).Take(favourites)]));
        }

        return new(chosen.Layer, profiles);
    }

    /// <summary>The shares of types, expert by expert.</summary>
    public Chart ToChart()
    {
        Chart chart = Chart.Bars($"What the experts of block {Layer} work on", "expert", "share of its tokens", stacked: true)
            .Format(y: AxisFormat.Percent);
        for (var type = 0; type < Types.Count; type++)
            chart.Add(Types[type], Experts.Select(e => e.Expert.ToString(CultureInfo.InvariantCulture)),
                Experts.Select(e => e.Types[type]));
        return chart;
    }

    /// <summary>The forms in which a notebook shows this object.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle() =>
        ResultTable.Bundle(ToChart().ToMimeBundle()["text/html"] + ResultTable.Html(null, Headers, Rows), ToString());

    /// <inheritdoc/>
    public override string ToString() => ResultTable.Text(Headers, Rows);

    internal static int TypeOf(string token)
    {
        if (token.Length == 0)
            return 6;
        var first = token.SkipWhile(char.IsWhiteSpace).FirstOrDefault();
        if (first == default)
            return 5;
        if (char.IsUpper(first))
            return 2;
        if (char.IsLetter(first))
            return char.IsWhiteSpace(token[0]) ? 0 : 1;
        if (char.IsDigit(first))
            return 3;
        return char.IsPunctuation(first) || char.IsSymbol(first) ? 4 : 6;
    }

    private static string[] Headers => ["expert", "load", .. Types, "tokens it takes above all"];

    private IEnumerable<IReadOnlyList<string>> Rows => Experts.Select(e => (IReadOnlyList<string>)
    [
        e.Expert.ToString(CultureInfo.InvariantCulture), FormattableString.Invariant($"{e.Load:P1}"),
        .. e.Types.Select(t => FormattableString.Invariant($"{t:P0}")),
        string.Join("  ",
            e.Favourites.Select(
                f => FormattableString.Invariant($"{f.Token.Replace("\n", "⏎").Replace("\t", "⇥").Replace(' ', '·')} {f.Lift:F1}×"))),
    ]);
}
