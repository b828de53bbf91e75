using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Mezcla.Notebooks.Documents;
using Mezcla.Notebooks.Html;

namespace Mezcla.Notebooks.Tests.Html;

/// <summary>Pages as a browser lays them out.</summary>
public partial class ChromiumTests
{
    private const string Chromium = "/usr/bin/chromium";

    [Theory]
    [InlineData(500)]
    [InlineData(1400)]
    public void A_page_fits_its_window_draws_its_mathematics_and_changes_its_theme(int width)
    {
        if (!File.Exists(Chromium))
            Assert.Skip("Debian's chromium is not installed.");
        var result = Measure(Example(), width, """
            (function () {
              const box = e => e.getBoundingClientRect(), before = getComputedStyle(document.body).backgroundColor;
              document.querySelector('button.theme').click();
              return {
                overflow: document.documentElement.scrollWidth - innerWidth,
                formulas: [...document.querySelectorAll('math')].map(m => Math.round(box(m).width * box(m).height)),
                fractionIsHigher: box(document.querySelector('mfrac')).height > 1.5 * box(document.querySelector('mi')).height,
                themeChanged: before !== getComputedStyle(document.body).backgroundColor,
                contents: !!document.querySelector('.contents details')?.open,
                requests: performance.getEntriesByType('resource').length,
                errors: window.failures,
              };
            })()
            """);
        Assert.True(result["overflow"]!.GetValue<double>() <= 0, $"The page is {result["overflow"]} pixels wider than its window of {width}.");
        Assert.Equal(3, result["formulas"]!.AsArray().Count);
        Assert.All(result["formulas"]!.AsArray(), area => Assert.True(area!.GetValue<double>() > 50));
        Assert.True(result["fractionIsHigher"]!.GetValue<bool>());
        Assert.True(result["themeChanged"]!.GetValue<bool>());
        Assert.Equal(width > 1100, result["contents"]!.GetValue<bool>());
        Assert.Equal(0, result["requests"]!.GetValue<int>());
        Assert.Empty(result["errors"]!.AsArray());
    }

    private static Notebook Example()
    {
        var notebook = Notebook.ForCSharp();
        notebook.Cells.Add(new(CellKind.Markdown, "# A\n## One\n$x$\n\n$$\\frac{a}{b} + " + string.Concat(Enumerable.Repeat("c + ", 60)) + "d$$\n## Two\n$$\n\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}\n$$\n### Three\n\n|" +
            string.Concat(Enumerable.Repeat("a column|", 20)) + "\n|" + string.Concat(Enumerable.Repeat("-|", 20)) + "\n|" + string.Concat(Enumerable.Repeat("a value|", 20))));
        var cell = new NotebookCell(CellKind.Code, "var text = \"" + new string('x', 400) + "\";");
        cell.Outputs.Add(new StreamOutput(OutputStream.Out, new string('y', 500)));
        cell.Outputs.Add(new DisplayOutput(new(MimeBundle.Html, "<div style='width:2000px'>wide</div>")));
        cell.Outputs.Add(new ErrorOutput("E", "m", [new string('z', 500)]));
        notebook.Cells.Add(cell);
        return notebook;
    }

    private static JsonObject Measure(Notebook notebook, int width, string expression)
    {
        var folder = Directory.CreateTempSubdirectory("mezcla-page").FullName;
        try
        {
            var page = NotebookPage.Render(notebook)
                .Replace("<head>", "<head><script>window.failures=[];onerror=m=>{failures.push(String(m))}</script>")
                .Replace("</body>", $"<script>onload=()=>{{document.body.dataset.result=JSON.stringify({expression})}}</script></body>");
            var file = Path.Combine(folder, "page.html");
            File.WriteAllText(file, page);
            var start = new ProcessStartInfo(Chromium,
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                $"--user-data-dir={Path.Combine(folder, "profile")}", $"--window-size={width},900", "--dump-dom", "--virtual-time-budget=3000", new Uri(file).AbsoluteUri,
            ])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var dom = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            var result = Result().Match(dom);
            Assert.True(result.Success, $"Chromium ended with {process.ExitCode}: {error.Result}");
            return JsonNode.Parse(System.Net.WebUtility.HtmlDecode(result.Groups[1].Value))!.AsObject();
        }
        finally
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (IOException)
            {
                // Chromium's helpers may still write to the profile for a moment; it lies in the temporary folder.
            }
        }
    }

    [GeneratedRegex("data-result=\"([^\"]*)\"")]
    private static partial Regex Result();
}
