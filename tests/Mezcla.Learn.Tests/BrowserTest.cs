using Microsoft.Playwright;

namespace Mezcla.Learn.Tests;

/// <summary>A test that opens the pages in a real browser, Debian's Chromium.</summary>
public abstract class BrowserTest : IAsyncLifetime
{
    private const string Chromium = "/usr/bin/chromium";

    protected Classroom Room { get; } = new();
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Chromium))
            return;
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox"] });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        Room.Dispose();
    }

    protected string Address(Server.LearnServer server) => new Uri(new Uri(server.Address), "/chapter/" + Classroom.Chapter).ToString();

    protected async Task<IPage> Open(string address, int width = 1280, ColorScheme scheme = ColorScheme.Light)
    {
        if (_browser is null)
            Assert.Skip("Debian's chromium is not installed.");
        var context = await _browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = 800 }, ColorScheme = scheme });
        context.SetDefaultTimeout(60_000);
        Assertions.SetDefaultExpectTimeout(60_000);
        var page = await context.NewPageAsync();
        page.PageError += (_, error) => Assert.Fail(error);
        await page.GotoAsync(address);
        await page.WaitForURLAsync(new Uri(new Uri(address), "/").ToString());
        return page;
    }

    protected static ILocator Cell(IPage page, string id) => page.Locator($"[data-cell={id}]");

    protected static ILocator Outputs(IPage page, string id) => Cell(page, id).Locator(".outputs");

    protected static IFrameLocator Frame(IPage page, string id) => Cell(page, id).FrameLocator("iframe");

    protected static Task Run(IPage page, string id) => Cell(page, id).Locator("button.run").ClickAsync();

    protected static async Task Write(IPage page, string id, string text)
    {
        await Cell(page, id).Locator(".cm-content").ClickAsync();
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.InsertTextAsync(text);
    }
}
