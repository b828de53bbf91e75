using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;

namespace Mezcla.Weights;

/// <summary>The tensor names of one kind of file. {0} stands for the layer and {1} for the expert; a name is null if this kind of file has
/// no such tensor.</summary>
internal sealed record WeightNames
{
    public required string Embedding { get; init; }
    public required string Positions { get; init; }
    public required string FinalNorm { get; init; }
    public required string Head { get; init; }
    public required string AttentionNorm { get; init; }
    public required string Output { get; init; }
    public required string NetworkNorm { get; init; }
    public required string Up { get; init; }
    public required string Down { get; init; }

    /// <summary>The tensor that holds queries, keys and values together; null if the format stores them in the three tensors that
    /// follow.</summary>
    public string? QueryKeyValue { get; init; }
    public string Query { get; init; } = "";
    public string Key { get; init; } = "";
    public string Value { get; init; } = "";
    public string Gate { get; init; } = "";
    public string Router { get; init; } = "";
    public string ExpertGate { get; init; } = "";
    public string ExpertUp { get; init; } = "";
    public string ExpertDown { get; init; } = "";

    /// <summary>Gates and ups of all experts as one tensor; null if they are apart.</summary>
    public string? ExpertGateUp { get; init; }

    public string QueryNorm { get; init; } = "";

    public string KeyNorm { get; init; } = "";

    public string SharedGate { get; init; } = "";

    public string SharedUp { get; init; } = "";

    public string SharedDown { get; init; } = "";

    /// <summary>The vector of the sigmoid gate of the shared experts.</summary>
    public string SharedSigmoid { get; init; } = "";

    public string QueryDown { get; init; } = "";

    public string QueryDownNorm { get; init; } = "";

    public string QueryUp { get; init; } = "";

    public string KeyValueDown { get; init; } = "";

    public string KeyValueNorm { get; init; } = "";

    /// <summary>The tensor that expands the latent vector, for each head to its key and then its value; null if keys and values are
    /// expanded by <see cref="KeyUp"/> and <see cref="ValueUp"/>.</summary>
    public string? KeyValueUp { get; init; }

    /// <summary>For each head a matrix [latent, key].</summary>
    public string KeyUp { get; init; } = "";

    public string ValueUp { get; init; } = "";

    /// <summary>The tensor of the logits that take part in the softmax of each head.</summary>
    public string Sinks { get; init; } = "";

    /// <summary>How the experts of gpt-oss are stored, which are other tensors than everywhere else.</summary>
    public GptOssExperts GptOss { get; init; }

    /// <summary>Whether all experts of a layer are one tensor.</summary>
    public bool MergedExperts { get; init; }

    /// <summary>Whether the matrices of blocks are stored [inputs, outputs].</summary>
    public bool Transposed { get; init; }

    /// <summary>The order of the rows of queries and keys.</summary>
    public RowOrder QueryKeyOrder { get; init; }

    /// <summary>Whether every matrix of a block has a bias in this format.</summary>
    public bool AllBiases { get; init; }
}

/// <summary>How a Hugging Face folder stores the experts of gpt-oss.</summary>
internal enum GptOssExperts
{
    /// <summary>It is not such a folder.</summary>
    None,

    /// <summary>As floats, [experts, inputs, outputs].</summary>
    Transposed,

    /// <summary>As MXFP4, [experts, outputs, inputs].</summary>
    Packed,
}

/// <summary>Builds a <see cref="WeightMap"/> from a configuration and a format's names.</summary>
internal sealed class WeightMapBuilder
{
    private readonly List<WeightRecipe> _recipes = [];
    private readonly Dictionary<string, long[]> _sources = [];
    private readonly Dictionary<string, long[]> _zeros = [];
    private readonly TransformerConfig _config;
    private readonly WeightNames _names;

    private WeightMapBuilder(TransformerConfig config, WeightNames names) => (_config, _names) = (config, names);

    public static WeightMap Build(TransformerConfig config, WeightNames names)
    {
        // A malicious configuration must not create a list of 10¹² names.
        if (config.Layers > 10_000 || (long)config.Layers * (config.MixtureOfExperts?.Experts ?? 1) > 1 << 20)
            throw new InvalidDataException(
                $"'{config.Name}' has {config.Layers} layers of {config.MixtureOfExperts?.Experts ?? 1} experts, which is too many.");
        var builder = new WeightMapBuilder(config, names);
        builder.Add();
        return new WeightMap(builder._recipes, builder._sources, builder._zeros);
    }

