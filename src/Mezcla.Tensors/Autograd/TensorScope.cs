namespace Mezcla.Tensors;

/// <summary>
/// Releases every tensor made on this thread between its construction and its end, except those given to <see cref="Keep"/>. Scopes nest; a
/// tensor that an inner scope keeps belongs to the outer one. Put one around a training step. The gradients of parameters belong to no
/// scope, so they are not released.
/// </summary>
public sealed class TensorScope : IDisposable
{
    [ThreadStatic] private static List<Tensor>? _made;
    [ThreadStatic] private static int _depth;

    private readonly List<Tensor> _owner;
    private readonly int _start, _level;
    private bool _ended;

    /// <summary>Begins a scope on this thread.</summary>
    public TensorScope()
    {
        _owner = _made ??= [];
        _start = _owner.Count;
        _level = ++_depth;
    }

    /// <summary>Lets a tensor live on after the end of this scope. Returns it.</summary>
    public Tensor Keep(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        tensor.Kept = true;
        return tensor;
    }

    /// <summary>Ends this scope and any inner scopes that are still open.</summary>
    /// <exception cref="InvalidOperationException">The scope was begun on another thread.</exception>
    public void Dispose()
    {
        if (_ended)
            return;
        if (_owner != _made)
            throw new InvalidOperationException("A TensorScope must end on the thread where it began: do not await inside it.");
        _ended = true;
        if (_depth < _level)
            return;
        _depth = _level - 1;
        var kept = _start;
        for (var i = _start; i < _owner.Count; i++)
        {
            if (!_owner[i].Kept)
                _owner[i].Dispose();
            else
            {
                _owner[i].Kept = false;
                if (_depth > 0)
                    _owner[kept++] = _owner[i];
            }
        }
        _owner.RemoveRange(kept, _owner.Count - kept);
    }

    /// <summary>
    /// Until the returned object is disposed of, tensors made on this thread belong to no scope. Use it for tensors that outlive the step
    /// that makes them, such as a cache.
    /// </summary>
    public static IDisposable Suspend()
    {
        var suspended = new Suspension(_made, _depth);
        (_made, _depth) = (null, 0);
        return suspended;
    }

    private sealed class Suspension(List<Tensor>? tensors, int level) : IDisposable
    {
        public void Dispose() => (_made, _depth) = (tensors, level);
    }

    internal static void Track(Tensor tensor)
    {
        if (_depth > 0)
            _made!.Add(tensor);
    }
}
