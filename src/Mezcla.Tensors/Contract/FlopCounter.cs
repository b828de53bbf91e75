namespace Mezcla.Tensors;

/// <summary>
/// Counts the floating-point operations of the matrix products that the CPU computes on this thread until the counter is disposed of:
/// 2·m·n·k for each product, and for grouped products only the rows that belong to a group. Attention scores, norms and activations are
/// not counted. Counters nest; an outer one also counts what an inner one counts.
/// <code>using var counter = new FlopCounter(); model.Logits(ids); Console.WriteLine(counter.Flops);</code>
/// </summary>
public sealed class FlopCounter : IDisposable
{
    [ThreadStatic] private static FlopCounter? _current;
    private readonly FlopCounter? _outer = _current;

    /// <summary>Begins to count.</summary>
    public FlopCounter() => _current = this;

    /// <summary>Floating-point operations so far.</summary>
    public long Flops { get; private set; }

    /// <summary>Ends counting.</summary>
    public void Dispose() => _current = _outer;

    /// <summary>
    /// Called by kernels just before they compute <paramref name="products"/> products of [m, k] and [k, n] on this thread.
    /// </summary>
    public static void Count(long products, long m, long n, long k)
    {
        for (var counter = _current; counter is not null; counter = counter._outer)
            counter.Flops += 2 * products * m * n * k;
    }
}
