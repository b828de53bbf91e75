namespace Mezcla.Datasets;

/// <summary>The order in which pieces of several sequences alternate, in proportion to their lengths.</summary>
public static class Interleaving
{
    /// <summary>Takes the next piece always from the sequence of which the largest share is left, until nothing is.</summary>
    /// <param name="lengths">The sequences' lengths.</param>
    /// <param name="piece">The length of a piece.</param>
    /// <param name="end">Where a piece of a sequence may end that should end at the given place or soon after it; by default there.</param>
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
