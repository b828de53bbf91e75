using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;
using Linear = TorchSharp.Modules.Linear;

namespace Mezcla.Tests;

/// <summary>A block of <see cref="TorchTransformer"/>.</summary>
internal sealed class TorchBlock : torch.nn.Module
{
    private readonly TransformerConfig _config;
    private readonly bool _narrow;
    private readonly LayerNorm _attentionNorm, _networkNorm;
    private readonly Linear _qkv, _output;
    private readonly Linear? _router;

    // One network, or one for each expert.
    private readonly ModuleList<Linear> _up, _down;

    public TorchBlock(TransformerConfig config, bool narrow) : base(nameof(TorchBlock))
    {
        (_config, _narrow) = (config, narrow);
        var (width, attention, network) = (config.HiddenSize, config.Attention, config.MixtureOfExperts?.Expert ?? config.FeedForward);
        _attentionNorm = torch.nn.LayerNorm(width, config.Norm.Epsilon);
        _networkNorm = torch.nn.LayerNorm(width, config.Norm.Epsilon);
        _qkv = torch.nn.Linear(width, 3 * width, attention.QueryKeyValueBias);
        _output = torch.nn.Linear(width, width, attention.OutputBias);
        var networks = config.MixtureOfExperts?.Experts ?? 1;
        _up = Many(width, network.IntermediateSize);
        _down = Many(network.IntermediateSize, width);
        if (config.MixtureOfExperts is not null)
            _router = torch.nn.Linear(width, networks, hasBias: false);
        RegisterComponents();

        ModuleList<Linear> Many(int inputs, int outputs)
            => torch.nn.ModuleList([.. Enumerable.Range(0, networks).Select(_ => torch.nn.Linear(inputs, outputs, network.Bias))]);
    }

    /// <summary>By the names of our block's.</summary>
    public IEnumerable<(string Name, Parameter[] Parameters)> Parameters
    {
        get
        {
            yield return ("attention_norm.weight", [_attentionNorm.weight!]);
            yield return ("attention_norm.bias", [_attentionNorm.bias!]);
            yield return ("network_norm.weight", [_networkNorm.weight!]);
            yield return ("network_norm.bias", [_networkNorm.bias!]);
            var network = _router is null ? "network" : "experts";
            if (_router is not null)
                yield return ("experts.router.gate.weight", [_router.weight!]);
            (string Name, Linear[] Layers)[] linears =
                [("attention.qkv", [_qkv]), ("attention.output", [_output]), ($"{network}.up", [.. _up]), ($"{network}.down", [.. _down])];
            foreach (var (name, layers) in linears)
            {
                yield return ($"{name}.weight", [.. layers.Select(layer => layer.weight!)]);
                if (layers[0].bias is not null)
                    yield return ($"{name}.bias", [.. layers.Select(layer => layer.bias!)]);
            }
        }
    }

    /// <summary>[batch, time, width] to the same; the keys and values of what stands at <paramref name="at"/> go into the cache.</summary>
    public Tensor Forward(Tensor x, List<Tensor>? balance, (Tensor Keys, Tensor Values)? cache, int at)
    {
        x = x + Attention(_attentionNorm.call(x), cache, at);
        var normed = _networkNorm.call(x);
        return x + (_router is null ? Network(normed, 0) : Experts(normed, balance));
    }

    private Tensor Attention(Tensor x, (Tensor Keys, Tensor Values)? cache, int at)
    {
        var (batch, time, width, heads) = (x.shape[0], x.shape[1], x.shape[2], _config.Attention.Heads);
        var parts = Apply(_qkv, x).view(batch, time, 3, heads, width / heads).permute(2, 0, 3, 1, 4).unbind(0);
        var (q, k, v) = (parts[0], parts[1], parts[2]);
        if (cache is { } past)
        {
            past.Keys.narrow(2, at, time).copy_(k);
            past.Values.narrow(2, at, time).copy_(v);
            (k, v) = (past.Keys.narrow(2, 0, at + time), past.Values.narrow(2, 0, at + time));
        }

        var mixed = scaled_dot_product_attention(q, k, v, is_casual: cache is null);
        return Apply(_output, mixed.transpose(1, 2).reshape(batch, time, width));
    }

    private Tensor Network(Tensor x, int number)
        => Apply(_down[number], gelu(Apply(_up[number], x), Form));

    // The usual loop over experts.
    private Tensor Experts(Tensor x, List<Tensor>? balance)
    {
        var (config, tokens) = (_config.MixtureOfExperts!, x.reshape(-1, x.shape[^1]));
        var probabilities = _router!.call(tokens).softmax(-1, ScalarType.Float32);
        var (weights, chosen) = probabilities.topk(config.TopK);
        weights = weights / weights.sum(-1, keepdim: true);
        if (balance is not null && config.Balance.LoadBalancing > 0)
            balance.Add(BalanceLoss(config, probabilities, chosen));
        var result = zeros_like(tokens);
        for (var expert = 0; expert < config.Experts; expert++)
        {
            var found = where(chosen == expert);
            var (token, place) = (found[0], found[1]);
            var computed = Network(tokens.index_select(0, token), expert);
            var share = weights.index(TensorIndex.Tensor(token), TensorIndex.Tensor(place)).unsqueeze(-1);
            result = result.index_add(0, token, (computed * share).to_type(result.dtype), 1);
        }

        return result.view(x.shape);
    }

    private static Tensor BalanceLoss(MixtureOfExpertsConfig config, Tensor probabilities, Tensor chosen)
    {
        var shares = chosen.view(-1).bincount(null, minlength: config.Experts).to_type(ScalarType.Float32) / chosen.numel();
        return (shares * probabilities.mean([0])).sum() * (config.Experts * config.Balance.LoadBalancing);
    }

    private GELU.Approximate Form => (_config.MixtureOfExperts?.Expert ?? _config.FeedForward).Activation == Activation.Gelu
        ? GELU.Approximate.none : GELU.Approximate.tanh;

    private Tensor Apply(Linear layer, Tensor x) => _narrow
        ? linear(x.to_type(ScalarType.BFloat16), layer.weight!.to_type(ScalarType.BFloat16), layer.bias?.to_type(ScalarType.BFloat16))
        : layer.call(x);
}
