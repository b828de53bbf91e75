using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tests;
using Mezcla.Training;
using TorchSharp;

namespace Mezcla.Benchmarks;

/// <summary>The same as a <see cref="ModelBenchmark"/>, by a model written directly in TorchSharp.</summary>
internal sealed class TorchBenchmark : IDisposable
{
    private readonly TorchTransformer _model;
    private readonly Func<double> _once;
    private readonly Action? _finish;

    /// <summary>Prepares a benchmark such as train_S.</summary>
    /// <param name="name">As in <see cref="ModelBenchmark.Names"/>.</param>
    /// <param name="device">Such as cpu or cuda:0.</param>
    /// <param name="bfloat16">Whether products are in bfloat16; in generation all is.</param>
    public TorchBenchmark(string name, string device = "cpu", bool bfloat16 = false)
    {
        var (kind, shape) = ModelBenchmark.Parse(name);
        _finish = Finish(device);
        var generates = kind.StartsWith("gen", StringComparison.Ordinal);
        using (var scope = new TensorScope())
        {
            var model = new Transformer(shape.Config(), new RandomStream(1));
            _model = new TorchTransformer(model, device, bfloat16 && !generates);
        }

        if (generates && bfloat16)
            _model.Narrow();
        var random = new Random(1);
        var (ids, labels) = (Ids(), Ids());
        var optimizer = kind is "train" or "moe" ? _model.Optimizer(new TrainingConfig(), 1e-4) : null;
        _once = kind switch
        {
            "train" or "moe" => () =>
            {
                _model.Train(optimizer!, ids, labels);
                return ids.numel();
            }
            ,
            "fwd" => () =>
            {
                using var noGrad = torch.no_grad();
                using var scope = torch.NewDisposeScope();
                _model.Logits(ids);
                return ids.numel();
            }
            ,
            "gen" => () => _model.Generate(1).Length,
            _ => () => _model.Generate(64).Length,
        };
        _once();

        torch.Tensor Ids()
            => _model.Ids([.. Enumerable.Range(0, shape.Batch * shape.Context).Select(_ => random.Next(shape.Vocabulary))], shape.Batch);
    }

    /// <summary>Waits for a device that is not the processor: what it made last is read.</summary>
    public static Action? Finish(string device)
    {
        if (device == "cpu")
            return null;
        var last = torch.zeros(1, device: device);
        return () => last.add_(0).ToSingle();
    }

    /// <summary>Tokens per second.</summary>
    public double Measure(double seconds, bool processorTime) => Speed.Measure(_once, _finish, seconds, processorTime);

    public void Dispose() => _model.Dispose();
}
