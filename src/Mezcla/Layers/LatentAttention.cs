namespace Mezcla.Layers;

/// <summary>
/// Multi-head latent attention (DeepSeek-V2, section 2.1): keys and values are two projections of one small latent vector c for each token,
/// plus one rotary key that all heads share; the cache stores only those. With a cache, the up-projections are absorbed into the query and
/// the output, so that attention runs as multi-query attention over c itself.
/// </summary>
public sealed class LatentAttention : Module, IAttention
{
    private readonly LatentAttentionConfig _latent;
    private readonly RotaryTable? _rotary;
    private readonly int _heads, _layer;
    private readonly AttentionOptions _options;

    /// <summary>Makes the attention of block <paramref name="layer"/>.</summary>
    public LatentAttention(AttentionConfig config, int hiddenSize, NormConfig norm, int layer, RotaryTable? rotary,
        Initialization initialization)
    {
        _latent = config.Latent ?? throw new ArgumentException("The configuration has no latent attention.", nameof(config));
        _heads = config.Heads;
        _layer = layer;
        _rotary = rotary;
        var query = _heads * (_latent.NopeHeadSize + _latent.RopeHeadSize);
        if (_latent.QueryRank > 0)
        {
            QueryDown = Child("query_down", new Linear(hiddenSize, _latent.QueryRank, false, initialization), linear => QueryDown = linear);
            QueryNorm = Child("query_norm", new Normalization(_latent.QueryRank, norm));
        }

        Query = Child("query", new Linear(_latent.QueryRank > 0 ? _latent.QueryRank : hiddenSize, query, false, initialization),
            linear => Query = linear);
        KeyValueDown = Child("key_value_down", new Linear(hiddenSize, _latent.KeyValueRank + _latent.RopeHeadSize, false, initialization),
            linear => KeyValueDown = linear);
        KeyValueNorm = Child("key_value_norm", new Normalization(_latent.KeyValueRank, norm));
        KeyUp = Child("key_up", new Linear(_latent.KeyValueRank, _heads * _latent.NopeHeadSize, false, initialization),
            linear => KeyUp = linear);
        ValueUp = Child("value_up", new Linear(_latent.KeyValueRank, _heads * _latent.ValueHeadSize, false, initialization),
            linear => ValueUp = linear);
        Output = Child("output", new Linear(_heads * _latent.ValueHeadSize, hiddenSize, false, initialization.ForResidual),
            linear => Output = linear);
        _options = new AttentionOptions
        {
            Causal = true,
            TimeFirst = true,
            Scale = config.Scale ?? 1 / MathF.Sqrt(_latent.NopeHeadSize + _latent.RopeHeadSize)
        };
    }

    /// <summary>W_dq, or null for a full query projection.</summary>
    public Linear? QueryDown { get; private set; }

    /// <summary>The norm of the compressed query.</summary>
    public Normalization? QueryNorm { get; }

    /// <summary>W_uq and W_qr: for each head the part without rotation, then the rotated part.</summary>
    public Linear Query { get; private set; }

    /// <summary>W_dkv and W_kr: the latent vector, then the shared rotary key.</summary>
    public Linear KeyValueDown { get; private set; }

    /// <summary>The norm of the latent vector.</summary>
    public Normalization KeyValueNorm { get; }

    /// <summary>W_uk.</summary>
    public Linear KeyUp { get; private set; }

    /// <summary>W_uv.</summary>
    public Linear ValueUp { get; private set; }

    /// <summary>W_o.</summary>
    public Linear Output { get; private set; }

    private protected override IEnumerable<Tensor> OwnTensors() => _rotary is null
        ? base.OwnTensors()
        : base.OwnTensors().Append(_rotary.Cosines).Append(_rotary.Sines);

