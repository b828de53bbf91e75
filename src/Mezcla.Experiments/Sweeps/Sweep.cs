using System.Text;
using Mezcla.Experiments.Records;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Training;

namespace Mezcla.Experiments.Sweeps;

/// <summary>The progress of a sweep.</summary>
/// <param name="Run">The current training.</param>
/// <param name="Number">Its number among those that are left to do, from 1.</param>
/// <param name="Count">How many trainings were left to do when the sweep began, this one included.</param>
/// <param name="Step">The step that has just ended.</param>
public sealed record SweepProgress(SweepRun Run, int Number, int Count, TrainingStep Step);

/// <summary>
/// Trains the models of a plan one after the other and writes a line for each as soon as it is done. Stopping therefore loses at most one
/// training, and the next start continues with the missing ones.
/// </summary>
public sealed class Sweep(SweepData data, string path)
{
    private const int EvaluationBatch = 16;
    private const int EvaluationBatches = 32;

    /// <summary>The file of records.</summary>
    public string FilePath { get; } = Path.GetFullPath(path);

    /// <summary>The folder in which the steps of each training are recorded, as one file
    /// of JSON lines per training; null if steps are not recorded.</summary>
    public string? StepsFolder { get; init; }

    /// <summary>The file that task <paramref name="task"/> of a cluster's job array
    /// writes: sweep.jsonl becomes sweep.task-7.jsonl.</summary>
    public string PathOfTask(int task) =>
        Path.ChangeExtension(FilePath, FormattableString.Invariant($".task-{task}{Path.GetExtension(FilePath)}"));

    /// <summary>The trainings that already have a record, in the file or in the files of tasks.</summary>
    /// <exception cref="ArgumentException">The trainings in the file were run on other data.</exception>
    public IReadOnlyDictionary<string, SweepRecord> Done()
    {
        var done = new Dictionary<string, SweepRecord>();
        foreach (var file in TaskFiles().Prepend(FilePath).Where(File.Exists))
        {
            foreach (SweepRecord record in SweepRecord.Read(file))
            {
                if (record.DataSha256 != data.Batches.Sha256)
                    throw new ArgumentException(
                        $"The trainings in {Path.GetFileName(file)} saw other data ({record.Data}). Name another output file, or the " +
                            "same texts.");
                done.TryAdd(record.Key, record);
            }
        }

        return done;
    }

    /// <summary>
    /// Collects the records of tasks and then trains what is missing. Cancelling stops after the current step, and the unfinished training
    /// is not recorded. A training that diverges is not recorded either: <paramref name="diverged"/> is called and the sweep continues.
    /// <paramref name="recorded"/> is called for every record once it is on disk.
    /// </summary>
    /// <returns>The records of the trainings that this call made.</returns>
    public IReadOnlyList<SweepRecord> Run(
        IReadOnlyList<SweepRun> plan, Action<SweepProgress>? progress = null, Action<SweepRecord>? recorded = null,
        Action<SweepRun, TrainingDivergedException>? diverged = null, CancellationToken cancellation = default)
    {
        IReadOnlyDictionary<string, SweepRecord> done = Gather();
        SweepRun[] left = [.. plan.Where(run => !done.ContainsKey(run.Key))];
        var records = new List<SweepRecord>();
        for (var i = 0; i < left.Length && !cancellation.IsCancellationRequested; i++)
        {
            try
            {
                if (Train(left[i], step => progress?.Invoke(new(left[i], i + 1, left.Length, step)), cancellation) is not { } record)
                    break;
                Append(FilePath, record);
                records.Add(record);
                recorded?.Invoke(record);
            }
            catch (TrainingDivergedException error)
            {
                diverged?.Invoke(left[i], error);
            }
        }

        return records;
    }

    /// <summary>Trains one run of the plan, as a task of a job array, and writes its record to a separate file; does nothing if the run is
    /// already done.</summary>
    public SweepRecord? RunTask(IReadOnlyList<SweepRun> plan, int task, Action<SweepProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        if (task < 0 || task >= plan.Count)
            throw new ArgumentOutOfRangeException(nameof(task), task, $"The plan has tasks 0 to {plan.Count - 1}.");
        if (Done().ContainsKey(plan[task].Key))
            return null;
        using var alive = new SweepTask(SignPath(plan[task]));
        try
        {
            SweepRecord? record = Train(plan[task], step => progress?.Invoke(new(plan[task], 1, 1, step)), cancellation);
            if (record is not null)
                Append(PathOfTask(task), record);
            alive.End();
            return record;
        }
        catch (Exception e)
        {
            alive.Fail(e.Message);
            throw;
        }
    }

