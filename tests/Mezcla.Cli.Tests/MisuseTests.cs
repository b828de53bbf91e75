using Mezcla.Cli.Commands;
using Mezcla.Cli.Notebooks;
using Mezcla.Cli.Shared;

namespace Mezcla.Cli.Tests;

public class MisuseTests
{
    [Theory]
    [InlineData("nosuch", "'nosuch' is not a command of mezcla. The commands are: course, learn, run, ")]
    [InlineData("experiment nosuch", "The commands are: list, run, show, replay.")]
    [InlineData("--nosuch", "'--nosuch' is not an option of mezcla.")]
    [InlineData("train --nosuch", "mezcla train has no option --nosuch.")]
    [InlineData("train --nosuch 3", "mezcla train has no option --nosuch.")]
    [InlineData("doctor extra", "'extra' is one argument too many.")]
    // What takes a list, or any name, would take these too.
    [InlineData("run a.ipynb --nosuch", "mezcla run has no option --nosuch.")]
    [InlineData("study formats m.safetensors --data t.txt -o s.jsonl -x", "mezcla study has no option -x.")]
    [InlineData("scaling model --nosuch", "mezcla scaling model has no option --nosuch.")]
    [InlineData("train --steps abc", "--steps is 'abc'; it must be an integer")]
    [InlineData("train --steps 3000000000", "at most 2,147,483,647")]
    [InlineData("train --seed -1", "--seed is '-1'; it must be an integer, 0 or more.")]
    [InlineData("train --learning-rate abc", "--learning-rate is 'abc'; it must be a number")]
    [InlineData("train --optimizer sgd", "--optimizer is 'sgd'; it must be adamw or muon.")]
    [InlineData("train --patience -1", "--patience is -1; it must be 0 or more.")]
    [InlineData("train --data", "--data needs a value: The text to train on: a UTF-8 text file")]
    [InlineData("course 1 --timeout x", "--timeout is 'x'; it must be a number")]
    [InlineData("scaling sweep --budgets 1e11 x", "--budgets is 'x'; it must be a number")]
    [InlineData("scaling optimal abc", "FLOPS is 'abc'; it must be a number")]
    [InlineData("generate", "MODEL is missing: A checkpoint written by 'mezcla train'")]
    [InlineData("observe m", "--text")]
    [InlineData("observe m --text a.txt --window 1", "--window is 1; it must be 2 or more.")]
    [InlineData("quantize m --sequences 0", "--sequences is 0; it must be 1 or more.")]
    [InlineData("prune m --experts -2", "--experts is -2; it must be 0 or more.")]
    [InlineData("experiment run collapse --seeds -1", "--seeds is -1; it must be 0 or more.")]
    [InlineData("kernel install --prefix", "--prefix needs a value: Use the folder share/jupyter")]
    [InlineData("kernel install --user --sys-prefix", "Only one of --user")]
    public void A_mistake_is_one_line_that_says_what_and_where(string line, string expected)
    {
        var mistake = Assert.Single(Misuse.In(MezclaCommand.Create().Parse(line)));
        Assert.Contains(expected, mistake);
        Assert.DoesNotContain("System.", mistake);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--help")]
    [InlineData("--version")]
    [InlineData("kernel")]
    [InlineData("generate --help")]
    [InlineData("scaling optimal -h")]
    [InlineData("scaling optimal -5")]
    [InlineData("generate m --prompt --x")]
    [InlineData("run -- --strange.ipynb")]
    [InlineData("scaling sweep --budgets 1e11 3e11 --plan")]
    [InlineData("notebook-host")]
    public void What_can_run_or_shows_help_is_no_mistake(string line) => Assert.Empty(Misuse.In(MezclaCommand.Create().Parse(line)));

    [Fact]
    public void Several_mistakes_are_all_told() =>
        Assert.Equal(2, Misuse.In(MezclaCommand.Create().Parse("train --steps abc --optimizer sgd")).Count);

    [Fact]
    public void A_device_that_is_none_is_refused_before_a_notebook_runs() =>
        Assert.Contains("--device is 'gpu'", Assert.Throws<ArgumentException>(() => NotebookHostCommand.Start("gpu")).Message);
}
