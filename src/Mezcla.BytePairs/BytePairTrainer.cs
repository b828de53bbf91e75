using System.Runtime.InteropServices;
using System.Text;

namespace Mezcla.BytePairs;

/// <summary>
/// Byte-pair training that counts all pairs once and then updates only the counts that change. Equal pieces are stored once,
/// with their number as a weight. Each pair has its count and a list of its places; merging the pair visits only those
/// places, and a heap gives the most frequent pair. The result is the same as that of Mezcla's <c>BytePairReference.Train</c>,
/// which counts everything again for each merge.
/// </summary>
public sealed class BytePairTrainer
{
    private sealed class Pair
    {
        public long Count;
        public readonly List<int> Places = [];
    }

    // A hash of our own: .NET's hash of a ulong is the exclusive or of its halves, which makes small ids collide.
    private sealed class PairComparer : IEqualityComparer<ulong>
    {
        public bool Equals(ulong a, ulong b) => a == b;

        public int GetHashCode(ulong pair) => (int)(MergeTable.Hash(pair) >> 32);
    }

    // The distinct pieces are stored one after the other, with gaps before, between and after them. A token's id is stored at its first and
    // at its last byte: with the token's length, both neighbours are found without links. All other places are gaps.
    private const int Gap = -1;
    private readonly int[] _ids;
    private readonly int[] _weights; // how often the piece at this place occurs in the text
    private readonly List<int> _lengths = [.. Enumerable.Repeat(1, 256)];
    private readonly Dictionary<ulong, Pair> _pairs = new(new PairComparer());
    private readonly PriorityQueue<ulong, (long MinusCount, ulong Pair)> _queue = new();
    private readonly List<ulong> _born = [];

    /// <summary>Counts the pairs of a text.</summary>
    /// <param name="utf8">The text in UTF-8.</param>
    /// <param name="pieceEnd">Cuts the text into pieces; no pair reaches from one into the next.</param>
    public BytePairTrainer(byte[] utf8, PieceEnd pieceEnd)
    {
        var text = Encoding.Latin1.GetString(utf8); // a char for each byte, so that pieces can be looked up as spans
        var weights = new Dictionary<string, int>();
        var lookup = weights.GetAlternateLookup<ReadOnlySpan<char>>();
        for (int start = 0, end; start < utf8.Length; start = end)
        {
            end = pieceEnd(utf8, start);
            CollectionsMarshal.GetValueRefOrAddDefault(lookup, text.AsSpan(start, end - start), out _)++;
        }

        _ids = new int[weights.Keys.Sum(piece => piece.Length + 1) + 1];
        _weights = new int[_ids.Length];
        Array.Fill(_ids, Gap);
        var at = 1;
        foreach (var (piece, weight) in weights)
        {
            foreach (var b in piece)
                (_ids[at], _weights[at++]) = (b, weight);
            at++;
        }
        for (var i = 1; i < _ids.Length; i++)
            Add(_ids[i - 1], _ids[i], _weights[i], i - 1);
        QueueBorn();
    }

    /// <summary>
    /// Finds the first <paramref name="count"/> merges, or fewer if no pair occurs twice any more. Merge n makes the id 256 + n.
    /// </summary>
    public List<(int Left, int Right)> Merges(int count)
    {
        var merges = new List<(int, int)>();
        while (merges.Count < count && _queue.TryDequeue(out var key, out var priority))
        {
            if (!_pairs.TryGetValue(key, out var pair))
                continue;
            if (pair.Count != -priority.MinusCount)
            {
                // Counts only decrease once a pair is queued, so an entry that is up to date when it comes out is the most frequent pair.
                _queue.Enqueue(key, (-pair.Count, key));
                continue;
            }
            if (pair.Count < 2)
                break;
            int left = (int)(key >> 32), right = (int)(uint)key;
            merges.Add((left, right));
            _lengths.Add(_lengths[left] + _lengths[right]);
            _pairs.Remove(key);
            foreach (var place in pair.Places)
                Merge(place, left, right, 255 + merges.Count);
            QueueBorn();
        }
        return merges;
    }

    private void Merge(int at, int left, int right, int id)
    {
        int cut = at + _lengths[left], end = cut + _lengths[right];
        if (_ids[at] != left || _ids[cut] != right)
            return; // one of them was merged with another since
        int before = _ids[at - 1], after = _ids[end], weight = _weights[at];
        Remove(before, left, weight);
        Remove(right, after, weight);
        (_ids[cut - 1], _ids[cut]) = (Gap, Gap);
        (_ids[at], _ids[end - 1]) = (id, id);
        if (before != Gap)
            Add(before, id, weight, at - _lengths[before]);
        Add(id, after, weight, at);
    }

    private void Add(int left, int right, int weight, int place)
    {
        if (left == Gap || right == Gap)
            return;
        var key = MergeTable.Pack(left, right);
        ref var pair = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, key, out var known);
        if (!known)
        {
            pair = new Pair();
            _born.Add(key);
        }
        pair!.Count += weight;
        pair.Places.Add(place);
    }

    // The pair being merged was already removed from the table: its own overlaps, as in "aaa", need not be counted.
    private void Remove(int left, int right, int weight)
    {
        if (left == Gap || right == Gap || !_pairs.TryGetValue(MergeTable.Pack(left, right), out var pair))
            return;
        pair.Count -= weight;
        if (pair.Count == 0)
            _pairs.Remove(MergeTable.Pack(left, right));
    }

    private void QueueBorn()
    {
        foreach (var key in _born)
            if (_pairs.TryGetValue(key, out var pair))
                _queue.Enqueue(key, (-pair.Count, key));
        _born.Clear();
    }
}
