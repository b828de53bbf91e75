namespace Mezcla.Datasets;

/// <summary>The order in which pieces of several sequences alternate, in proportion to their lengths.</summary>
public static class Interleaving
{
    /// <summary>
    /// Takes each piece from the sequence that has the largest share of its length left, until every sequence is used up.
    /// </summary>
    /// <param name="lengths">The sequences' lengths.</param>
    /// <param name="piece">The length of a piece.</param>
    /// <param name="end">Given a sequence and the place where a piece should end, returns that place or a better one soon after it; by
    /// default, the place itself.</param>
    public static IEnumerable<(int Sequence, int Start, int Count)> Pieces(int[] lengths, int piece, Func<int, int, int>? end = null)
    {
        var taken = new int[lengths.Length];
        for (var left = lengths.Sum(l => (long)l); left > 0;)
        {
            var next = Enumerable.Range(0, lengths.Length).Where(s => taken[s] < lengths[s]).MaxBy(s => 1 - (double)taken[s] / lengths[s]);
            var start = taken[next];
            var stop = Math.Min(start + piece, lengths[next]);
            taken[next] = end is null ? stop : end(next, stop);
            left -= taken[next] - start;
            yield return (next, start, taken[next] - start);
        }
    }
}
