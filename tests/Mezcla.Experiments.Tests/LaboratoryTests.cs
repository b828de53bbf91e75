using Mezcla.Datasets;
using Mezcla.Experiments.Laboratory;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Tokenization;
using Mezcla.Training;

namespace Mezcla.Experiments.Tests;

public class LaboratoryTests
{
    public static TheoryData<string> Names => [.. Experiment.All.Select(e => e.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_run_is_a_model_that_can_exist_and_every_arm_has_every_seed(string name)
    {
        var experiment = Experiment.Named(name);
        Assert.All(experiment.Runs, run =>
        {
            run.Model.Validate();
            run.Training.Validate();
        });
        Assert.Contains(experiment.Runs, run => run.Arm == experiment.Reference);
        Assert.Equal(experiment.Runs.Count, experiment.Runs.Distinct().Count());
        Assert.Single(experiment.Runs.CountBy(run => run.Arm).Select(arm => arm.Value).Distinct());
        Assert.True(experiment.Runs.Select(run => run.Seed).SequenceEqual(experiment.Runs.Select(run => run.Seed).Order()));
    }

    [Fact]
    public void What_is_called_equal_is_equal()
    {
        var arms = Experiment.Named("dense-or-experts").Runs.Where(r => r.Seed == 1).ToDictionary(r => r.Arm);
        ParameterCount dense = ParameterCount.Of(arms["dense"].Model),
            moe = ParameterCount.Of(arms["experts, equal active parameters"].Model),
            wide = ParameterCount.Of(arms["dense, total parameters of the experts"].Model);
        Assert.Equal(dense.Active, moe.Active - moe.Routers);
        Assert.Equal(wide.Total, moe.Total - moe.Routers);
        double Flops(string arm) => FlopCount.Of(arms[arm].Model).TrainingPerToken * arms[arm].Training.Steps;
        Assert.Equal(1, Flops("experts, equal FLOPs") / Flops("dense"), 0.01);
        Assert.Equal(1, Flops("dense, their total at equal FLOPs") / Flops("dense"), 0.01);

        ExperimentRun[] number = [.. Experiment.Named("expert-number").Runs.Where(r => r.Seed == 1)];
        Assert.Single(number.Select(r => ParameterCount.Of(r.Model)).Select(c => c.Active - c.Routers).Distinct());
        ParameterCount[] fine =
            [.. number.Where(r => r.Arm.StartsWith("finer", StringComparison.Ordinal) || r.Arm.StartsWith("8 ", StringComparison.Ordinal))
                .Select(r => ParameterCount.Of(r.Model))];
        Assert.Single(fine.Select(c => c.Total - c.Routers).Distinct());

        ExperimentRun[] upcycling = [.. Experiment.Named("upcycling").Runs.Where(r => r.Seed == 1)];
        double[] compute = [.. upcycling.Select(r => FlopCount.Of(r.Model).TrainingPerToken * r.Training.Steps
            + (r.Start is { } start ? FlopCount.Of(start.Model).TrainingPerToken * start.Training.Steps : 0))];
        Assert.Equal(1, compute[1] / compute[0], 0.01);
        Assert.Equal(0.5, compute[2] / compute[0], 0.01);
        Assert.Equal(1, compute[3] / compute[0], 0.01);
    }

    [Fact]
    public void A_run_is_recorded_found_again_and_repeated_to_the_bit()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".jsonl");
        try
        {
            var experiment = new TinyExperiment();
            var runner = new ExperimentRunner(experiment);
            IReadOnlyList<ExperimentRecord> first = runner.Run(path, experiment.Runs.Take(2).ToArray());
            Assert.Equal(2, first.Count);
            // A line that a crash cut off is lost, and the next is not.
            File.AppendAllText(path, first[0].ToLine()[..40]);
            var trained = new List<string>();
            IReadOnlyList<ExperimentRecord> all = new ExperimentRunner(experiment).Run(path, recorded: r => trained.Add(r.Run.Arm));
            Assert.Equal(experiment.Runs.Select(r => r.Arm), all.Select(r => r.Run.Arm));
            Assert.Equal(experiment.Runs.Skip(2).Select(r => r.Arm), trained);
            Assert.Empty(Trained(experiment, path));

            IReadOnlyList<ExperimentRecord> read = ExperimentRecord.Read(path);
            foreach (ExperimentRecord record in read)
            {
                ExperimentRecord again = new ExperimentRunner(experiment).Train(record.Run)!;
                Assert.Null(record.FirstDifference(again));
            }

            ExperimentRecord other = runner.Train(read[0].Run with { Training = read[0].Run.Training with { Seed = 9 } })!;
            Assert.Equal(1, read[0].FirstDifference(other));
            ExperimentRecord moe = read.Single(r => r.Run.Arm == "moe");
            Assert.All(moe.Points, point => Assert.All(point.Load, load => Assert.Equal(1, load.Sum(), 1e-3)));
            Assert.True(double.IsFinite(moe.Points[^1].LoadEntropy()) && double.IsNaN(read[0].Points[^1].LoadEntropy()));
            Assert.Equal(read[0].Run.Training.Steps, moe.Points[^1].Step);

            var text = new ExperimentReport(experiment, read).ToString();
            Assert.Contains("Lowest held-out loss", text);
            Assert.All(experiment.Runs, run => Assert.Contains(run.Arm, text));
            Assert.Contains("<svg", new ExperimentReport(experiment, read).ToMimeBundle()["text/html"]);
            Assert.Contains("which are not these",
                Assert.Throws<ArgumentException>(
                    () => new ExperimentRunner(new TinyExperiment("something else entirely. ")).Run(path)).Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void The_report_compares_on_the_same_seeds()
    {
        ExperimentRecord Record(string arm, ulong seed, double loss) => new()
        {
            Experiment = "tiny",
            Run = new(arm, SmallModels.Dense(), SmallModels.Training(seed)),
            Data = "",
            DataSha256 = "",
            Parameters = 1,
            Active = 1,
            Flops = 1,
            Loss = loss,
            Seconds = 1,
            Points = [new(1, 2, [], 0)],
        };
        var report = new ExperimentReport(new TinyExperiment(),
            [Record("dense", 1, 2), Record("dense", 2, 3), Record("moe", 1, 1.9), Record("moe", 2, 2.8), Record("moe", 3, 0)]);
        ArmResult moe = report.Arms.Single(a => a.Arm == "moe");
        Assert.Equal(-0.15, moe.Difference, 1e-12);
        Assert.Equal(0.05, moe.DifferenceError, 1e-12);
        Assert.True(moe.IsClear);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_recorded_runs_are_those_of_the_experiment(string name)
    {
        var path = DatasetFolder.PathOf("runs", name + ".jsonl");
        Assert.SkipUnless(File.Exists(path), $"{path} is not there: its runs are not recorded yet.");
        IReadOnlyList<ExperimentRecord> records = ExperimentRecord.Read(path);
        IReadOnlyList<ExperimentRun> runs = Experiment.Named(name).Runs;
        Assert.All(records,
            record => Assert.Contains(runs,
                run => run.AsLongAs is null
                    ? run == record.Run
                    : (run.Arm, run.Seed, run.Model) == (record.Run.Arm, record.Run.Seed, record.Run.Model)));
        Assert.Single(records.Select(r => r.DataSha256).Distinct());
        Assert.Contains("Lowest", new ExperimentReport(Experiment.Named(name), records).Verdict);
    }

    private static List<string> Trained(Experiment experiment, string path)
    {
        var trained = new List<string>();
        new ExperimentRunner(experiment).Run(path, recorded: r => trained.Add(r.Run.Arm));
        return trained;
    }

    private sealed class TinyExperiment(string sentence = "the quick brown fox jumps over the lazy dog; ") : Experiment
    {
        public override string Name => "tiny";

        public override string Question => "Does it work?";

        public override string Reference => "dense";

        public override ExperimentData LoadData() =>
            new(sentence, new TokenBatches([.. string.Concat(Enumerable.Repeat(sentence, 100)).Select(c => (int)c)]),
                BytePairTokenizer.Train("", 256));

        public override IReadOnlyList<ExperimentRun> Runs
        {
            get
            {
                TransformerConfig Small(TransformerConfig model) => model with { Layers = 1, ContextLength = 16 };
                TransformerConfig dense = Small(SmallModels.Dense(16)),
                    moe = SmallModels.Changed(Small(SmallModels.Experts(4)), m => m with { Expert = dense.FeedForward });
                TrainingConfig training = SmallModels.Training(1, 6) with { BatchSize = 4 };
                return
                [
                    new("dense", dense, training),
                    new("moe", moe, training),
                    new("upcycled", moe, training) { Start = new(dense, training) },
                    new("continued", dense, training) { Start = new(dense, training) },
                    new("as long", moe, SmallModels.Training(1, 2)) { AsLongAs = dense },
                ];
            }
        }
    }
}
