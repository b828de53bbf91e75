using System.Text.Json.Nodes;

namespace Mezcla.Learn.Work;

/// <summary>The pages that show a chapter at this moment.</summary>
internal sealed class OpenPages
{
    private readonly List<Action<JsonObject>> _pages = [];
    private readonly Lock _lock = new();

    public IDisposable Add(Action<JsonObject> tell)
    {
        lock (_lock)
            _pages.Add(tell);
        return new Place(this, tell);
    }

    /// <summary>Tells all pages but one.</summary>
    public void Tell(JsonObject message, Action<JsonObject>? except = null)
    {
        Action<JsonObject>[] pages;
        lock (_lock)
            pages = [.. _pages];
        foreach (var page in pages)
        {
            if (page != except)
                page(message);
        }
    }

    private sealed class Place(OpenPages pages, Action<JsonObject> tell) : IDisposable
    {
        public void Dispose()
        {
            lock (pages._lock)
                pages._pages.Remove(tell);
        }
    }
}
