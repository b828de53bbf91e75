using System.Numerics;

namespace Mezcla.BytePairs;

/// <summary>
/// The pairs of neighbours that merge: maps (left id, right id) to the merged id and its rank; a smaller rank merges first. It is a hash
/// table with open addressing, filled once.
/// </summary>
public sealed class MergeTable
{
    /// <summary>What <see cref="Find"/> returns for a pair that does not merge: its rank is larger than any other.</summary>
    internal const ulong None = ulong.MaxValue;

    private (ulong Pair, ulong Merge)[] _slots;
    private readonly ulong[] _small = new ulong[256 * 256]; // pairs of ids below 256: every merging starts with those
    private ulong[] _filter; // some bits for each slot, small enough for a fast cache: where its bit is not set, a pair does not merge

    /// <summary>An empty table.</summary>
    /// <param name="expected">About how many pairs will be added; the table grows if there are more.</param>
    public MergeTable(int expected)
    {
        (_slots, _filter) = Empty(expected);
        Array.Fill(_small, None);
    }

    /// <summary>The number of pairs.</summary>
    public int Count { get; private set; }

    internal static ulong Pack(int rank, int id) => (ulong)(uint)rank << 32 | (uint)id;

    internal static uint RankOf(ulong merge) => (uint)(merge >> 32);

    internal static int IdOf(ulong merge) => (int)(uint)merge;

    /// <summary>The packed rank and id of the merged pair, or <see cref="None"/>.</summary>
    internal ulong Find(int left, int right)
    {
        if ((uint)(left | right) < 256)
            return _small[left << 8 | right];
        ulong pair = Pack(left, right), hash = Hash(pair);
        // Most pairs do not merge, and the filter detects most of those here.
        if ((_filter[Word(hash)] >> Bit(hash) & 1) == 0)
            return None;
        var slots = _slots;
        for (var slot = Slot(hash); ; slot = slot + 1 & slots.Length - 1)
        {
            ref readonly var entry = ref slots[slot];
            if (entry.Pair == pair || entry.Merge == None)
                return entry.Merge;
        }
    }

    /// <summary>The pairs by rank; pairs of equal rank by their left id.</summary>
    public (int Left, int Right)[] InOrder() =>
        [.. _slots.Where(s => s.Merge != None).OrderBy(s => RankOf(s.Merge)).ThenBy(s => s.Pair)
            .Select(s => ((int)(s.Pair >> 32), (int)(uint)s.Pair))];

    /// <summary>Adds a pair; false if it is there already.</summary>
    public bool Add(int left, int right, int rank, int id)
    {
        if (Count * 2 >= _slots.Length)
        {
            var old = _slots;
            (_slots, _filter) = Empty(old.Length);
            foreach (var (pair, merge) in old)
                if (merge != None)
                    Insert(pair, merge);
        }
        if (!Insert(Pack(left, right), Pack(rank, id)))
            return false;
        if ((uint)(left | right) < 256)
            _small[left << 8 | right] = Pack(rank, id);
        Count++;
        return true;
    }

    private bool Insert(ulong pair, ulong merge)
    {
        var hash = Hash(pair);
        var slot = Slot(hash);
        for (; _slots[slot].Merge != None; slot = slot + 1 & _slots.Length - 1)
            if (_slots[slot].Pair == pair)
                return false;
        _slots[slot] = (pair, merge);
        _filter[Word(hash)] |= 1ul << Bit(hash);
        return true;
    }

    /// <summary>A hash in which the upper half depends on every bit of both ids.</summary>
    internal static ulong Hash(ulong pair) => pair * 0x9E3779B97F4A7C15;

    private int Slot(ulong hash) => (int)(hash >> 32) & _slots.Length - 1;

    // The bit that stands for a pair: 64 in a word, and a word for 16 slots.
    private int Word(ulong hash) => (int)(hash >> 38) & _filter.Length - 1;

    private static int Bit(ulong hash) => (int)(hash >> 32) & 63;

    private static ((ulong, ulong)[], ulong[]) Empty(int expected)
    {
        var slots = new (ulong, ulong)[BitOperations.RoundUpToPowerOf2((uint)expected * 2 + 30)];
        Array.Fill(slots, (0ul, None));
        return (slots, new ulong[slots.Length / 16]);
    }
}
