namespace Mezcla.Generation;

/// <summary>The tokens that a model has read, and the cache that holds their keys and values.</summary>
internal sealed class ReadTokens(KeyValueCache cache) : IDisposable
{
    private readonly List<int> _ids = [];

    /// <summary>The keys and values.</summary>
    public KeyValueCache Cache => cache;

    /// <summary>
    /// The end of a text that must still be read. What the text shares with the tokens read before stays in the cache, the rest of the
    /// cache is discarded. The last token is always read, because its logits are wanted.
    /// </summary>
    public int[] Unread(List<int> text)
    {
        // Reading may have failed, so that the cache holds fewer than were handed out.
        var limit = Math.Min(Math.Min(_ids.Count, cache.Length), text.Count - 1);
        var shared = 0;
        while (shared < limit && _ids[shared] == text[shared])
            shared++;
        cache.Truncate(shared);
        _ids.RemoveRange(shared, _ids.Count - shared);
        var unread = text[shared..].ToArray();
        _ids.AddRange(unread);
        return unread;
    }

    /// <summary>Releases the cache.</summary>
    public void Dispose() => cache.Dispose();
}
