using System.Collections.Concurrent;

namespace Mezcla.Notebooks.Tests;

/// <summary>Keeps what a cell puts out, for tests to look at.</summary>
internal sealed class RecordingOutput : ICellOutput
{
    private readonly Lock _lock = new();
    private readonly List<string> _events = [];

    public List<(MimeBundle Bundle, string? Id)> Displays { get; } = [];

    public List<(MimeBundle Bundle, string Id)> Updates { get; } = [];

    public ConcurrentQueue<string?> Input { get; } = new();

    public List<(string Prompt, bool Password)> Asked { get; } = [];

    public string Out { get; private set; } = "";

    public string Error { get; private set; } = "";

    /// <summary>Everything in order: <c>out:text</c>, <c>err:text</c>, <c>display:text</c>, <c>update:text</c>, <c>clear</c>.</summary>
    public IReadOnlyList<string> Events
    {
        get
        {
            lock (_lock)
                return [.. _events];
        }
    }

    /// <summary>Waits, two minutes at most, until a cell has written this text.</summary>
    public async Task Wait(string text, OutputStream stream = OutputStream.Out)
    {
        var written = () => stream == OutputStream.Out ? Out : Error;
        for (var i = 0; i < 12_000 && !written().Contains(text, StringComparison.Ordinal); i++)
            await Task.Delay(10);
        Assert.Contains(text, written());
    }

    public void Write(OutputStream stream, string text)
    {
        lock (_lock)
        {
            if (stream == OutputStream.Out)
                Out += text;
            else
                Error += text;

            _events.Add((stream == OutputStream.Out ? "out:" : "err:") + text);
        }
    }

    public void Display(MimeBundle bundle, string? displayId)
    {
        lock (_lock)
        {
            Displays.Add((bundle, displayId));
            _events.Add("display:" + bundle[MimeBundle.PlainText]);
        }
    }

    public void UpdateDisplay(string displayId, MimeBundle bundle)
    {
        lock (_lock)
        {
            Updates.Add((bundle, displayId));
            _events.Add("update:" + bundle[MimeBundle.PlainText]);
        }
    }

    public void Clear(bool wait)
    {
        lock (_lock)
            _events.Add(wait ? "clear:wait" : "clear");
    }

    public async Task<string?> ReadLineAsync(string prompt, bool password, CancellationToken cancellation)
    {
        lock (_lock)
        {
            Asked.Add((prompt, password));
            _events.Add("ask:" + prompt);
        }

        if (Input.TryDequeue(out var line))
            return line;

        await Task.Delay(Timeout.Infinite, cancellation);
        return null;
    }
}
