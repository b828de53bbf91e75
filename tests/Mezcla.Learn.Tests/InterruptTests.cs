using Mezcla.Learn.Server;

namespace Mezcla.Learn.Tests;

/// <summary>A student who asks for a cell and at once thinks better of it, while the engine is still starting.</summary>
[Collection(nameof(OneAtATime))]
public sealed class InterruptTests : IDisposable
{
    private readonly Classroom _room = new();

    public void Dispose() => _room.Dispose();

    [Fact]
    public async Task A_cell_that_waits_for_its_engine_does_not_begin_when_it_is_interrupted()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("A slow start is made with a shell.");
        var slow = new Notebooks.Running.NotebookProcessStart("sh",
            ["-c", "sleep 2; exec \"$0\" \"$@\"", Classroom.Engine.FileName, .. Classroom.Engine.Arguments]);
        await using var server = await _room.Serve(o => o with { Engine = slow });
        using var browser = new Visitor(server);
        await browser.Get(server.Address);
        using var socket = await browser.Connect(browser.Origin);
        var proof = Path.Combine(_room.Folder, "it-ran");
        await Visitor.Send(socket, new { type = "edit", cell = "sum", source = $"File.WriteAllText(@\"{proof}\", \"\");", @base = 1 });
        await Visitor.Send(socket, new { type = "run", cell = "sum" });
        await Visitor.Send(socket, new { type = "run", cell = "lines" });
        await Visitor.Send(socket, new { type = "interrupt" });
        while (true)
        {
            var message = await Visitor.Receive(socket);
            Assert.NotEqual("ran", message["type"]!.ToString());
            if (message["type"]!.ToString() == "status" && message["engine"]!.ToString() == "idle")
                break;
        }

        // The next cell runs, as the first one of its engine.
        Assert.Contains("True", await browser.Run(socket, "html", $"!File.Exists(@\"{proof}\")"));
    }
}
