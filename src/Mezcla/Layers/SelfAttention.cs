namespace Mezcla.Layers;

/// <summary>
/// Causal self-attention with H query heads and K key/value heads: multi-head if K = H (Vaswani et al. 2017), multi-query if K = 1 (Shazeer
/// 2019), grouped-query between (Ainslie et al. 2023). Each group of H/K query heads reads one key/value head.
/// </summary>
public sealed class SelfAttention : Module, IAttention
{
    private readonly AttentionConfig _config;
    private readonly RotaryTable? _rotary;
    private readonly Tensor? _sinks;
    private readonly int _layer;

    /// <summary>
    /// Makes the attention of block <paramref name="layer"/>; <paramref name="rotary"/> is null if positions are not rotary.
    /// </summary>
    public SelfAttention(AttentionConfig config, int hiddenSize, int layer, RotaryTable? rotary, Initialization initialization,
        float normEpsilon = 1e-6f)
    {
        _config = config;
        _layer = layer;
        _rotary = rotary;
        var (heads, shared, size) = (_config.Heads, _config.KeyValueHeads, _config.HeadSize);
        if (heads % shared != 0)
            throw new ArgumentException($"{heads} query heads cannot share {shared} key/value heads evenly.", nameof(config));
        Projection = Child("qkv", new Linear(hiddenSize, (heads + 2 * shared) * size, _config.QueryKeyValueBias, initialization),
            linear => Projection = linear);
        Output = Child("output", new Linear(heads * size, hiddenSize, _config.OutputBias, initialization.ForResidual),
            linear => Output = linear);
        if (_config.LearnedQueryKeyNorm is not QueryKeyNormSpan.None and var span)
        {
            var norm = new NormConfig(NormKind.RmsNorm, normEpsilon);
            QueryNorm = Child("query_norm", new Normalization(span == QueryKeyNormSpan.Head ? size : heads * size, norm));
            KeyNorm = Child("key_norm", new Normalization(span == QueryKeyNormSpan.Head ? size : shared * size, norm));
        }
        if (_config.Sinks)
            _sinks = Parameter("sinks", Tensor.Zeros(heads));
        Options = new AttentionOptions
        {
            Causal = true,
            Window = layer % _config.SlidingWindowPeriod == 0 ? _config.SlidingWindow : null,
            Sinks = _sinks,
            Scale = _config.Scale,
            TimeFirst = true,
        };
    }

    /// <summary>W_q, W_k and W_v in one matrix: query heads first, then key heads, then value heads.</summary>
    public Linear Projection { get; private set; }

    /// <summary>W_o.</summary>
    public Linear Output { get; private set; }

    /// <summary>The norm of the queries; null where they have no learned one.</summary>
    public Normalization? QueryNorm { get; }

    /// <summary>The norm of the keys; null where they have no learned one.</summary>
    public Normalization? KeyNorm { get; }

    /// <summary>Mask, window, sinks and scale of this layer.</summary>
    public AttentionOptions Options { get; }

    private protected override IEnumerable<Tensor> OwnTensors() => _rotary is null
        ? base.OwnTensors()
        : base.OwnTensors().Append(_rotary.Cosines).Append(_rotary.Sines);

    /// <inheritdoc/>
    public Tensor Forward(Tensor x, ForwardContext context)
    {
        var (batch, time) = (x.Size(0), x.Size(1));
        var projected = Projection.Forward(x);
        if (context.Cache is null && !Positions)
            return Output.Forward(Attention.Packed(projected, _config.Heads, _config.KeyValueHeads, Options));
        var (q, k, v) = Parts(projected, context.StartPosition);
        var options = Options;
        if (context.Cache is { } cache)
        {
            (k, v) = cache.Store(_layer, k, v);
            options = options with { KeyLength = cache.Length + time, QueryOffset = cache.Length };
        }

        var mixed = Attention.ScaledDotProduct(q, k, v, options);
        return Output.Forward(mixed.Reshape(batch, time, _config.Heads * _config.HeadSize));
    }

    /// <inheritdoc/>
    public Tensor Probabilities(Tensor x)
    {
        var (q, k, _) = Parts(Projection.Forward(x), 0);
        return Attention.Probabilities(q, k, Options);
    }

    private bool Positions => _rotary is not null || QueryNorm is not null || _config.QueryKeyNorm;

    // [batch, time, (H + 2K)·h] to queries [batch, time, H, h], keys and values [batch, time, K, h], rotated.
    private (Tensor Queries, Tensor Keys, Tensor Values) Parts(Tensor projected, int start)
    {
        var (heads, shared, size) = (_config.Heads, _config.KeyValueHeads, _config.HeadSize);
        var all = projected.Reshape(projected.Size(0), projected.Size(1), heads + 2 * shared, size);
        var q = Positioned(all.Slice(2, 0, heads), QueryNorm, start);
        var k = Positioned(all.Slice(2, heads, shared), KeyNorm, start);
        return (q, k, all.Slice(2, heads + shared, shared));
    }

    private Tensor Positioned(Tensor x, Normalization? norm, int start)
    {
        // A norm of the whole projection is as wide as all heads together.
        if (norm is not null)
            x = norm.Forward(x.Reshape(x.Size(0), x.Size(1), -1, (int)norm.Weight.Count)).Reshape(x.Shape);
        if (_rotary?.Of(start + x.Size(1)) is var (cosines, sines))
            x = x.RotaryEmbedding(cosines, sines, interleaved: false, start, timeAxis: 1);
        return _config.QueryKeyNorm ? x.RmsNorm(null, 1e-5f) : x;
    }
}
