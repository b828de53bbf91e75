using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Mezcla.BytePairs;

/// <summary>
/// Byte-pair merging (Sennrich et al. 2016): repeatedly merges the neighbours of the lowest rank, the leftmost of equals, until no pair
/// merges. Short pieces scan an array; long ones keep the pairs in a heap, so that a word of a megabyte takes n log n steps.
/// </summary>
public static class Merging
{
    // As measured, scanning is faster up to this length and a little beyond, because the search for
    // the lowest rank compares many at a time.
    private const int LongPiece = 512;

    /// <summary>Merges <paramref name="ids"/> in place; returns how many are left, at its start.</summary>
    public static int Merge(MergeTable merges, Span<int> ids) => ids.Length < LongPiece ? Scan(merges, ids) : Heap(merges, ids);

    // Nothing moves while pairs merge: each rank is stored at the position of the pair's left part, and positions that were merged into
    // their left neighbour have no rank.
    [SkipLocalsInit]
    internal static int Scan(MergeTable merges, Span<int> ids)
    {
        var length = ids.Length;
        if (length < 2)
            return length;
        var padded = (length + Vector256<uint>.Count - 1) / Vector256<uint>.Count * Vector256<uint>.Count;
        Span<uint> ranks = stackalloc uint[padded];
        Span<int> made = stackalloc int[length], next = stackalloc int[length], previous = stackalloc int[length];
        for (var i = 0; i < length; i++)
        {
            (next[i], previous[i]) = (i + 1, i - 1);
            if (i + 1 < length)
                Find(merges, ids, i, i + 1, ranks, made);
        }
        ranks[(length - 1)..].Fill(uint.MaxValue);
        while (LowestFirst(ranks) is var at and >= 0)
        {
            int right = next[at], after = next[right];
            ids[at] = made[at];
            (next[at], ranks[right], ranks[at]) = (after, uint.MaxValue, uint.MaxValue);
            if (after < length)
            {
                previous[after] = at;
                Find(merges, ids, at, after, ranks, made);
            }
            if (previous[at] >= 0)
                Find(merges, ids, previous[at], at, ranks, made);
        }
        return Gather(ids, next);
    }

    private static void Find(MergeTable merges, Span<int> ids, int left, int right, Span<uint> ranks, Span<int> made)
    {
        var merge = merges.Find(ids[left], ids[right]);
        (ranks[left], made[left]) = (MergeTable.RankOf(merge), MergeTable.IdOf(merge));
    }

    // The first position of the lowest rank, or -1 if no position has a rank.
    private static int LowestFirst(ReadOnlySpan<uint> ranks)
    {
        ref var first = ref MemoryMarshal.GetReference(ranks);
        var low = Vector256.LoadUnsafe(ref first);
        for (var i = Vector256<uint>.Count; i < ranks.Length; i += Vector256<uint>.Count)
            low = Vector256.Min(low, Vector256.LoadUnsafe(ref first, (nuint)i));
        var half = Vector128.Min(low.GetLower(), low.GetUpper());
        half = Vector128.Min(half, Vector128.Shuffle(half, Vector128.Create(2u, 3, 0, 1)));
        half = Vector128.Min(half, Vector128.Shuffle(half, Vector128.Create(1u, 0, 3, 2)));
        var rank = half.ToScalar();
        if (rank == uint.MaxValue)
            return -1;
        var wanted = Vector256.Create(rank);
        for (var i = 0; ; i += Vector256<uint>.Count)
            if (Vector256.Equals(Vector256.LoadUnsafe(ref first, (nuint)i), wanted).ExtractMostSignificantBits() is var hits and not 0)
                return i + BitOperations.TrailingZeroCount(hits);
    }

    internal static int Heap(MergeTable merges, Span<int> ids)
    {
        // A list linked by position; a merged pair keeps the position of its left part.
        var length = ids.Length;
        int[] next = new int[length], previous = new int[length];
        var first = new List<(int At, ulong Key)>();
        for (var i = 0; i < length; i++)
        {
            (next[i], previous[i]) = (i + 1, i - 1);
            if (i + 1 < length && merges.Find(ids[i], ids[i + 1]) is var merge and not MergeTable.None)
                first.Add((i, Key(merge, i)));
        }
        // Equal ranks come out by position. An entry may be out of date when it comes out: then the
        // pair at its position has another key by now.
        var queue = new PriorityQueue<int, ulong>(first);
        while (queue.TryDequeue(out var at, out var key))
        {
            var right = next[at];
            if (right < 0 || right == length)
                continue; // `at` was merged into its left neighbour, or is now the last
            var merge = merges.Find(ids[at], ids[right]);
            if (merge == MergeTable.None || Key(merge, at) != key)
                continue;
            ids[at] = MergeTable.IdOf(merge);
            next[at] = next[right];
            next[right] = -1;
            if (next[at] < length)
            {
                previous[next[at]] = at;
                Push(at, next[at], ids);
            }
            if (previous[at] >= 0)
                Push(previous[at], at, ids);
        }

        return Gather(ids, next);

        void Push(int left, int right, Span<int> ids)
        {
            if (merges.Find(ids[left], ids[right]) is var merge and not MergeTable.None)
                queue.Enqueue(left, Key(merge, left));
        }
    }

    private static int Gather(Span<int> ids, ReadOnlySpan<int> next)
    {
        var count = 0;
        for (var at = 0; at < ids.Length; at = next[at])
            ids[count++] = ids[at];
        return count;
    }

    private static ulong Key(ulong merge, int at) => MergeTable.Pack((int)MergeTable.RankOf(merge), at);
}
