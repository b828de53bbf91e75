using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Training;

namespace Mezcla.Distributed;

/// <summary>
/// The experts of a model spread over the processes of a group: each holds a part of the experts of every layer, and everything else.
/// </summary>
public sealed class ExpertShards
{
    private readonly HashSet<Tensor> _held = [];
    private readonly List<ExpertExchange> _exchanges = [];

    private ExpertShards(MpiGroup group, MpiGroup replicas) => (Group, Replicas) = (group, replicas);

    /// <summary>The processes that together hold all experts.</summary>
    public MpiGroup Group { get; }

    /// <summary>The processes that hold the same experts as this one, and so share their gradients.</summary>
    public MpiGroup Replicas { get; }

    /// <summary>Whether a parameter belongs to the experts of this process.</summary>
    public bool Holds(Tensor parameter) => _held.Contains(parameter);

    /// <summary>Replaces all experts in a model by those of this process. The others are given up.</summary>
    /// <param name="model">The whole model, the same in each process.</param>
    /// <param name="world">All processes.</param>
    /// <param name="parallel">The number of processes that together hold all experts.</param>
    /// <exception cref="ArgumentException">The experts or the processes cannot be divided so.</exception>
    public static ExpertShards Spread(Transformer model, MpiGroup world, int parallel)
    {
        if (model.Config.MixtureOfExperts is not { } mixture)
            throw new ArgumentException($"--expert-parallel {parallel}: this model has no experts to spread.");
        if (mixture.Experts % parallel != 0)
            throw new ArgumentException($"--expert-parallel {parallel}: {mixture.Experts} experts cannot be divided evenly among them.");
        if (world.Count % parallel != 0)
            throw new ArgumentException(
                $"--expert-parallel {parallel}: {world.Count} processes cannot be divided into groups of {parallel}.");
        // Neighbours hold different experts: they are likely on one machine, and tokens cross more often than gradients.
        var shards = new ExpertShards(world.Split(world.Rank / parallel), world.Split(world.Rank % parallel));
        foreach (var (name, module) in model.NamedModules().ToArray())
        {
            if (module is not MixtureOfExpertsLayer layer)
                continue;
            model.Replace($"{name}.up", shards.Local(layer.Up));
            model.Replace($"{name}.down", shards.Local(layer.Down));
            var exchange = new ExpertExchange(shards.Group);
            layer.Exchange = exchange;
            shards._exchanges.Add(exchange);
        }

        return shards;
    }

    /// <summary>Makes the optimizer of a model whose experts are spread, with the moments of one for the whole model.</summary>
    public Optimizer Spread(Optimizer whole, LanguageModel model, TrainingConfig config)
    {
        var own = Trainer.CreateOptimizer(model, config);
        own.Steps = whole.Steps;
        foreach (var ((_, to), (_, from)) in Paired(own.State(), whole.State()))
            Module.Assign(to, to.Count == from.Count ? from.ToArray() : Part(from));
        return own;
    }

    /// <summary>The whole model again, and the whole optimizer if there is one. All processes of the group must call this.</summary>
    /// <param name="model">The model whose experts are spread.</param>
    /// <param name="optimizer">Its optimizer, or null.</param>
    /// <param name="config">The settings of the training.</param>
    public (Transformer Model, Optimizer? Optimizer) Gather(Transformer model, Optimizer? optimizer, TrainingConfig config)
    {
        using var outside = TensorScope.Suspend();
        var whole = new Transformer(model.Config, load: (_, part) => part);
        Join(whole.NamedParameters().Concat(whole.NamedBuffers()), model.NamedParameters().Concat(model.NamedBuffers()));
        if (optimizer is null)
            return (whole, null);
        var joined = Trainer.CreateOptimizer(whole, config);
        joined.Steps = optimizer.Steps;
        Join(joined.State(), optimizer.State());
        return (whole, joined);
    }

    /// <summary>The number of rows that the experts of this process have computed since the last call.</summary>
    internal long TakeRows() => _exchanges.Sum(exchange => exchange.TakeRows());

    private LocalExperts Local(GroupedLinear all)
    {
        using var outside = TensorScope.Suspend();
        var (weight, bias) = (Shard(all.Weight), all.Bias is null ? null : Shard(all.Bias));
        return new(weight, bias);

        Tensor Shard(Tensor whole)
        {
            var part = Tensor.From(Part(whole), [whole.Size(0) / Group.Count, .. whole.Shape[1..]]).To(whole.Device);
            part.RequiresGrad = true;
            _held.Add(part);
            return part;
        }
    }

    private float[] Part(Tensor whole)
    {
        var length = (int)(whole.Count / Group.Count);
        return whole.ToArray().AsSpan(Group.Rank * length, length).ToArray();
    }

    private void Join(IEnumerable<(string Name, Tensor Tensor)> whole, IEnumerable<(string Name, Tensor Tensor)> parts)
    {
        foreach (var ((_, to), (_, from)) in Paired(whole, parts))
        {
            var own = from.ToArray();
            var all = new float[to.Count];
            if (to.Count == from.Count)
                all = own;
            else
                Group.AllGather<float>(own, all, [.. Enumerable.Repeat(own.Length, Group.Count)]);
            Module.Assign(to, all);
        }
    }

    private static IEnumerable<((string Name, Tensor Tensor), (string Name, Tensor Tensor))> Paired(
        IEnumerable<(string Name, Tensor Tensor)> some, IEnumerable<(string Name, Tensor Tensor)> others)
    {
        var named = others.ToDictionary(other => other.Name);
        return [.. some.Select(one => (one, named[one.Name]))];
    }

    private sealed class LocalExperts(Tensor weight, Tensor? bias) : GroupedLinear(weight, bias);
}
