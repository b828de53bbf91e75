using System.Numerics.Tensors;

namespace Mezcla.Tokenization;

/// <summary>
/// Byte-pair merging (Sennrich et al. 2016): again and again merge the neighbours of the lowest rank, the leftmost of equals, until none merge.
/// Short pieces scan an array; long ones keep the pairs in a heap, so that a word of a megabyte takes n log n steps.
/// </summary>
internal static class Merging
{
    // Measured: the scan, whose search for the lowest rank takes many at a time, is the faster up to here and a little beyond.
    private const int LongPiece = 512;

    /// <summary>Merges <paramref name="ids"/> in place; returns how many are left, at its start.</summary>
    public static int Merge(MergeTable merges, Span<int> ids) => ids.Length < LongPiece ? Scan(merges, ids) : Heap(merges, ids);

    internal static int Scan(MergeTable merges, Span<int> ids)
    {
        int count = ids.Length;
        if (count < 2) return count;
        Span<uint> ranks = stackalloc uint[count - 1]; // of each id and its right neighbour
        for (int i = 0; i < ranks.Length; i++) ranks[i] = MergeTable.RankOf(merges.Find(ids[i], ids[i + 1]));
        while (count > 1)
        {
            uint rank = TensorPrimitives.Min<uint>(ranks);
            if (rank == MergeTable.RankOf(MergeTable.None)) break;
            int best = ranks.IndexOf(rank);
            ids[best] = MergeTable.IdOf(merges.Find(ids[best], ids[best + 1]));
            ids[(best + 2)..count].CopyTo(ids[(best + 1)..]);
            count--;
            if (best < count - 1)
            {
                ranks[(best + 1)..].CopyTo(ranks[best..]);
                ranks[best] = MergeTable.RankOf(merges.Find(ids[best], ids[best + 1]));
            }
            ranks = ranks[..(count - 1)];
            if (best > 0) ranks[best - 1] = MergeTable.RankOf(merges.Find(ids[best - 1], ids[best]));
        }
        return count;
    }

    internal static int Heap(MergeTable merges, Span<int> ids)
    {
        // A list linked by position; a merged pair keeps the position of its left part.
        int length = ids.Length;
        int[] next = new int[length], previous = new int[length];
        var first = new List<(int At, ulong Key)>();
        for (int i = 0; i < length; i++)
        {
            (next[i], previous[i]) = (i + 1, i - 1);
            if (i + 1 < length && merges.Find(ids[i], ids[i + 1]) is var merge and not MergeTable.None) first.Add((i, Key(merge, i)));
        }
        // Equal ranks come out by position. An entry may be out of date when it comes out: then the pair there has another key.
        var queue = new PriorityQueue<int, ulong>(first);
        while (queue.TryDequeue(out int at, out ulong key))
        {
            int right = next[at];
            if (right < 0 || right == length) continue; // at was swallowed by its left neighbour, or is the last now
            ulong merge = merges.Find(ids[at], ids[right]);
            if (merge == MergeTable.None || Key(merge, at) != key) continue;
            ids[at] = MergeTable.IdOf(merge);
            next[at] = next[right];
            next[right] = -1;
            if (next[at] < length)
            {
                previous[next[at]] = at;
                Push(at, next[at], ids);
            }
            if (previous[at] >= 0) Push(previous[at], at, ids);
        }

        int count = 0;
        for (int at = 0; at < length; at = next[at]) ids[count++] = ids[at];
        return count;

        void Push(int left, int right, Span<int> ids)
        {
            if (merges.Find(ids[left], ids[right]) is var merge and not MergeTable.None) queue.Enqueue(left, Key(merge, left));
        }
    }

    private static ulong Key(ulong merge, int at) => MergeTable.Pack((int)MergeTable.RankOf(merge), at);
}
