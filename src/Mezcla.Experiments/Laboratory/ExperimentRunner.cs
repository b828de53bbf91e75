using System.Diagnostics;
using System.Text;
using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Tensors;
using Mezcla.Training;

namespace Mezcla.Experiments.Laboratory;

/// <summary>
/// Trains the runs of an experiment one after the other and writes a line for each as soon as it is done. Stopping therefore loses at most
/// one training, and the next start continues with the missing ones.
/// </summary>
public sealed class ExperimentRunner(Experiment experiment)
{
    private const int Points = 20, HeldOutBatches = 48, ProbeSequences = 16;
    private const ulong ProbeStream = 7, RouterStream = 8;

    private readonly ExperimentData _data = experiment.LoadData();
    private readonly Dictionary<DenseStart, Transformer> _starts = [];

    /// <summary>Trains those of <paramref name="runs"/> that have no record in a file yet, and adds their records to the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="runs">The runs to train; null for all runs.</param>
    /// <param name="progress">Called after every step.</param>
    /// <param name="recorded">Called with every record after it was written to the file.</param>
    /// <param name="cancellation">Stops after the current step; the unfinished run is not recorded.</param>
    /// <returns>All records of the file that belong to <paramref name="runs"/>.</returns>
    /// <exception cref="ArgumentException">The runs in the file were trained on other data.</exception>
    public IReadOnlyList<ExperimentRecord> Run(
        string path, IReadOnlyList<ExperimentRun>? runs = null, Action<ExperimentRun, TrainingStep>? progress = null,
        Action<ExperimentRecord>? recorded = null, CancellationToken cancellation = default)
    {
        runs ??= experiment.Runs;
        List<ExperimentRecord> records = File.Exists(path) ? [.. ExperimentRecord.Read(path)] : [];
        if (records.FirstOrDefault(r => r.Experiment != experiment.Name || r.DataSha256 != _data.Batches.Sha256) is { } other)
            throw new ArgumentException(
                $"{Path.GetFileName(path)} holds runs of '{other.Experiment}' on {other.Data}, which are not these. Name another file.");
        EndLastLine(path, records);
        foreach (ExperimentRun run in runs)
        {
            if (cancellation.IsCancellationRequested)
                break;
            if (records.Any(r => Same(r.Run, run)))
                continue;
            if (Train(run, step => progress?.Invoke(run, step), cancellation) is not { } record)
                break;
            using (var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read))
            {
                stream.Write(Encoding.UTF8.GetBytes(record.ToLine() + "\n"));
                stream.Flush(flushToDisk: true);
            }

            records.Add(record);
            recorded?.Invoke(record);
        }

