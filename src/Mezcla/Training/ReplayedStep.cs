using Mezcla.Tensors;

namespace Mezcla.Training;

/// <summary>A training step captured once on a GPU and replayed with other batches. What comes after a step that did not diverge is a graph of its own.</summary>
internal sealed class ReplayedStep : IDisposable
{
    private readonly (Tensor Inputs, Tensor Labels)[] _batches;
    private readonly DeviceGraph _step, _after;
    private readonly Tensor _measured;

    /// <summary>Captures a step for batches of the same shapes as these.</summary>
    /// <exception cref="DeviceException">The step does what cannot be replayed.</exception>
    public ReplayedStep(Device device, (Tensor Inputs, Tensor Labels)[] like, Func<(Tensor Inputs, Tensor Labels)[], Tensor> step, Action after)
    {
        // It outlives the scope of the step in which it is made.
        using var outside = TensorScope.Suspend();
        _batches = [.. like.Select(batch => (batch.Inputs.Clone(), batch.Labels.Clone()))];
        Tensor? measured = null;
        _step = device.Capture(() =>
        {
            using var scope = new TensorScope();
            measured = scope.Keep(step(_batches));
        });
        _measured = measured!;
        try
        {
            _after = device.Capture(after);
        }
        catch
        {
            _step.Dispose();
            throw;
        }
    }

    /// <summary>The step with these batches; what it measured, until the next.</summary>
    public Tensor Replay((Tensor Inputs, Tensor Labels)[] batches)
    {
        for (var i = 0; i < batches.Length; i++)
        {
            _batches[i].Inputs.CopyFrom(batches[i].Inputs);
            _batches[i].Labels.CopyFrom(batches[i].Labels);
        }

        _step.Replay();
        return _measured;
    }

    /// <summary>What follows the step.</summary>
    public void After() => _after.Replay();

    /// <inheritdoc/>
    public void Dispose()
    {
        _step.Dispose();
        _after.Dispose();
        _measured.Dispose();
        foreach (var (inputs, labels) in _batches)
        {
            inputs.Dispose();
            labels.Dispose();
        }
    }
}