    /// <summary>The file that the output of a task is written to: sweep.jsonl becomes sweep.task-7.log.</summary>
    public string LogOfTask(int task) => Path.ChangeExtension(PathOfTask(task), ".log");

    /// <summary>What became of each run of a plan, in its order, with a word on why.</summary>
    public IReadOnlyList<(SweepTaskState State, string Detail)> Status(IReadOnlyList<SweepRun> plan)
    {
        IReadOnlyDictionary<string, SweepRecord> done = Done();
        return [.. plan.Select(run => done.TryGetValue(run.Key, out SweepRecord? record)
            ? (SweepTaskState.Done, FormattableString.Invariant($"loss {record.Loss:0.0000}"))
            : SweepTask.Read(SignPath(run)))];
    }

    // Named by the run, not by its number: with other options the same number is another run.
    private string SignPath(SweepRun run) => Path.ChangeExtension(FilePath, $".{run.Key}.task");

    private SweepRecord? Train(SweepRun run, Action<TrainingStep> progress, CancellationToken cancellation)
    {
        Transformer model = run.CreateModel();
        var config = new TrainingConfig
        {
            Steps = run.Steps,
            BatchSize = run.Batch,
            LearningRate = run.LearningRate,
            Schedule = new CosineSchedule { WarmupSteps = Math.Max(1, run.Steps / 20) },
            Seed = run.Seed,
            EvaluationInterval = 0,
            EvaluationBatches = 1,
        };
        using StreamWriter? steps = OpenSteps(run, config);
        TrainingResult result = new Trainer(model, data.Batches, config).Run(
            step =>
            {
                if (steps is not null)
                    RunRecord.WriteStep(steps, step);
                progress(step);
            },
            cancellation);
        if (!result.Completed)
            return null;
        var count = ParameterCount.Of(run.Model);
        return new()
        {
            Key = run.Key,
            Kind = run.Model.MixtureOfExperts is null ? "dense" : "moe",
            Layers = run.Model.Layers,
            Width = run.Model.HiddenSize,
            Experts = run.Model.MixtureOfExperts?.Experts ?? 0,
            Context = run.Model.ContextLength,
            Parameters = count.Total,
            Active = count.Active,
            NonEmbedding = count.NonEmbedding,
            Tokens = run.Tokens,
            Flops = run.Flops,
            Loss = Evaluation.CrossEntropy(model, data.Batches, EvaluationBatch, run.Model.ContextLength, EvaluationBatches),
            TrainingLoss = result.FinalLoss,
            Steps = run.Steps,
            Batch = run.Batch,
            LearningRate = run.LearningRate,
            Seed = run.Seed,
            Data = data.Description,
            DataSha256 = data.Batches.Sha256,
            Seconds = Math.Round(result.Steps[^1].Seconds, 2),
        };
    }

    private StreamWriter? OpenSteps(SweepRun run, TrainingConfig config)
    {
        if (StepsFolder is null)
            return null;
        Directory.CreateDirectory(StepsFolder);
        var writer = new StreamWriter(Path.Combine(StepsFolder, run.Key + ".jsonl"));
        new RunRecord
        {
            Model = run.Model,
            Training = config,
            Source = new(data.Description, null, "bytes", 256, data.Batches.ValidationShare, run.Seed),
            DataSha256 = data.Batches.Sha256
        }.WriteHead(writer);
        return writer;
    }

    /// <summary>Writes the records of tasks into the file and removes a last line that was cut off. The tasks' files are deleted once their
    /// records are safely stored.</summary>
    private IReadOnlyDictionary<string, SweepRecord> Gather()
    {
        IReadOnlyDictionary<string, SweepRecord> done = Done();
        string[] tasks = [.. TaskFiles()];
        var whole = string.Concat(done.Values.Select(record => record.ToLine() + "\n"));
        if (tasks.Length == 0 && (!File.Exists(FilePath) || File.ReadAllText(FilePath).EndsWith('\n')))
            return done;
        var temporary = FilePath + ".new";
        File.WriteAllText(temporary, whole);
        File.Move(temporary, FilePath, overwrite: true);
        foreach (var task in tasks)
            File.Delete(task);
        return done;
    }

    private IEnumerable<string> TaskFiles()
    {
        var folder = Path.GetDirectoryName(FilePath)!;
        var pattern = $"{Path.GetFileNameWithoutExtension(FilePath)}.task-*{Path.GetExtension(FilePath)}";
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal) : [];
    }

    private static void Append(string path, SweepRecord record)
    {
        using var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        stream.Write(Encoding.UTF8.GetBytes(record.ToLine() + "\n"));
        stream.Flush(flushToDisk: true);
    }
}
