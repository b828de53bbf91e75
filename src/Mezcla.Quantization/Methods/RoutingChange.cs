using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Methods;

/// <summary>How much quantization changes which experts compute which tokens.</summary>
/// <param name="Layer">The block; −1 for all together.</param>
/// <param name="SetChanged">Share of tokens that get a different set of experts.</param>
/// <param name="FirstChanged">Share of tokens that get a different expert with the largest weight.</param>
public readonly record struct RoutingChange(int Layer, double SetChanged, double FirstChanged)
{
    /// <summary>Compares two models of one shape on a text: for each layer with experts, and last for all together.</summary>
    public static IReadOnlyList<RoutingChange> Between(Transformer before, Transformer after, CalibrationText text)
    {
        var counts = new SortedDictionary<int, (long Tokens, long Sets, long Firsts)>();
        foreach (var sequence in text.Sequences)
        {
            using var scope = new TensorScope();
            var ids = Tensor.From(sequence, 1, sequence.Length);
            foreach (var (a, b) in before.Observe(ids).Layers.Zip(after.Observe(ids).Layers))
            {
                var (setsA, setsB) =
                    (a.Assignments.ToLookup(x => x.Token, x => x.Expert), b.Assignments.ToLookup(x => x.Token, x => x.Expert));
                var (firstA, firstB) = (a.FirstChoices(), b.FirstChoices());
                var sum = counts.GetValueOrDefault(a.Layer);
                for (var token = 0; token < a.Tokens; token++)
                {
                    if (!setsA[token].Order().SequenceEqual(setsB[token].Order()))
                        sum.Sets++;
                    if (firstA[token] != firstB[token])
                        sum.Firsts++;
                }
                counts[a.Layer] = (sum.Tokens + a.Tokens, sum.Sets, sum.Firsts);
            }
        }
        var all = counts.Values.Aggregate((Tokens: 0L, Sets: 0L, Firsts: 0L),
            (s, c) => (s.Tokens + c.Tokens, s.Sets + c.Sets, s.Firsts + c.Firsts));
        return [
            .. counts.Append(new(-1, all))
                .Select(c => new RoutingChange(c.Key, c.Value.Sets / (double)Math.Max(1, c.Value.Tokens),
                    c.Value.Firsts / (double)Math.Max(1, c.Value.Tokens)))];
    }
}
