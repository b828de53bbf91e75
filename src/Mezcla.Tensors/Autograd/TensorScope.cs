namespace Mezcla.Tensors;

/// <summary>
/// Releases every tensor made on this thread between its construction and its end, except those given to <see cref="Keep"/>. Scopes
/// nest; what an inner scope keeps belongs to the outer one. Put one around a training step. Gradients of parameters are not made
/// inside any scope: they stay.
/// </summary>
public sealed class TensorScope : IDisposable
{
    [ThreadStatic] private static List<Tensor>? made;
    [ThreadStatic] private static int depth;

    private readonly List<Tensor> owner;
    private readonly int start, level;
    private bool ended;

    /// <summary>Begins a scope on this thread.</summary>
    public TensorScope()
    {
        owner = made ??= [];
        start = owner.Count;
        level = ++depth;
    }

    /// <summary>Lets a tensor live on after the end of this scope. Returns it.</summary>
    public Tensor Keep(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        tensor.Kept = true;
        return tensor;
    }

    /// <summary>Ends the scope and those begun inside it that did not end.</summary>
    /// <exception cref="InvalidOperationException">The scope was begun on another thread.</exception>
    public void Dispose()
    {
        if (ended)
            return;
        if (owner != made)
            throw new InvalidOperationException("A TensorScope must end on the thread where it began: do not await inside it.");
        ended = true;
        if (depth < level)
            return;
        depth = level - 1;
        int kept = start;
        for (int i = start; i < owner.Count; i++)
        {
            if (!owner[i].Kept)
                owner[i].Dispose();
            else
            {
                owner[i].Kept = false;
                if (depth > 0)
                    owner[kept++] = owner[i];
            }
        }
        owner.RemoveRange(kept, owner.Count - kept);
    }

    /// <summary>Until the returned object is disposed of, tensors made on this thread belong to no scope. Use it for tensors that outlive the step that makes them, such as a cache.</summary>
    public static IDisposable Suspend()
    {
        var suspended = new Suspension(made, depth);
        (made, depth) = (null, 0);
        return suspended;
    }

    private sealed class Suspension(List<Tensor>? tensors, int level) : IDisposable
    {
        public void Dispose() => (made, depth) = (tensors, level);
    }

    internal static void Track(Tensor tensor)
    {
        if (depth > 0)
            made!.Add(tensor);
    }
}
