using Mezcla.Scaling.Fits;
using Mezcla.Scaling.Sweeps;
using Mezcla.Training;

namespace Mezcla.Scaling.Tests.Sweeps;

public sealed class SweepTests : IDisposable
{
    private static readonly SweepData Data = SweepData.Of("words",
        [string.Join(' ', Enumerable.Range(0, 9000).Select(i => $"word{i * i % 97}"))]);
    private static readonly IReadOnlyList<SweepRun> Plan = SweepPlan.Create(
        new() { Budgets = [3e7], Largest = 20e3, Sizes = 4, SizesPerBudget = 3, Context = 16, FewestTokensPerParameter = 0.01 },
        Data.Batches.Training.Length);

    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-sweep").FullName;

    private string File_ => Path.Combine(_folder, "sweep.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_run_is_recorded_and_none_is_trained_twice()
    {
        Assert.Equal(["dense", "moe"], Plan.Select(run => run.Model.Name[..run.Model.Name.IndexOf('-')]).Distinct());
        var numbers = new List<(int, int)>();
        var heard = new List<SweepRecord>();
        IReadOnlyList<SweepRecord> records = new Sweep(Data, File_).Run(Plan, progress => numbers.Add((progress.Number, progress.Count)),
            heard.Add);
        Assert.Equal(records, heard);
        Assert.Equal(Plan.Select(run => run.Key), records.Select(record => record.Key));
        Assert.Equal((Plan.Count, Plan.Count), numbers[^1]);
        Assert.Equal(records, SweepRecord.Read(File_));
        Assert.All(records, record =>
        {
            Assert.InRange(record.Loss, 0.5, 5.6);
            Assert.Equal(Data.Batches.Sha256, record.DataSha256);
            Assert.Equal((double)record.Active, record.ToRun().Parameters);
            Assert.Equal(record.Flops, record.ToRun().Compute);
        });
        Assert.Empty(new Sweep(Data, File_).Run(Plan));
    }

    [Fact]
    public void The_same_run_gives_the_same_loss()
    {
        double First(string file) => new Sweep(Data, Path.Combine(_folder, file)).Run([Plan[0]])[0].Loss;
        Assert.Equal(First("a.jsonl"), First("b.jsonl"));
    }

    [Fact]
    public void What_was_cut_off_is_trained_again()
    {
        new Sweep(Data, File_).Run([.. Plan.Take(2)]);
        var text = File.ReadAllText(File_);
        File.WriteAllText(File_, text[..^20]);
        IReadOnlyList<SweepRecord> again = new Sweep(Data, File_).Run([.. Plan.Take(2)]);
        Assert.Equal(Plan[1].Key, Assert.Single(again).Key);
        Assert.Equal(2, SweepRecord.Read(File_).Count);
        Assert.Equal(2, File.ReadAllLines(File_).Length);
        File.WriteAllText(File_, "nonsense\n" + text);
        Assert.Contains("line 1", Assert.Throws<FormatException>(() => new Sweep(Data, File_).Run(Plan)).Message);
    }

    [Fact]
    public void Cancelling_keeps_what_is_done()
    {
        using var source = new CancellationTokenSource();
        IReadOnlyList<SweepRecord> records = new Sweep(Data, File_).Run(Plan, progress =>
        {
            if (progress.Number == 2)
                source.Cancel();
        }, cancellation: source.Token);
        Assert.Equal(Plan[0].Key, Assert.Single(records).Key);
        Assert.Single(SweepRecord.Read(File_));
    }

    [Fact]
    public void A_run_that_diverges_is_told_and_passed_over()
    {
        SweepRun wild = Plan[0] with { Key = "wild", LearningRate = 1e30f };
        var told = new List<string>();
        IReadOnlyList<SweepRecord> records = new Sweep(Data, File_).Run([wild, Plan[1]], diverged: (run, _) => told.Add(run.Key));
        Assert.Equal("wild", Assert.Single(told));
        Assert.Equal(Plan[1].Key, Assert.Single(records).Key);
    }

    [Fact]
    public void Tasks_write_files_of_their_own_which_the_next_start_gathers()
    {
        var sweep = new Sweep(Data, File_);
        Assert.Equal(Plan[1].Key, sweep.RunTask(Plan, 1)!.Key);
        Assert.Null(sweep.RunTask(Plan, 1));
        Assert.True(File.Exists(sweep.PathOfTask(1)));
        Assert.EndsWith("sweep.task-1.jsonl", sweep.PathOfTask(1));
        IReadOnlyList<SweepRecord> records = sweep.Run([.. Plan.Take(2)]);
        Assert.Equal(Plan[0].Key, Assert.Single(records).Key);
        Assert.False(File.Exists(sweep.PathOfTask(1)));
        Assert.Equal(2, SweepRecord.Read(File_).Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => sweep.RunTask(Plan, Plan.Count));
    }

    [Fact]
    public void Runs_on_other_data_are_not_mixed_in()
    {
        new Sweep(Data, File_).Run([Plan[0]]);
        var other = SweepData.Of("others", [new string('x', 5000)]);
        Assert.Contains("saw other data (words)", Assert.Throws<ArgumentException>(() => new Sweep(other, File_).Run(Plan)).Message);
    }

    [Fact]
    public void Steps_can_be_recorded_and_fitted_files_read_by_kind()
    {
        new Sweep(Data, File_) { StepsFolder = Path.Combine(_folder, "steps") }.Run(Plan);
        var record = RunRecord.Read(Path.Combine(_folder, "steps", Plan[0].Key + ".jsonl"));
        Assert.Equal(Plan[0].Steps, record.Steps.Count);
        RunTable dense = RunTable.Read(File_, new(Parameters: "active", Where: "kind=dense")), all = RunTable.Read(File_);
        Assert.Equal(Plan.Count(run => run.Model.MixtureOfExperts is null), dense.Runs.Count);
        Assert.Equal(Plan.Count, all.Runs.Count);
        Assert.Empty(all.BadRows);
        Assert.Equal(SweepRecord.Read(File_)[0].ToRun(), dense.Runs[0]);
    }

    [Fact]
    public void Text_is_mixed_in_blocks_and_a_text_is_needed()
    {
        var mixed = SweepData.Of("two", [new string('a', 200_000), new string('b', 200_000)]);
        Assert.Contains('a', mixed.Batches.Validation.ToArray().Select(id => (char)id));
        Assert.Contains('b', mixed.Batches.Validation.ToArray().Select(id => (char)id));
        Assert.Equal(400_000, mixed.Batches.Training.Length + mixed.Batches.Validation.Length);
        Assert.Throws<ArgumentException>(() => SweepData.Read([]));
    }
}
