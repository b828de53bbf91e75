using Mezcla.Cli.Commands;
using Mezcla.Experiments.Laboratory;

namespace Mezcla.Cli.Tests;

/// <summary>The laboratory by its command: what is listed, shown, trained and repeated.</summary>
public sealed class ExperimentCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-experiment").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_list_names_every_experiment_and_how_much_of_it_is_recorded()
    {
        using var output = new StringWriter();
        Assert.Equal(0, ExperimentCommand.List(output));
        Assert.All(Experiment.All, experiment => Assert.Contains(experiment.Name, output.ToString()));
        Assert.Contains("60 trainings, 60 recorded", output.ToString());
    }

    [Fact]
    public void What_is_recorded_is_shown_with_the_winner()
    {
        using var output = new StringWriter();
        Assert.Equal(0, ExperimentCommand.Show(output, "capacity", null));
        Assert.Contains("capacity 0.75, by weight", output.ToString());
        Assert.Contains("Lowest held-out loss: ", output.ToString());
    }

    [Fact]
    public void A_run_is_recorded_once_and_repeats_to_the_bit_by_either_command()
    {
        var file = Path.Combine(_folder, "runs.jsonl");
        using var output = new StringWriter();
        Assert.Equal(0, ExperimentCommand.Run(output, "topics", file, "after one step", seeds: 1));
        var before = File.ReadAllText(file);
        Assert.Equal(0, ExperimentCommand.Run(output, "topics", file, "after one step", seeds: 1));
        Assert.Equal(before, File.ReadAllText(file));

        Assert.Equal("topics", ReplayCommand.ExperimentOf(file));
        Assert.Equal(0, ExperimentCommand.Replay(output, "topics", file, "after one step", 1));
        Assert.Contains("the same to the bit", output.ToString());
        Assert.Equal(0, MezclaCommand.Create().Parse(["replay", file, "--arm", "after one step"]).Invoke());
    }

    [Fact]
    public void A_record_of_one_training_or_of_nothing_is_no_experiment()
    {
        var file = Path.Combine(_folder, "other.jsonl");
        foreach (var text in new[] { "", "{\"model\": {}}\n", "no JSON\n", "[1]\n", "{\"experiment\": 3}\n" })
        {
            File.WriteAllText(file, text);
            Assert.Null(ReplayCommand.ExperimentOf(file));
        }
    }

    [Fact]
    public void Unknown_names_and_arms_are_refused_with_those_there_are()
    {
        using var output = new StringWriter();
        Assert.Contains("collapse", Assert.ThrowsAny<ArgumentException>(() => ExperimentCommand.Show(output, "colapse", null)).Message);
        Assert.Contains("hash",
            Assert.ThrowsAny<ArgumentException>(() => ExperimentCommand.Run(output, "collapse", null, "no such arm", 0)).Message);
        Assert.Contains("hash",
            Assert.ThrowsAny<ArgumentException>(() => ExperimentCommand.Replay(output, "collapse", null, "no such arm", 1)).Message);
        Assert.Contains("mezcla experiment run",
            Assert.Throws<FileNotFoundException>(
                () => ExperimentCommand.Show(output, "collapse", Path.Combine(_folder, "none.jsonl"))).Message);
    }
}