        return [.. records.Where(r => runs.Any(run => Same(r.Run, run)))];
    }

    /// <summary>Trains one run.</summary>
    /// <returns>The record; null if the training was cancelled.</returns>
    public ExperimentRecord? Train(ExperimentRun run, Action<TrainingStep>? progress = null, CancellationToken cancellation = default)
    {
        Transformer model = Create(run, cancellation);
        if (cancellation.IsCancellationRequested)
            return null;
        // The record holds the number of steps that were made, so that a repetition makes the same number on a machine of any speed.
        ExperimentRun made = run.AsLongAs is null
            ? run
            : run with { AsLongAs = null, Training = SmallModels.Training(run.Seed, EqualTime(run)) };
        Tensor probe = _data.Batches.Next(new RandomStream(run.Seed, ProbeStream), ProbeSequences, run.Model.ContextLength).Inputs;
        var points = new List<ExperimentPoint>();
        var every = Math.Max(1, made.Training.Steps / Points);
        TrainingResult result = new Trainer(model, _data.Batches, made.Training).Run(
            step =>
            {
                if (step.Step == 1 || step.Step % every == 0 || step.Step == step.Steps)
                    points.Add(Point(model, probe, step));
                progress?.Invoke(step);
            },
            cancellation);
        if (!result.Completed)
            return null;
        var count = ParameterCount.Of(run.Model);
        return new()
        {
            Experiment = experiment.Name,
            Run = made,
            Data = _data.Description,
            DataSha256 = _data.Batches.Sha256,
            Parameters = count.Total,
            Active = count.Active,
            Flops = FlopCount.Of(run.Model).TrainingPerToken * made.Training.Steps * made.Training.BatchSize * run.Model.ContextLength,
            Loss = Evaluation.CrossEntropy(model, _data.Batches, SmallModels.BatchSize, run.Model.ContextLength, HeldOutBatches),
            Seconds = Math.Round(result.Steps[^1].Seconds, 2),
            Points = points,
            Measures = experiment.Measure(model, _data),
        };
    }

    // A run of equal time is recorded with the number of steps that it made, so it is identified by its arm and seed.
    private static bool Same(ExperimentRun recorded, ExperimentRun planned) => planned.AsLongAs is null
        ? recorded == planned
        : recorded with { Training = planned.Training, AsLongAs = planned.AsLongAs } == planned;

    private Transformer Create(ExperimentRun run, CancellationToken cancellation)
    {
        if (run.Start is not { } start)
            return new(run.Model, new RandomStream(run.Seed));
        if (!_starts.TryGetValue(start, out Transformer? dense))
        {
            dense = new(start.Model, new RandomStream(start.Training.Seed));
            new Trainer(dense, _data.Batches, start.Training).Run(cancellation: cancellation);
            if (cancellation.IsCancellationRequested)
                return dense;
            _starts[start] = dense;
        }

        if (run.Model.MixtureOfExperts is { } experts)
            return Upcycling.FromDense(dense, experts, new RandomStream(run.Seed, RouterStream));
        var copy = new Transformer(run.Model, new RandomStream(run.Seed));
        foreach (var (target, source) in copy.NamedParameters().Zip(dense.NamedParameters()))
            Module.Assign(target.Tensor, source.Tensor.ToArray());
        return copy;
    }

    /// <summary>The number of steps that takes as long as the training of the other model. Both models are timed alternately, so that other
    /// work on the machine slows both.</summary>
    private int EqualTime(ExperimentRun run)
    {
        const int steps = 12, rounds = 5;
        double Seconds(TransformerConfig model)
        {
            var begin = Stopwatch.GetTimestamp();
            new Trainer(new Transformer(model, new RandomStream(1)), _data.Batches, SmallModels.Training(1, steps)).Run();
            return Stopwatch.GetElapsedTime(begin).TotalSeconds;
        }

        _ = Seconds(run.Model) + Seconds(run.AsLongAs!); // the first runs compile code and fill memory pools
        double[] ratios = [.. Enumerable.Range(0, rounds).Select(_ => Seconds(run.AsLongAs!) / Seconds(run.Model)).Order()];
        return Math.Max(1, (int)Math.Round(run.Training.Steps * ratios[rounds / 2]));
    }

    private static ExperimentPoint Point(Transformer model, Tensor probe, TrainingStep step)
    {
        if (model.Config.MixtureOfExperts is null)
            return new(step.Step, step.CrossEntropy, [], 0);
        IReadOnlyList<LayerRouting> layers = model.Observe(probe).Layers;
        return new(step.Step, step.CrossEntropy, [.. layers.Select(l => l.Load().Select(share => Math.Round(share, 4)).ToArray())],
            Math.Round(layers.Average(l => l.DroppedShare()), 5));
    }

    // If a crash cut off the last line, the next one must not be appended to it.
    private static void EndLastLine(string path, IReadOnlyList<ExperimentRecord> records)
    {
        if (!File.Exists(path) || File.ReadAllText(path) is "" or [.., '\n'])
            return;
        var temporary = path + ".new";
        File.WriteAllText(temporary, string.Concat(records.Select(r => r.ToLine() + "\n")));
        File.Move(temporary, path, overwrite: true);
    }
}
