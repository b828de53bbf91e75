namespace Mezcla.Tensors;

/// <summary>
/// <c>using (new NoGrad()) { ... }</c>: operations on this thread record nothing, so no history is kept and nothing can be differentiated.
/// </summary>
public sealed class NoGrad : IDisposable
{
    [ThreadStatic] private static int _depth;

    private bool _ended;

    /// <summary>Stops recording on this thread.</summary>
    public NoGrad() => _depth++;

    /// <summary>Whether operations on this thread record nothing at the moment.</summary>
    public static bool Active => _depth > 0;

    /// <summary>Resumes recording, unless another <see cref="NoGrad"/> encloses this one.</summary>
    public void Dispose()
    {
        if (!_ended)
            _depth--;
        _ended = true;
    }
}
