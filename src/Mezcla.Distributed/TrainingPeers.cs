using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Training;

namespace Mezcla.Distributed;

/// <summary>
/// Processes that train one model. Each computes its share of a batch (data parallel); with <paramref name="experts"/>, each also holds
/// only its share of the experts (expert parallel).
/// </summary>
/// <param name="world">All processes.</param>
/// <param name="experts">Where the experts are; null if each process has all.</param>
public sealed class TrainingPeers(MpiGroup world, ExpertShards? experts = null) : ITrainingPeers
{
    // Few enough numbers that the time of a message does not depend on them: they are sent to all in one call instead of two.
    private const int FewNumbers = 4096;

    private GradientSums? _common, _spread;
    private IReadOnlyList<Tensor> _parameters = [];
    private long _bytes, _exchanged;
    private double _seconds;

    /// <inheritdoc/>
    public int Rank => world.Rank;

    /// <inheritdoc/>
    public int Count => world.Count;

    /// <summary>Throws if a model computes something from the whole batch that processes with a share of it cannot.</summary>
    /// <exception cref="NotSupportedException">It does; the message says what.</exception>
    public static void Require(TransformerConfig config)
    {
        if (config.MixtureOfExperts is not { } mixture)
            return;
        if (mixture.Routing is MixtureOfExperts.ExpertChoiceRouting)
            throw new NotSupportedException("Experts that choose their tokens (expert choice) choose among the whole batch, which no " +
                "process has: train this model in one process.");
        if (mixture.Balance is { Importance: > 0 } or { Load: > 0 })
            throw new NotSupportedException("The importance loss and the load loss are no means over tokens, so they cannot be computed " +
                "from shares of a batch: train this model in one process, or with the load-balancing loss.");
    }

    /// <inheritdoc/>
    public double Sum(double value) => world.AllGather(value).Sum();

    /// <inheritdoc/>
    public Tensor Sum(Tensor x)
    {
        var values = x.ToArray();
        Sum(world, values);
        return Tensor.From(values, x.Shape).To(x.Device);
    }

    /// <inheritdoc/>
    public Tensor Gather(Tensor x, out int start)
    {
        var rows = world.AllGather(x.Size(0));
        start = rows.Take(Rank).Sum();
        var inner = x.Size(0) == 0 ? 0 : (int)(x.Count / x.Size(0));
        int[] counts = [.. rows.Select(n => n * inner)], shape = [rows.Sum(), .. x.Shape[1..]];
        return x.DType == DType.Int32
            ? Tensor.From(All(x.ToIntArray()), shape).To(x.Device)
            : Tensor.From(All(x.ToArray()), shape).To(x.Device);

        T[] All<T>(T[] own) where T : unmanaged
        {
            var all = new T[counts.Sum()];
            world.AllGather<T>(own, all, counts);
            return all;
        }
    }

    /// <inheritdoc/>
    /// <remarks>In the first step, when the parameters are not known yet, all are added up after the backward pass.</remarks>
    public void Complete(Tensor parameter)
    {
        if (experts?.Holds(parameter) == true)
            _spread?.Complete(parameter);
        else
            _common?.Complete(parameter);
    }

    /// <inheritdoc/>
    public Tensor Measure(IReadOnlyList<Tensor> parameters, float maxNorm, IReadOnlyList<Tensor> losses)
    {
        Tensor[] spread = experts is null ? [] : [.. parameters.Where(experts.Holds)];
        Tensor[] common = [.. parameters.Except(spread)];
        if (!ReferenceEquals(_parameters, parameters))
        {
            _parameters = parameters;
            _common = new(world.Beside(), common);
            _spread = experts is null ? null : new(experts.Replicas.Beside(), spread);
        }

        _common!.Finish();
        _spread?.Finish();

        // Losses and norms are few numbers: one call exchanges them all.
        double[] own = [.. losses.Select(loss => (double)loss.Item()), SquaredNorm(common), SquaredNorm(spread)];
        var all = new double[own.Length * Count];
        world.AllGather<double>(own, all, [.. Enumerable.Repeat(own.Length, Count)]);
        float[] values = [.. Enumerable.Range(0, losses.Count).Select(i => (float)all.Where((_, at) => at % own.Length == i).Sum())];
        // Processors of different kinds add in different orders: all take the norm of the first, and of the experts beside it.
        var norm = (float)Math.Sqrt(all[losses.Count]
            + Enumerable.Range(0, experts?.Group.Count ?? 0).Sum(rank => all[rank * own.Length + losses.Count + 1]));
        var finite = float.IsFinite(norm) && values.All(float.IsFinite);
        return Tensor.From([.. values, norm, !finite ? float.NaN : norm > maxNorm ? maxNorm / norm : 1], losses.Count + 2)
            .To(parameters[0].Device);
    }

    /// <inheritdoc/>
    public Traffic Traffic()
    {
        var (bytes, seconds, exchanged) = (world.BytesSent, world.Seconds, 0L);
        foreach (var sums in (GradientSums?[])[_common, _spread])
            if (sums is not null)
                (bytes, seconds) = (bytes + sums.BytesSent, seconds + sums.Waited);
        if (experts is not null)
            (bytes, seconds, exchanged) = (bytes + experts.Group.BytesSent, seconds + experts.Group.Seconds, experts.Group.BytesSent);
        var all = world.AllGather((Bytes: bytes - _bytes, Seconds: seconds - _seconds, Exchanged: exchanged - _exchanged,
            Rows: experts?.TakeRows() ?? 0));
        (_bytes, _seconds, _exchanged) = (bytes, seconds, exchanged);
        return new(all.Sum(one => one.Bytes), all.Max(one => one.Seconds),
            experts is null ? null : all.Max(one => one.Rows) / Math.Max(1, all.Average(one => one.Rows)))
        {
            ExpertBytes = experts is null ? null : all.Sum(one => one.Exchanged),
            Rows = experts is null ? null : [.. all.Select(one => one.Rows)],
            Waited = [.. all.Select(one => one.Seconds)],
        };
    }

    private static double SquaredNorm(Tensor[] parameters)
    {
        if (parameters.Length == 0)
            return 0;
        using var scope = new TensorScope();
        var norm = (double)Gradients.Measure(parameters, float.PositiveInfinity).ToArray()[0];
        return norm * norm;
    }

    private static void Sum(MpiGroup group, float[] values)
    {
        if (values.Length > FewNumbers)
        {
            group.Sum(values);
            return;
        }

        var all = new float[values.Length * group.Count];
        group.AllGather<float>(values, all, [.. Enumerable.Repeat(values.Length, group.Count)]);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = all[i];
            for (var rank = 1; rank < group.Count; rank++)
                values[i] += all[rank * values.Length + i];
        }
    }
}