    private void Add()
    {
        long d = _config.HiddenSize;
        Matrix("embedding.weight", _names.Embedding + ".weight", _config.VocabularySize, d, transposed: false);
        if (_config.Positions.Kind == PositionKind.Learned)
            Matrix("positions.weight", _names.Positions + ".weight", _config.ContextLength, d, transposed: false);
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            var ours = $"blocks.{layer}.";
            string Named(string format) => string.Format(System.Globalization.CultureInfo.InvariantCulture, format, layer, "{1}");
            Norm(ours + "attention_norm", Named(_names.AttentionNorm));
            if (_config.Attention.Latent is { } latent)
                LatentAttention(ours + "attention.", Named, latent);
            else
                Attention(ours + "attention.", Named);
            Norm(ours + "network_norm", Named(_names.NetworkNorm));
            if (_config.IsMixtureOfExperts(layer))
                Experts(ours + "experts.", Named);
            else
                Network(ours + "network.", Named);
        }
        Norm("final_norm", _names.FinalNorm);
        if (!_config.TiedHead)
            Matrix("head.weight", _names.Head + ".weight", _config.VocabularySize, d, transposed: false);
        if (_config.HeadBias)
            Vector("head.bias", _names.Head + ".bias", _config.VocabularySize);
    }

    private void Attention(string ours, Func<string, string> named)
    {
        var attention = _config.Attention;
        long d = _config.HiddenSize, q = (long)attention.Heads * attention.HeadSize, k = (long)attention.KeyValueHeads * attention.HeadSize;
        if (_names.QueryKeyValue is { } joined)
            Linear(ours + "qkv", named(joined), q + 2 * k, d, attention.QueryKeyValueBias);
        else
        {
            foreach (var suffix in attention.QueryKeyValueBias ? new[] { ".weight", ".bias" } : [".weight"])
            {
                var bias = suffix == ".bias";
                WeightPart Part(string format, long rows, RowOrder order)
                {
                    var name = named(format) + suffix;
                    _sources.Add(name, bias ? [rows] : [rows, d]);
                    return new WeightPart(name, 0, rows, order, attention.HeadSize);
                }
                _recipes.Add(new WeightRecipe(ours + "qkv" + suffix, bias ? [q + 2 * k] : [q + 2 * k, d],
                    [Part(_names.Query, q, _names.QueryKeyOrder), Part(_names.Key, k, _names.QueryKeyOrder),
                        Part(_names.Value, k, RowOrder.Same)]));
            }
        }
        if (attention.LearnedQueryKeyNorm != QueryKeyNormSpan.None)
        {
            var whole = attention.LearnedQueryKeyNorm == QueryKeyNormSpan.Projection;
            Vector(ours + "query_norm.weight", named(_names.QueryNorm) + ".weight", whole ? q : attention.HeadSize);
            Vector(ours + "key_norm.weight", named(_names.KeyNorm) + ".weight", whole ? k : attention.HeadSize);
        }
        Linear(ours + "output", named(_names.Output), d, q, attention.OutputBias);
        if (attention.Sinks)
            Vector(ours + "sinks", named(_names.Sinks), attention.Heads);
    }

    private void LatentAttention(string ours, Func<string, string> named, LatentAttentionConfig latent)
    {
        int heads = _config.Attention.Heads, key = latent.NopeHeadSize, value = latent.ValueHeadSize, rank = latent.KeyValueRank;
        long d = _config.HiddenSize, queries = heads * (key + latent.RopeHeadSize);
        if (latent.QueryRank > 0)
        {
            Linear(ours + "query_down", named(_names.QueryDown), latent.QueryRank, d, bias: false);
            Vector(ours + "query_norm.weight", named(_names.QueryDownNorm) + ".weight", latent.QueryRank);
            Linear(ours + "query", named(_names.QueryUp), queries, latent.QueryRank, bias: false);
        }
        else
            Linear(ours + "query", named(_names.Query), queries, d, bias: false);
        Linear(ours + "key_value_down", named(_names.KeyValueDown), rank + latent.RopeHeadSize, d, bias: false);
        Vector(ours + "key_value_norm.weight", named(_names.KeyValueNorm) + ".weight", rank);
        if (_names.KeyValueUp is { } joined)
        {
            var name = named(joined) + ".weight";
            _sources.Add(name, [heads * (key + value), rank]);
            WeightPart[] Parts(int first, int rows) =>
                [.. Enumerable.Range(0, heads).Select(head => new WeightPart(name, head * (key + value) + first, rows))];
            _recipes.Add(new WeightRecipe(ours + "key_up.weight", [heads * key, rank], Parts(0, key)));
            _recipes.Add(new WeightRecipe(ours + "value_up.weight", [heads * value, rank], Parts(key, value)));
        }
        else
        {
            string keys = named(_names.KeyUp) + ".weight", values = named(_names.ValueUp) + ".weight";
            _sources.Add(keys, [heads, rank, key]);
            _sources.Add(values, [heads, value, rank]);
            _recipes.Add(new WeightRecipe(ours + "key_up.weight", [heads * key, rank], [new(keys, 0, heads * rank)], true, heads));
            _recipes.Add(new WeightRecipe(ours + "value_up.weight", [heads * value, rank], [new(values, 0, heads * value)]));
        }
        Linear(ours + "output", named(_names.Output), d, heads * value, bias: false);
    }

    private void Network(string ours, Func<string, string> named)
    {
        long d = _config.HiddenSize, wide = _config.FeedForward.IntermediateSize;
        if (_config.FeedForward.Gated)
            GateAndUp(ours, named(_names.Gate), named(_names.Up), wide);
        else
            Linear(ours + "up", named(_names.Up), wide, d, _config.FeedForward.Bias);
        Linear(ours + "down", named(_names.Down), d, wide, _config.FeedForward.Bias);
    }

    private void GateAndUp(string ours, string gate, string up, long wide)
    {
        long d = _config.HiddenSize;
        _sources.Add(gate + ".weight", [wide, d]);
        _sources.Add(up + ".weight", [wide, d]);
        _recipes.Add(new WeightRecipe(ours + "up.weight", [2 * wide, d], [new(gate + ".weight", 0, wide), new(up + ".weight", 0, wide)]));
    }

    private void Shared(string ours, Func<string, string> named, MixtureOfExpertsConfig moe)
    {
        long d = _config.HiddenSize, wide = (long)moe.SharedExperts * moe.Expert.IntermediateSize;
        if (wide == 0)
            return;
        GateAndUp(ours + "shared.", named(_names.SharedGate), named(_names.SharedUp), wide);
        Linear(ours + "shared.down", named(_names.SharedDown), d, wide, bias: false);
        if (!moe.SharedGate)
            return;
        var gate = named(_names.SharedSigmoid) + ".weight";
        _sources.Add(gate, _names.MergedExperts ? [d] : [1, d]);
        _recipes.Add(new WeightRecipe(ours + "shared_gate.weight", [1, d], [new(gate, 0, 1)]));
    }

    private void Experts(string ours, Func<string, string> named)
    {
        var moe = _config.MixtureOfExperts!;
        long d = _config.HiddenSize, wide = moe.Expert.IntermediateSize, experts = moe.Experts;
        Linear(ours + "router.gate", named(_names.Router), experts, d, moe.RouterBias);
        Shared(ours, named, moe);
        if (_names.GptOss != GptOssExperts.None)
        {
            GptOss(ours, named, experts, wide);
            return;
        }
        if (_names.ExpertGateUp is { } joined)
        {
            string both = named(joined) + ".weight", output = named(_names.ExpertDown) + ".weight";
            _sources.Add(both, [experts, 2 * wide, d]);
            _sources.Add(output, [experts, d, wide]);
            _recipes.Add(new WeightRecipe(ours + "up.weight", [experts, 2 * wide, d], [new(both, 0, experts * 2 * wide)]));
            _recipes.Add(new WeightRecipe(ours + "down.weight", [experts, d, wide], [new(output, 0, experts * d)]));
            return;
        }
        List<WeightPart> up = [], down = [];
        for (var expert = 0; expert < experts; expert++)
        {
            WeightPart Part(string format, long rows, long columns)
            {
                var name = named(format).Replace("{1}", expert.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    StringComparison.Ordinal) + ".weight";
                _sources.TryAdd(name, _names.MergedExperts ? [experts, rows, columns] : [rows, columns]);
                return new WeightPart(name, _names.MergedExperts ? expert * rows : 0, rows);
            }
            up.Add(Part(_names.ExpertGate, wide, d));
            up.Add(Part(_names.ExpertUp, wide, d));
            down.Add(Part(_names.ExpertDown, d, wide));
        }
        _recipes.Add(new WeightRecipe(ours + "up.weight", [experts, 2 * wide, d], up));
        _recipes.Add(new WeightRecipe(ours + "down.weight", [experts, d, wide], down));
        if (moe.Expert.Bias)
            ExpertBiases(ours, named, experts, wide);
    }

    // As llama.cpp stores them: those of all experts in one tensor for each matrix.
    private void ExpertBiases(string ours, Func<string, string> named, long experts, long wide)
    {
        long d = _config.HiddenSize;
        var (gate, up, down) = (named(_names.ExpertGate) + ".bias", named(_names.ExpertUp) + ".bias", named(_names.ExpertDown) + ".bias");
        _sources.Add(gate, [experts, wide]);
        _sources.Add(up, [experts, wide]);
        _sources.Add(down, [experts, d]);
        var parts = Enumerable.Range(0, (int)experts)
            .SelectMany(expert => (WeightPart[])[new(gate, expert * wide, wide), new(up, expert * wide, wide)]);
        _recipes.Add(new WeightRecipe(ours + "up.bias", [experts, 2 * wide], [.. parts], IsVector: true));
        _recipes.Add(new WeightRecipe(ours + "down.bias", [experts, d], [new(down, 0, experts)]));
    }

    // Rows of the activated and of the linear half alternate. As MXFP4 a matrix is [outputs, inputs], as floats [inputs, outputs].
    private void GptOss(string ours, Func<string, string> named, long experts, long wide)
    {
        long d = _config.HiddenSize;
        string both = named(_names.ExpertGateUp!), down = named(_names.ExpertDown);
        if (_names.GptOss == GptOssExperts.Transposed)
        {
            _sources.Add(both, [experts, d, 2 * wide]);
            _sources.Add(down, [experts, wide, d]);
            _recipes.Add(new WeightRecipe(ours + "up.weight", [experts, 2 * wide, d],
                [new(both, 0, experts * 2 * wide, RowOrder.Pairs, (int)(2 * wide))], Transposed: true, (int)experts));
            _recipes.Add(new WeightRecipe(ours + "down.weight", [experts, d, wide], [new(down, 0, experts * d)], Transposed: true,
                (int)experts));
        }
        else
        {
            _sources.Add(both, [experts, 2 * wide, d]);
            _sources.Add(down, [experts, d, wide]);
            var numbers = Enumerable.Range(0, (int)experts);
            _recipes.Add(new WeightRecipe(ours + "up.weight", [experts, 2 * wide, d],
                [.. numbers.Select(e => new WeightPart(both, e * 2 * wide, 2 * wide, RowOrder.Pairs, (int)(2 * wide)))]));
            _recipes.Add(new WeightRecipe(ours + "down.weight", [experts, d, wide],
                [.. numbers.Select(e => new WeightPart(down, e * d, d))]));
        }
        _sources.Add(both + "_bias", [experts, 2 * wide]);
        _sources.Add(down + "_bias", [experts, d]);
        _recipes.Add(new WeightRecipe(ours + "up.bias", [experts, 2 * wide],
            [new(both + "_bias", 0, experts * 2 * wide, RowOrder.Pairs, (int)(2 * wide))], IsVector: true));
        _recipes.Add(new WeightRecipe(ours + "down.bias", [experts, d], [new(down + "_bias", 0, experts)]));
    }

    private void Linear(string ours, string theirs, long outputs, long inputs, bool bias)
    {
        Matrix(ours + ".weight", theirs + ".weight", outputs, inputs, _names.Transposed);
        if (bias)
            Vector(ours + ".bias", theirs + ".bias", outputs);
        else if (_names.AllBiases)
            _zeros.Add(theirs + ".bias", [outputs]);
    }

    private void Norm(string ours, string theirs)
    {
        Vector(ours + ".weight", theirs + ".weight", _config.HiddenSize);
        if (_config.Norm is { Kind: NormKind.LayerNorm, Bias: true })
            Vector(ours + ".bias", theirs + ".bias", _config.HiddenSize);
        else if (_names.AllBiases)
            _zeros.Add(theirs + ".bias", [_config.HiddenSize]);
    }

    private void Matrix(string ours, string theirs, long outputs, long inputs, bool transposed)
    {
        _sources.Add(theirs, transposed ? [inputs, outputs] : [outputs, inputs]);
        _recipes.Add(new WeightRecipe(ours, [outputs, inputs], [new(theirs, 0, transposed ? inputs : outputs)], transposed));
    }

    private void Vector(string ours, string theirs, long size)
    {
        _sources.Add(theirs, [size]);
        _recipes.Add(new WeightRecipe(ours, [size], [new(theirs, 0, size)]));
    }
}
