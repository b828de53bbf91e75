using Mezcla.Datasets;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;

namespace Mezcla.Experiments.Observation;

/// <summary>The routing of every token of a text in one block.</summary>
/// <param name="Layer">Number of the block.</param>
/// <param name="Experts">How many experts it has.</param>
/// <param name="Choices">For each token, the experts that computed it, the largest weight first; empty if all of them dropped it.</param>
/// <param name="Weights">Their weights.</param>
/// <param name="Dropped">For each token, the chosen experts that dropped it because they were full.</param>
public sealed record ObservedLayer(int Layer, int Experts, IReadOnlyList<int[]> Choices, IReadOnlyList<float[]> Weights,
    IReadOnlyList<int[]> Dropped)
{
    /// <summary>For each token, the expert with the largest weight; -1 if no expert computed it.</summary>
    public IReadOnlyList<int> First { get; } = [.. Choices.Select(c => c.Length > 0 ? c[0] : -1)];
}

/// <summary>
/// The routing of texts by a model: each token with its text, its domain and its experts in every block. All analyses of routing start from
/// it. Texts are read in windows of the model's context, in evaluation mode and so without routing noise.
/// </summary>
public sealed class ObservedRouting
{
    private ObservedRouting(string[] domains, int[] ids, int[] domainOf, bool[] starts, ObservedLayer[] layers) =>
        (Domains, Ids, DomainOf, Starts, Layers) = (domains, ids, domainOf, starts, layers);

    /// <summary>Names of the domains.</summary>
    public IReadOnlyList<string> Domains { get; }

    /// <summary>The token ids, one text after the other.</summary>
    public IReadOnlyList<int> Ids { get; }

    /// <summary>For each token the number of its domain.</summary>
    public IReadOnlyList<int> DomainOf { get; }

    /// <summary>For each token, whether it is the first of a window; the token before it in the list is then not its neighbour.</summary>
    public IReadOnlyList<bool> Starts { get; }

    /// <summary>The blocks with experts, first to last.</summary>
    public IReadOnlyList<ObservedLayer> Layers { get; }

    /// <summary>Observes a model on one text.</summary>
    /// <exception cref="ArgumentException">The model is dense, or the text empty.</exception>
    public static ObservedRouting Of(Transformer model, Tokenizer tokenizer, string text) =>
        Of(model, [new("text", tokenizer.Encode(text, SpecialTokenPolicy.None))]);

    /// <summary>Observes a model on the held-out parts of a mixture of domains.</summary>
    /// <param name="model">A model with experts.</param>
    /// <param name="mixture">The domains.</param>
    /// <param name="tokens">The largest number of tokens of each domain.</param>
    /// <exception cref="ArgumentException">The model is dense.</exception>
    public static ObservedRouting Of(Transformer model, DomainMixture mixture, int tokens = 8192) =>
        Of(model,
            mixture.Names.Select(
                name => KeyValuePair.Create(name, mixture.HeldOut(name)[..Math.Min(tokens, mixture.HeldOut(name).Length)].ToArray())));

    /// <summary>Observes a model on token ids by domain.</summary>
    /// <param name="model">A model with experts.</param>
    /// <param name="domains">The names and token ids of the domains.</param>
    /// <param name="window">How many tokens are read at once, at most the model's context; null for the context.</param>
    /// <param name="begin">The token that the model expects at the beginning of a text. It is put before each window, and is not among
    /// what was observed; null for none.</param>
    /// <param name="read">Called after each window with the number of tokens that were read.</param>
    /// <exception cref="ArgumentException">The model is dense, or there are no tokens.</exception>
    public static ObservedRouting Of(Transformer model, IEnumerable<KeyValuePair<string, int[]>> domains, int? window = null,
        int? begin = null, Action<int>? read = null)
    {
        int[] before = begin is { } id ? [id] : [];
        var length = Math.Max(1, Math.Min(window ?? model.ContextLength, model.ContextLength - before.Length));
        if (model.Config.MixtureOfExperts is null)
            throw new ArgumentException("A dense model has no routing to observe.", nameof(model));
        var (names, ids, domainOf, starts) = (new List<string>(), new List<int>(), new List<int>(), new List<bool>());
        var layers = new Dictionary<int, (int Experts, List<int[]> Choices, List<float[]> Weights, List<int[]> Dropped)>();
        foreach (var (name, tokens) in domains)
        {
            for (var at = 0; at < tokens.Length; at += length)
            {
                var part = tokens[at..Math.Min(tokens.Length, at + length)];
                int[] input = [.. before, .. part];
                foreach (LayerRouting routing in model.Observe(Tensor.From(input, 1, input.Length).To(model.Device)).Layers)
                {
                    if (!layers.TryGetValue(routing.Layer, out var lists))
                        layers[routing.Layer] = lists = (routing.Experts, [], [], []);
                    foreach (TokenRouting token in routing.PerToken().Skip(before.Length))
                    {
                        lists.Choices.Add(token.Experts);
                        lists.Weights.Add(token.Weights);
                        lists.Dropped.Add(token.Dropped);
                    }
                }

                ids.AddRange(part);
                domainOf.AddRange(Enumerable.Repeat(names.Count, part.Length));
                starts.AddRange(part.Select((_, i) => i == 0));
                read?.Invoke(ids.Count);
            }

            names.Add(name);
        }

        if (ids.Count == 0)
            throw new ArgumentException("There are no tokens to observe.", nameof(domains));
        return new([.. names], [.. ids], [.. domainOf], [.. starts],
            [.. layers.OrderBy(l => l.Key)
                .Select(l => new ObservedLayer(l.Key, l.Value.Experts, l.Value.Choices, l.Value.Weights, l.Value.Dropped))]);
    }
}
