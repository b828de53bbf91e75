using Mezcla.Models;
using Mezcla.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;
using OurAdamW = Mezcla.Training.AdamW;
using Transformer = Mezcla.Models.Transformer;

namespace Mezcla.Tests;

/// <summary>
/// A GPT, dense or with experts, as one writes it with TorchSharp alone: its modules, its tape, its fused attention, its AdamW. It has the
/// weights of one of our models: what tests compare with, and the other side of benchmarks.
/// </summary>
internal sealed class TorchTransformer : IDisposable
{
    private readonly TransformerConfig _config;
    private readonly torch.Device _device;
    private readonly bool _narrow;
    private readonly Embedding _tokens, _positions;
    private readonly TorchBlock[] _blocks;
    private readonly LayerNorm _norm;

    /// <summary>Copies the weights of a model.</summary>
    /// <param name="model">Learned positions, layer norms with biases, a tied head; a dense GELU network or experts without biases.</param>
    /// <param name="device">Such as cpu or cuda:0.</param>
    /// <param name="bfloat16">Whether products are in bfloat16, with weights, norms and sums in float32.</param>
    public TorchTransformer(Transformer model, string device = "cpu", bool bfloat16 = false)
    {
        (_config, _device, _narrow) = (model.Config, torch.device(device), bfloat16);
        _tokens = torch.nn.Embedding(_config.VocabularySize, _config.HiddenSize);
        _positions = torch.nn.Embedding(_config.ContextLength, _config.HiddenSize);
        _blocks = [.. Enumerable.Range(0, _config.Layers).Select(_ => new TorchBlock(_config, _narrow))];
        _norm = torch.nn.LayerNorm(_config.HiddenSize, _config.Norm.Epsilon);
        foreach (var module in Parts)
            module.to(_device);
        Parameters = new Dictionary<string, Parameter[]>
        {
            ["embedding.weight"] = [_tokens.weight!],
            ["positions.weight"] = [_positions.weight!],
            ["final_norm.weight"] = [_norm.weight!],
            ["final_norm.bias"] = [_norm.bias!],
        };
        for (var i = 0; i < _blocks.Length; i++)
            foreach (var (name, parameters) in _blocks[i].Parameters)
                Parameters[$"blocks.{i}.{name}"] = parameters;
        using var noGrad = no_grad();
        foreach (var (name, tensor) in model.NamedParameters())
        {
            // The matrices of experts are one tensor there and many here.
            var values = tensor.ToArray();
            var parts = Parameters[name];
            for (var i = 0; i < parts.Length; i++)
            {
                var count = values.Length / parts.Length;
                using var part = torch.tensor(values[(i * count)..((i + 1) * count)], parts[i].shape);
                parts[i].copy_(part);
            }
        }
    }

    /// <summary>By the names of our model's.</summary>
    public Dictionary<string, Parameter[]> Parameters { get; }

    private IEnumerable<torch.nn.Module> Parts => [_tokens, _positions, _norm, .. _blocks];

    /// <summary>Decay applies to matrices alone, as with our AdamW.</summary>
    public optim.Optimizer Optimizer(TrainingConfig config, double learningRate)
    {
        var all = Parameters.Values.SelectMany(parts => parts).ToArray();
        return optim.AdamW([Group(true, config.WeightDecay), Group(false, 0)]);

        TorchSharp.Modules.AdamW.ParamGroup Group(bool matrices, double decay) => new(all.Where(p => p.dim() > 1 == matrices), learningRate,
            config.Beta1, config.Beta2, OurAdamW.Epsilon, decay);
    }

    /// <summary>Integers [batch, time].</summary>
    public Tensor Ids(int[] ids, int batch) => torch.tensor(ids, [batch, ids.Length / batch], ScalarType.Int64, _device);

    /// <summary>Ids [batch, time] to logits [batch, time, vocabulary].</summary>
    public Tensor Logits(Tensor ids, List<Tensor>? balance = null) => Head(Hidden(ids, balance, null, 0));

    /// <summary>The cross-entropy and the balance losses of the experts.</summary>
    public Tensor Loss(Tensor ids, Tensor labels)
    {
        var balance = new List<Tensor>();
        var loss = cross_entropy(Logits(ids, balance).view(-1, _config.VocabularySize).to_type(ScalarType.Float32), labels.view(-1));
        foreach (var added in balance)
            loss += added;
        return loss;
    }

    /// <summary>One step of training.</summary>
    public void Train(optim.Optimizer optimizer, Tensor ids, Tensor labels)
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        Loss(ids, labels).backward();
        optimizer.step();
    }

    /// <summary>The greedy continuation of token 1 to a full context, with a cache of keys and values.</summary>
    /// <returns>The tokens, [batch, context].</returns>
    public long[] Generate(int batch)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (attention, type) = (_config.Attention, _norm.weight!.dtype);
        var caches = _blocks.Select(_ => (Keys: Cache(), Values: Cache())).ToArray();
        var token = ones([batch, 1], ScalarType.Int64, _device);
        var tokens = new Tensor[_config.ContextLength];
        for (var at = 0; at < tokens.Length; at++)
        {
            using var inner = NewDisposeScope();
            token = tokens[at] = Head(Hidden(token, null, caches, at)).argmax(-1).MoveToOuterDisposeScope();
        }

        return cat(tokens, 1).cpu().data<long>().ToArray();

        Tensor Cache() => zeros([batch, attention.Heads, _config.ContextLength, attention.HeadSize], type, _device);
    }

    /// <summary>Makes all weights bfloat16, for generation.</summary>
    public void Narrow()
    {
        foreach (var module in Parts)
            module.to(ScalarType.BFloat16);
    }

    public void Dispose()
    {
        foreach (var module in Parts)
            module.Dispose();
    }

    private Tensor Hidden(Tensor ids, List<Tensor>? balance, (Tensor Keys, Tensor Values)[]? caches, int at)
    {
        var x = _tokens.call(ids) + _positions.weight!.narrow(0, at, ids.shape[1]);
        for (var i = 0; i < _blocks.Length; i++)
            x = _blocks[i].Forward(x, balance, caches?[i], at);
        return _norm.call(x);
    }

    private Tensor Head(Tensor x) => _narrow
        ? linear(x.to_type(ScalarType.BFloat16), _tokens.weight!.to_type(ScalarType.BFloat16))
        : linear(x, _tokens.weight!);
}
