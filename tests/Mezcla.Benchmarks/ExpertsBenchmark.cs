using System.Globalization;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Training;

namespace Mezcla.Benchmarks;

/// <summary>
/// Training steps of Mixtures of Experts in turn with a dense model of equal active parameters, and with PyTorch's loop over experts where
/// it is there: top-2 of 8, and top-4 of 32 small ones. All have the same FLOPs but for the router.
/// </summary>
internal static class ExpertsBenchmark
{
    private sealed record Mixture(int Experts, int Chosen, int Hidden);

    public static int Run(string letter, int threads, int rounds, double seconds, bool processorTime)
    {
        var shape = ModelShape.Named(letter);
        var hidden = 4 * shape.Width;
        // Equal active: the chosen experts' widths sum to the dense network's. The second
        // is moe_M: each expert as wide as the usual dense network.
        Mixture[] mixtures = [new(8, 2, hidden / 2), new(8, 2, hidden), new(32, 4, hidden / 4)];
        string[] settings = [threads.ToString(CultureInfo.InvariantCulture), seconds.ToString(CultureInfo.InvariantCulture),
            .. processorTime ? (ReadOnlySpan<string>)["cpu"] : []];
        using var peer = PeerProcess.PyTorch("torch_experts.py", settings);
        foreach (Mixture mixture in mixtures)
        {
            var active = mixture.Chosen * mixture.Hidden;
            var (dense, sparse) = (new Training(shape, active, null), new Training(shape, active, mixture));
            var request = $"{letter} {mixture.Experts} {mixture.Chosen} {mixture.Hidden}";
            peer?.Ask(request);
            var (times, speeds) = (new double[rounds], new double[rounds]);
            var (ours, theirs) = (0.0, 0.0);
            for (var i = 0; i < rounds; i++)
            {
                var mine = sparse.Measure(seconds, processorTime);
                times[i] = dense.Measure(seconds, processorTime) / mine;
                ours += mine / rounds;
                if (peer is null)
                    continue;
                var other = peer.Ask(request);
                speeds[i] = mine / other;
                theirs += other / rounds;
            }

            Array.Sort(times);
            Array.Sort(speeds);
            Console.WriteLine(
                string.Create(CultureInfo.InvariantCulture,
                    $"{letter} top-{mixture.Chosen} of {mixture.Experts}, hidden {mixture.Hidden}: {ours:F0} " +
                        $"tokens/s, {times[rounds / 2]:F2} [{times[0]:F2} .. {times[^1]:F2}] times a dense step of equal active size")
                + (peer is null
                    ? ""
                    : string.Create(CultureInfo.InvariantCulture,
                        $"; {speeds[rounds / 2]:F2} [{speeds[0]:F2} .. {speeds[^1]:F2}] times the speed of PyTorch's loop, {theirs:F0} " +
                            $"tokens/s")));
        }

        return 0;
    }

    private sealed class Training
    {
        private readonly Transformer _model;
        private readonly AdamW _optimizer;
        private readonly Tensor _ids;

        public Training(ModelShape shape, int active, Mixture? mixture)
        {
            var network = new FeedForwardConfig(active, Activation.Gelu);
            _model = new(
                shape.Config() with
                {
                    FeedForward = network,
                    MixtureOfExperts = mixture is null ? null : new()
                    {
                        Experts = mixture.Experts,
                        TopK = mixture.Chosen,
                        Expert = network with { IntermediateSize = mixture.Hidden }
                    },
                },
                new RandomStream(1));
            _optimizer = new(_model.NamedParameters(), new TrainingConfig());
            var random = new Random(1);
            _ids = Tensor.From([.. Enumerable.Range(0, shape.Batch * shape.Context).Select(_ => random.Next(shape.Vocabulary))],
                shape.Batch, shape.Context);
            Step();
        }

        public double Measure(double seconds, bool processorTime) => Speed.Measure(Step, null, seconds, processorTime);

        private double Step()
        {
            using var scope = new TensorScope();
            _optimizer.ZeroGrad();
            // The balance loss is part of a Mixture of Experts' step, and of its time.
            _model.Loss(_ids, _ids, new ForwardContext { Training = true }).Total.Backward();
            _optimizer.Step(1e-4f);
            return _ids.Count;
        }
    }
}
