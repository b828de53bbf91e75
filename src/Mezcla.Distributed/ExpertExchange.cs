using Mezcla.MixtureOfExperts;

namespace Mezcla.Distributed;

/// <summary>
/// Sends tokens to the processes that hold their experts, and the answers back, by all-to-all; the gradients go the same ways backwards.
/// No token is dropped here: what a limited expert does not take, the layer has put behind the last offset.
/// </summary>
/// <param name="group">The processes that together hold all experts, those with lower numbers the experts with lower numbers.</param>
internal sealed class ExpertExchange(MpiGroup group) : IExpertExchange
{
    private long _rows;

    /// <summary>The number of rows that the experts of this process have computed since the last call.</summary>
    public long TakeRows() => Interlocked.Exchange(ref _rows, 0);

    /// <inheritdoc/>
    public Tensor Compute(Tensor rows, Tensor offsets, Func<Tensor, Tensor, Tensor, Tensor> experts)
    {
        var ends = offsets.ToIntArray();
        var held = (ends.Length - 1) / group.Count;
        int[] own = [.. Enumerable.Range(0, ends.Length - 1).Select(e => ends[e + 1] - ends[e])];
        // The rows for each expert here, [process, expert]: rows arrive in this order.
        var counts = new int[own.Length];
        int[] alike = [.. Enumerable.Repeat(held, group.Count)];
        group.AllToAll(own, alike, counts.AsSpan(), alike);
        int[] sent = [.. own.Chunk(held).Select(part => part.Sum())], received = [.. counts.Chunk(held).Select(part => part.Sum())];
        var count = received.Sum();
        _rows += count;

        var (order, back, each, starts) = ByExpert(counts, held, count);
        var device = rows.Device;
        // One row more, of no expert, so that no tensor is empty.
        var arrived = Send(rows, "tokens to experts", count + 1, sent, received);
        var sorted = arrived.IndexSelect(0, Tensor.From(order, count + 1).To(device));
        var answers = experts(sorted, Tensor.From(each, count + 1).To(device), Tensor.From(starts, held + 1).To(device));
        return Send(answers.IndexSelect(0, Tensor.From(back, count + 1).To(device)), "answers to tokens", rows.Size(0), received, sent);
    }

    // Rows are sorted by process and then by expert; the experts need them by expert and then by process.
    private (int[] Order, int[] Back, int[] Experts, int[] Offsets) ByExpert(int[] counts, int held, int count)
    {
        var starts = new int[counts.Length];
        for (var i = 1; i < counts.Length; i++)
            starts[i] = starts[i - 1] + counts[i - 1];
        int[] order = new int[count + 1], back = new int[count + 1], experts = new int[count + 1], offsets = new int[held + 1];
        var at = 0;
        for (var expert = 0; expert < held; expert++)
        {
            for (var process = 0; process < group.Count; process++)
                for (var i = 0; i < counts[process * held + expert]; i++)
                {
                    var row = starts[process * held + expert] + i;
                    (order[at], back[row], experts[at]) = (row, at, expert);
                    at++;
                }

            offsets[expert + 1] = at;
        }

        (order[count], back[count]) = (count, count);
        return (order, back, experts, offsets);
    }

    // The first rows, as many as are sent, cross; the rest of the result is zero.
    private Tensor Send(Tensor x, string name, int rows, int[] sent, int[] received)
    {
        var width = x.Size(1);
        int[] outgoing = [.. sent.Select(n => n * width)], incoming = [.. received.Select(n => n * width)];
        return x.Through(name, [rows, width], (from, to) => Cross(from, outgoing, to, incoming),
            (from, to) => Cross(from, incoming, to, outgoing));
    }

    private void Cross(Tensor from, int[] sent, Tensor to, int[] received)
    {
        var (values, count) = (new float[to.Count], received.Sum());
        group.AllToAll(HostMemory.All(from)[..sent.Sum()], sent, values.AsSpan(0, count), received);
        to.CopyFrom(values);
    }
}