    /// <inheritdoc/>
    public Tensor Forward(Tensor x, ForwardContext context)
    {
        var (batch, time) = (x.Size(0), x.Size(1));
        var (nope, rope) = Queries(x, context.StartPosition);
        var (latent, rotaryKey) = Latents(x, context.StartPosition);
        var mixed = context.Cache is { } cache
            ? Absorbed(nope, rope, latent, rotaryKey, cache)
            : Attention.ScaledDotProduct(Concatenate(nope, rope), Keys(latent, rotaryKey), Values(latent), _options);
        return Output.Forward(mixed.Reshape(batch, time, _heads * _latent.ValueHeadSize));
    }

    /// <inheritdoc/>
    public Tensor Probabilities(Tensor x)
    {
        var (nope, rope) = Queries(x, 0);
        var (latent, rotaryKey) = Latents(x, 0);
        return Attention.Probabilities(Concatenate(nope, rope), Keys(latent, rotaryKey), _options);
    }

    // Queries [batch, time, heads, ·] without and with rotation.
    private (Tensor Nope, Tensor Rope) Queries(Tensor x, int start)
    {
        if (QueryDown is not null)
            x = QueryNorm!.Forward(QueryDown.Forward(x));
        var q = Query.Forward(x).Reshape(x.Size(0), x.Size(1), _heads, _latent.NopeHeadSize + _latent.RopeHeadSize);
        return (q.Slice(3, 0, _latent.NopeHeadSize), Rotate(q.Slice(3, _latent.NopeHeadSize, _latent.RopeHeadSize), start));
    }

    // The latent vector and the rotated key of each token: [batch, time, 1, ·].
    private (Tensor Latent, Tensor RotaryKey) Latents(Tensor x, int start)
    {
        var down = KeyValueDown.Forward(x).Unsqueeze(2);
        var latent = KeyValueNorm.Forward(down.Slice(3, 0, _latent.KeyValueRank));
        return (latent, Rotate(down.Slice(3, _latent.KeyValueRank, _latent.RopeHeadSize), start));
    }

    private Tensor Rotate(Tensor x, int start) =>
        _rotary?.Of(start + x.Size(1)) is var (cosines, sines)
            ? x.RotaryEmbedding(cosines, sines, interleaved: true, start, timeAxis: 1)
            : x;

    private Tensor Keys(Tensor latent, Tensor rotaryKey)
    {
        var keys = Heads(KeyUp.Forward(latent), _latent.NopeHeadSize);
        return Concatenate(keys, rotaryKey.Expand(keys.Size(0), keys.Size(1), _heads, _latent.RopeHeadSize));
    }

    private Tensor Values(Tensor latent) => Heads(ValueUp.Forward(latent), _latent.ValueHeadSize);

    // [batch, time, 1, heads·size] to [batch, time, heads, size].
    private Tensor Heads(Tensor x, int size) => x.Reshape(x.Size(0), x.Size(1), _heads, size);

    private static Tensor Concatenate(Tensor a, Tensor b) => Tensor.Concatenate(3, a, b);

    // qᵀ(W_uk c) = (W_ukᵀ q)ᵀ c: the query is projected into the latent space, where all heads share one key and
    // value; W_uv is applied to the weighted sum.
    private Tensor Absorbed(Tensor nope, Tensor rope, Tensor latent, Tensor rotaryKey, KeyValueCache cache)
    {
        var time = nope.Size(1);
        var moved = nope.Transpose(1, 2).MatMul(KeyUp.Weight.Reshape(_heads, _latent.NopeHeadSize, _latent.KeyValueRank)).Transpose(1, 2);
        // The cache holds [c; rotary key] as its key; the value is the key's first part.
        var (keys, values) = cache.Store(_layer, Concatenate(latent, rotaryKey), latent);
        var options = _options with { KeyLength = cache.Length + time, QueryOffset = cache.Length };
        var mixed = Attention.ScaledDotProduct(Concatenate(moved, rope), keys, values, options);
        return mixed.Transpose(1, 2).MatMul(ValueUp.Weight.Reshape(_heads, _latent.ValueHeadSize, _latent.KeyValueRank), transposeB: true)
            .Transpose(1, 2);
    }
}
