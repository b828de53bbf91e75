using AngleSharp.Html.Parser;
using Mezcla.Cli.Commands;
using Mezcla.Notebooks.Html;

namespace Mezcla.Cli.Tests;

/// <summary>The course's site and the command's own name.</summary>
public class SiteTests
{
    [Fact]
    public void The_cover_shows_the_mixture_and_says_what_it_shows()
    {
        var page = new HtmlParser().ParseDocument(SiteIndex.Render(CourseCommand.Cover(), []));
        var picture = page.QuerySelector("figure > svg[role=img]")!;
        var names = picture.GetAttribute("aria-labelledby")!.Split(' ').Select(id => page.GetElementById(id)!.TextContent).ToList();
        Assert.Equal("A layer of a Mixture of Experts: the router sends a token to 2 of 16 experts, and their answers are added", names[0]);
        Assert.Contains("rumoured", names[1]);
        Assert.Contains("According to rumours", page.QuerySelector("figcaption")!.TextContent);
        Assert.Equal(Enumerable.Range(1, 16).Select(i => i.ToString()), picture.QuerySelectorAll("text.n").Select(t => t.TextContent));
        Assert.Equal(["5", "12"], picture.QuerySelectorAll("text.on").Select(t => t.TextContent));
        Assert.DoesNotContain("http", CourseCommand.Cover().Figure!.Replace("http://www.w3.org/2000/svg", ""));
    }

    [Fact]
    public void Help_calls_the_command_mezcla_and_says_how_to_run_it()
    {
        var said = new StringWriter();
        Assert.Equal(0, MezclaCommand.Create().Parse(["--help"]).Invoke(new() { Output = said }));
        Assert.Contains("mezcla [command] [options]", said.ToString());
        Assert.Contains("dotnet run -c Release --project src/Mezcla.Cli --", said.ToString().ReplaceLineEndings(" "));
        Assert.DoesNotContain("Mezcla.Cli [", said.ToString());
        said.GetStringBuilder().Clear();
        Assert.Equal(0, MezclaCommand.Create().Parse(["train", "--help"]).Invoke(new() { Output = said }));
        Assert.Contains("mezcla train [options]", said.ToString());
    }
}
