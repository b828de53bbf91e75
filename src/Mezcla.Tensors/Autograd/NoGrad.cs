namespace Mezcla.Tensors;

/// <summary><c>using (new NoGrad()) { ... }</c>: operations on this thread record nothing, so no history is kept and nothing can be differentiated.</summary>
public sealed class NoGrad : IDisposable
{
    [ThreadStatic] private static int depth;

    private bool ended;

    /// <summary>Stops recording on this thread.</summary>
    public NoGrad() => depth++;

    /// <summary>Whether operations on this thread record nothing at the moment.</summary>
    public static bool Active => depth > 0;

    /// <summary>Goes on recording, where no other <see cref="NoGrad"/> is around this one.</summary>
    public void Dispose()
    {
        if (!ended)
            depth--;
        ended = true;
    }
}
