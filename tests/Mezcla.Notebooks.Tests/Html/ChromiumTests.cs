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
    [InlineData(390)]
    [InlineData(500)]
    [InlineData(1400)]
    public void A_page_fits_its_window_draws_its_mathematics_and_changes_its_theme(int width)
    {
        if (!File.Exists(Chromium))
            Assert.Skip("Debian's chromium is not installed.");
        var result = Measure(NotebookPage.Render(Example()), width, """
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
        Assert.True(result["overflow"]!.GetValue<double>() <= 0,
            $"The page is {result["overflow"]} pixels wider than its window of {width}.");
        Assert.Equal(3, result["formulas"]!.AsArray().Count);
        Assert.All(result["formulas"]!.AsArray(), area => Assert.True(area!.GetValue<double>() > 50));
        Assert.True(result["fractionIsHigher"]!.GetValue<bool>());
        Assert.True(result["themeChanged"]!.GetValue<bool>());
        Assert.Equal(width > 1100, result["contents"]!.GetValue<bool>());
        Assert.Equal(0, result["requests"]!.GetValue<int>());
        Assert.Empty(result["errors"]!.AsArray());
    }

    [Theory]
    [InlineData(390)]
    [InlineData(1400)]
    public void The_first_page_of_a_site_fits_its_window_and_can_be_read_in_both_themes(int width)
    {
        if (!File.Exists(Chromium))
            Assert.Skip("Debian's chromium is not installed.");
        var result = Measure(SiteIndex.Render(SiteIndexTests.Cover, SiteIndexTests.Chapters()), width, """
            (function () {
              const linear = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
              const light = c => {
                const [r, g, b] = c.match(/[\d.]+/g).map(v => linear(v / 255));
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
              };
              const behind = e => {
                for (; e; e = e.parentElement) {
                  const c = getComputedStyle(e).backgroundColor;
                  if (!/, 0\)$/.test(c)) return c;
                }
                return 'rgb(255, 255, 255)';
              };
              const hasText = e => !e.closest('svg') && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
              const contrastOf = e => {
                const a = light(getComputedStyle(e).color), b = light(behind(e));
                return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
              };
              const contrast = () => Math.min(...[...document.querySelectorAll('#main *')].filter(hasText).map(contrastOf));
              const first = contrast();
              document.querySelector('button.theme').click();
              return {
                overflow: document.documentElement.scrollWidth - innerWidth,
                contrast: Math.min(first, contrast()),
                requests: performance.getEntriesByType('resource').length,
                errors: window.failures,
              };
            })()
            """);
        Assert.True(result["overflow"]!.GetValue<double>() <= 0,
            $"The page is {result["overflow"]} pixels wider than its window of {width}.");
        Assert.True(result["contrast"]!.GetValue<double>() >= 4.5,
            $"A text has a contrast of {result["contrast"]}; 4.5 is the least that can be read well.");
        Assert.Equal(0, result["requests"]!.GetValue<int>());
        Assert.Empty(result["errors"]!.AsArray());
    }

    [Fact]
    public void A_diagram_is_drawn_without_a_network_and_one_with_an_error_stays_as_its_source()
    {
        if (!File.Exists(Chromium))
            Assert.Skip("Debian's chromium is not installed.");
        var notebook = Notebook.ForCSharp();
        var cell = new NotebookCell(CellKind.Code, "#!mermaid");
        cell.Outputs.Add(new DisplayOutput(new(MimeBundle.Mermaid, "flowchart LR\n  A[token <b>x</b>] --> B{router}")));
        cell.Outputs.Add(new DisplayOutput(new(MimeBundle.Mermaid, "flowchart LR\n  A[")));
        notebook.Cells.Add(cell);
        var result = Measure(NotebookPage.Render(notebook), 1400, """
            (async function () {
              const places = [...document.querySelectorAll('.mezcla-drawn')];
              for (let i = 0; i < 600 && places.some(p => !/drawn|failed/.test(p.dataset.state)); i++)
                await new Promise(done => setTimeout(done, 100));
              return {
                states: places.map(p => p.dataset.state),
                words: places.map(p => p.querySelector('.words').getBoundingClientRect().height > 0),
                width: Math.round(places[0].querySelector('svg')?.getBoundingClientRect().width ?? 0),
                requests: performance.getEntriesByType('resource').length,
                errors: window.failures,
              };
            })()
            """, budget: 60_000);
        Assert.Equal("[\"drawn\",\"failed\"]", result["states"]!.ToJsonString());
        Assert.Equal("[false,true]", result["words"]!.ToJsonString());
        Assert.InRange(result["width"]!.GetValue<int>(), 100, 1000);
        Assert.Equal(0, result["requests"]!.GetValue<int>());
        Assert.Empty(result["errors"]!.AsArray());
    }

    private static Notebook Example()
    {
        var notebook = Notebook.ForCSharp();
        notebook.Cells.Add(
            new(CellKind.Markdown,
                "# A\n## One\n$x$\n\n$$\\frac{a}{b} + " + string.Concat(Enumerable.Repeat("c + ", 60)) +
                    "d$$\n## Two\n$$\n\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}\n$$\n### Three\n\n|" +
                string.Concat(Enumerable.Repeat("a column|", 20)) + "\n|" + string.Concat(Enumerable.Repeat("-|", 20)) + "\n|" +
                string.Concat(Enumerable.Repeat("a value|", 20))));
        var cell = new NotebookCell(CellKind.Code, "var text = \"" + new string('x', 400) + "\";");
        cell.Outputs.Add(new StreamOutput(OutputStream.Out, new string('y', 500)));
        cell.Outputs.Add(new DisplayOutput(new(MimeBundle.Html, "<div style='width:2000px'>wide</div>")));
        cell.Outputs.Add(new ErrorOutput("E", "m", [new string('z', 500)]));
        notebook.Cells.Add(cell);
        return notebook;
    }

    private static JsonObject Measure(string html, int width, string expression, int budget = 3000)
    {
        var folder = Directory.CreateTempSubdirectory("mezcla-page").FullName;
        try
        {
            var page = html
                .Replace("<head>", "<head><script>window.failures=[];onerror=m=>{failures.push(String(m))}</script>")
                .Replace("</body>",
                    $"<script>onload=async()=>{{parent.document.body.dataset.result=JSON.stringify(await {expression})}}</script></body>");
            var file = Path.Combine(folder, "page.html");
            // A window of Chromium's is never narrower than 500 pixels; a frame in it is.
            File.WriteAllText(file,
                width >= 500
                    ? page
                    : $"<body><iframe style=\"width:{width}px;height:800px;border:0\" " +
                        $"srcdoc=\"{System.Net.WebUtility.HtmlEncode(page)}\"></iframe>");
            var start = new ProcessStartInfo(Chromium,
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync",
                $"--user-data-dir={Path.Combine(folder, "profile")}", $"--window-size={Math.Max(width, 500)},900", "--dump-dom",
                $"--virtual-time-budget={budget}", new Uri(file).AbsoluteUri,
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
