using Mezcla.Notebooks.Documents;
using Microsoft.Playwright;

namespace Mezcla.Learn.Tests;

/// <summary>Figures of a text take the student's own, and the engine draws it.</summary>
[Collection(nameof(OneAtATime))]
public sealed class LiveFigureTests : BrowserTest
{
    private const string Code = """
        new LiveFigure("abc", text => text.Length > 8 ? throw new ArgumentException("Eight letters are enough.")
            : HTML($"<i>{text.ToUpperInvariant()}</i><script>document.querySelector('i').dataset.ran = 'yes'</script>"))
        """;

    [Theory]
    [InlineData(1280)]
    [InlineData(390)]
    public async Task The_engine_draws_the_students_own_text(int width)
    {
        await using var server = await Room.Serve();
        var page = await Open(server.Address, width);
        await page.GotoAsync(Address(server));
        await Write(page, "html", Code);
        await page.Keyboard.PressAsync("Control+Enter");
        var frame = Frame(page, "html");
        await Assertions.Expect(frame.Locator("i")).ToHaveTextAsync("ABC");
        var field = frame.GetByLabel("Your own text");
        await Assertions.Expect(field).ToHaveValueAsync("abc");

        // What is written reaches the function as it is, and scripts of the new drawing run.
        await field.FillAsync("""q"\{u}""");
        await field.PressAsync("Enter");
        await Assertions.Expect(frame.Locator("i")).ToHaveTextAsync("""Q"\{U}""");
        await Assertions.Expect(frame.Locator("i")).ToHaveAttributeAsync("data-ran", "yes");
        await field.FillAsync("def");
        await frame.GetByText("Draw it").ClickAsync();
        await Assertions.Expect(frame.Locator("i")).ToHaveTextAsync("DEF");

        // A failure says why, and the last drawing stays.
        await field.FillAsync("far too long");
        await field.PressAsync("Enter");
        await Assertions.Expect(frame.GetByRole(AriaRole.Status)).ToHaveTextAsync("Eight letters are enough.");
        await Assertions.Expect(frame.Locator("i")).ToHaveTextAsync("DEF");

        // The notebook keeps the figure that its cell made.
        await Assertions.Expect(page.Locator("output.saved")).ToHaveTextAsync("Saved");
        var saved = Assert.IsType<DisplayOutput>(Notebook.Read(Room.Copy).Cells.Single(c => c.Id == "html").Outputs.Single());
        Assert.Contains("<i>ABC</i>", saved.Bundle[Mezcla.Notebooks.MimeBundle.Html]);

        // An engine that has not made the figure says what to do.
        await page.Locator("[data-do=restart]").ClickAsync();
        await Assertions.Expect(page.Locator("output.engine")).ToHaveTextAsync("Ready");
        await field.FillAsync("x");
        await field.PressAsync("Enter");
        await Assertions.Expect(frame.GetByRole(AriaRole.Status)).ToContainTextAsync("Run this cell first");
        await Run(page, "html");
        await Assertions.Expect(frame.Locator("i")).ToHaveTextAsync("ABC");
        await field.FillAsync("x");
        await field.PressAsync("Enter");
        await Assertions.Expect(frame.Locator("i")).ToHaveTextAsync("X");
    }
}
