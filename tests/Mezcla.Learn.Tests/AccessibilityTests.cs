using Microsoft.Playwright;

namespace Mezcla.Learn.Tests;

/// <summary>What somebody needs who uses no mouse, hears the page, or sees little contrast.</summary>
[Collection(nameof(OneAtATime))]
public sealed class AccessibilityTests : BrowserTest
{
    // The ratio of luminances that WCAG 2.2 asks of text (1.4.3): 4.5, or 3 where it is large. Gives each text below it.
    private const string TooFaint = """
        () => {
          const numbers = text => (text.match(/[\d.]+/g) ?? []).map(Number);
          const over = (top, below) => {
            const alpha = top[3] ?? 1;
            return [0, 1, 2].map(i => alpha * top[i] + (1 - alpha) * below[i]);
          };
          const backgroundOf = element => {
            const layers = [];
            for (let e = element; e; e = e.parentElement) layers.push(numbers(getComputedStyle(e).backgroundColor));
            return layers.reverse().reduce((below, layer) => layer.length < 3 ? below : over(layer, below), [255, 255, 255]);
          };
          const linear = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
          const luminance = rgb => 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
          const faint = [];
          const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (texts.nextNode()) {
            const element = texts.currentNode.parentElement;
            const text = texts.currentNode.textContent.trim();
            if (!text || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
            const style = getComputedStyle(element);
            const behind = backgroundOf(element);
            const [a, b] = [luminance(over(numbers(style.color), behind)), luminance(behind)];
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            const size = parseFloat(style.fontSize);
            const large = size >= 24 || size >= 18.66 && Number(style.fontWeight) >= 700;
            const where = element.className || element.tagName;
            if (ratio < (large ? 3 : 4.5)) faint.push(`${ratio.toFixed(2)}: "${text.slice(0, 30)}" in ${where}`);
          }
          return faint;
        }
        """;

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task Text_stands_out_from_what_is_behind_it(int width, ColorScheme scheme)
    {
        await using var server = await Room.Serve();
        var page = await Open(server.Address, width, scheme);
        Assert.Empty(await page.EvaluateAsync<string[]>(TooFaint));
        await page.GotoAsync(Address(server));
        await Run(page, "lines");
        await Assertions.Expect(Outputs(page, "lines")).ToContainTextAsync("line 2");
        await Write(page, "sum", "// a comment\nvar x = \"text\";\nreturn nothing + 1.5;");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(Outputs(page, "sum").Locator(".failed")).ToBeVisibleAsync();
        Assert.Empty(await page.EvaluateAsync<string[]>(TooFaint));

        // Text in the colour of the page is found, so the test can fail.
        await page.EvaluateAsync("document.querySelector('.prose p').style.color = getComputedStyle(document.body).backgroundColor");
        Assert.Contains(await page.EvaluateAsync<string[]>(TooFaint), faint => faint.Contains("It has", StringComparison.Ordinal));
    }

    [Fact]
    public async Task All_is_reached_and_named_without_a_mouse()
    {
        await using var server = await Room.Serve();
        var page = await Open(server.Address);
        await page.GotoAsync(Address(server));
        await Cell(page, "sum").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(Cell(page, "sum").Locator(".cm-content")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(Cell(page, "sum")).ToBeFocusedAsync();

        // A cell below, written and run; deleted and brought back.
        await page.Keyboard.PressAsync("b");
        await Assertions.Expect(page.Locator(".cell.code")).ToHaveCountAsync(6);
        await page.Keyboard.TypeAsync("\"made here\"");
        await page.Keyboard.PressAsync("Control+Enter");
        await Assertions.Expect(page.Locator(".current .outputs")).ToContainTextAsync("made here");
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("d");
        await page.Keyboard.PressAsync("d");
        await Assertions.Expect(page.Locator(".cell.code")).ToHaveCountAsync(5);
        await page.Keyboard.PressAsync("z");
        await Assertions.Expect(page.Locator(".cell.code")).ToHaveCountAsync(6);
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("m");
        await Assertions.Expect(page.Locator(".cell.code")).ToHaveCountAsync(5);
        await Assertions.Expect(page.Locator(".cell.markdown")).ToHaveCountAsync(2);

        // Prose is written, drawn, and saved.
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("Some **bold** prose");
        await page.Keyboard.PressAsync("Shift+Enter");
        await Assertions.Expect(page.Locator(".cell.markdown strong")).ToHaveTextAsync("bold");

        // Names for screen readers: every button, field, frame and editor has one.
        var nameless = await page.EvaluateAsync<string[]>("""
            [...document.querySelectorAll('button, input, iframe, .cm-content, progress, dialog')].filter(e =>
              !(e.getAttribute('aria-label') || e.title || e.textContent.trim() && e.tagName === 'BUTTON' || e.closest('label')))
              .map(e => e.outerHTML.slice(0, 80))
            """);
        Assert.Empty(nameless);
        Assert.Equal("en", await page.GetAttributeAsync("html", "lang"));
    }
}
