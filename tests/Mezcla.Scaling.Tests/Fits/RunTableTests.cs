using System.Globalization;
using FsCheck.Xunit;
using Mezcla.Scaling.Fits;

namespace Mezcla.Scaling.Tests.Fits;

public class RunTableTests
{
    private static RunTable Read(string text, RunColumns? columns = null) => RunTable.Read(new StringReader(text), columns);

    [Fact]
    public void Usual_names_are_found_and_bad_rows_named_with_their_lines()
    {
        RunTable table = Read("""
            Model Size,Training Tokens,Training FLOP,Loss
            1e6,2e7,1.2e14,3.5
            # a comment

            one million,2e7,1e14,3.4
            1e6,,1e14,3.4
            1e6,2e7,1e14,NaN
            1e6,2e7,1e14,-3
            1e6,2e7
            2e6,4e7,4.8e14,3.1
            """);
        Assert.Equal([new(1e6, 2e7, 3.5, 1.2e14), new(2e6, 4e7, 3.1, 4.8e14)], table.Runs);
        Assert.Equal([5, 6, 7, 8, 9], table.BadRows.Select(row => row.Line));
        Assert.Equal("'one million' in column 'Model Size' is not a number", table.BadRows[0].Why);
        Assert.Equal("column 'Training Tokens' is empty", table.BadRows[1].Why);
        Assert.Contains("must be above zero", table.BadRows[2].Why);
        Assert.Equal("column 'Loss' is empty", table.BadRows[4].Why);
    }

    [Fact]
    public void Columns_can_be_named_and_FLOPs_stand_in_for_tokens()
    {
        RunTable table = Read("x;y;z\n1e6;6e14;3\n", new("x", null, "y", "z"));
        TrainingRun run = Assert.Single(table.Runs);
        Assert.Equal(1e8, run.Tokens, 1e-3);
        Assert.Equal(6e14, run.Compute);
        Assert.Equal(6e14, new TrainingRun(1e6, 1e8, 3).Compute, 1);
    }

    [Theory]
    [InlineData("params;tokens;loss\n7,5e6;2e7;3,25\n", 7.5e6, 2e7, 3.25)]
    // The semicolon says that the comma is for decimals, and a comma that can be nothing else says it too.
    [InlineData("params;tokens;loss\n7000000;20000000;2,345\n", 7e6, 2e7, 2.345)]
    [InlineData("params;tokens;loss\n7.000.000;20.000.000;2,345\n", 7e6, 2e7, 2.345)]
    [InlineData("params;tokens;loss\n7,000,000;20,000,000;2.345\n", 7e6, 2e7, 2.345)]
    [InlineData("params;tokens;loss\n7000;20000;2.345\n", 7e3, 2e4, 2.345)]
    [InlineData("params\ttokens\tloss\n7,5e6\t2e7\t2,345\n", 7.5e6, 2e7, 2.345)]
    [InlineData("params,tokens,loss\n\"7,000,000\",\"20,000,000\",2.345\n", 7e6, 2e7, 2.345)]
    [InlineData("params,tokens,loss\n\"7,5e6\",2e7,\"0,345\"\n", 7.5e6, 2e7, 0.345)]
    public void A_decimal_comma_is_read_where_the_file_tells(string text, double parameters, double tokens, double loss) =>
        Assert.Equal(new TrainingRun(parameters, tokens, loss), Assert.Single(Read(text).Runs));

    [Theory]
    [InlineData("params\ttokens\tloss\n7000\t20000\t2,345\n", "'2,345' in column 'loss' can be read as 2345 or as 2.345")]
    [InlineData("params;tokens;loss\n7,5;20.5;2,345\n", "can be read as 2345 or as 2.345")]
    [InlineData("params,tokens,loss\n1e6,2e7,3,5\n", "it has 4 columns and the header 3")]
    public void A_number_that_can_be_two_is_left_out_and_said(string text, string why)
    {
        RunTable table = Read(text);
        Assert.Empty(table.Runs);
        Assert.Contains(why, Assert.Single(table.BadRows).Why);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("a,b\n1,2\n", "No column for parameters was found among: a, b")]
    [InlineData("params,loss\n1,2\n", "tokens or FLOPs")]
    [InlineData("params,tokens\n1,2\n", "No column for loss")]
    public void A_missing_column_is_named(string text, string message) =>
    Assert.Contains(message, Assert.Throws<FitException>(() => Read(text)).Message);

    [Fact]
    public void So_is_a_named_one_that_does_not_exist() =>
        Assert.Contains("no column 'q'", Assert.Throws<FitException>(() => Read("params,tokens,loss\n", new("q"))).Message);

    [Fact]
    public void A_quote_that_never_ends_spoils_one_line()
    {
        RunTable table = Read("n,d,loss\n\"1e6,2e7,3\n1e6,2e7,3\n");
        Assert.Single(table.Runs);
        Assert.Single(table.BadRows);
    }

    [Fact]
    public void An_endless_line_is_refused() =>
        Assert.Throws<FitException>(() => Read("n,d,loss\n" + new string('1', 8_000_000)));

    [Fact]
    public void JSON_lines_are_read_by_the_names_of_the_first_and_rows_can_be_chosen()
    {
        var text = """
            {"kind":"dense","active":1e6,"tokens":2e7,"loss":3.5}
            {"kind":"moe","active":2e6,"tokens":2e7,"loss":3.4}
            [1]
            {"kind":"moe","tokens":2e7,"loss":3.4}
            {
            """;
        var table = RunTable.ReadJsonLines(new StringReader(text), new("active", Where: "kind=MOE"));
        Assert.Equal(new TrainingRun(2e6, 2e7, 3.4), Assert.Single(table.Runs));
        Assert.Equal([3, 4, 5], table.BadRows.Select(row => row.Line));
        Assert.Equal("it is not a JSON object", table.BadRows[0].Why);
        Assert.Equal("column 'active' is empty", table.BadRows[1].Why);
        Assert.Throws<FitException>(() => RunTable.ReadJsonLines(new StringReader("")));
        Assert.Contains("is not a condition",
            Assert.Throws<FitException>(() => RunTable.ReadJsonLines(new StringReader(text), new("active", Where: "moe"))).Message);
        Assert.Contains("no column 'sort'",
            Assert.Throws<FitException>(() => RunTable.ReadJsonLines(new StringReader(text), new("active", Where: "sort=moe"))).Message);
    }

    [Property]
    public void Whatever_the_text_nothing_but_a_FitException_comes_out(string text)
    {
        try
        {
            RunTable table = Read("n,d,loss\n" + text + "\n");
            Assert.All(table.Runs, run => Assert.True(run.Parameters > 0 && run.Tokens > 0 && run.Loss > 0));
        }
        catch (FitException)
        {
        }
    }

    [Property]
    public void Numbers_come_back(FsCheck.NormalFloat a, FsCheck.NormalFloat b, FsCheck.NormalFloat c)
    {
        double[] numbers = [.. new[] { a, b, c }.Select(x => Math.Abs((double)x) + 1e-3)];
        var row = string.Join(",", numbers.Select(x => x.ToString("R", CultureInfo.InvariantCulture)));
        Assert.Equal(new TrainingRun(numbers[0], numbers[1], numbers[2]), Assert.Single(Read("params,tokens,loss\n" + row + "\n").Runs));
    }
}
