namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>Of each row of n: the k first in order, NaN the largest and equals by position, and where they were.</summary>
    public override void Sort(Handle x, Handle values, Handle indices, long rows, long n, long k, bool descending)
    {
        for (long r = 0; r < rows; r++)
        {
            var row = n == 0 ? [] : Floats(x).Part(r * n, n).ToArray();
            // OrderBy is stable: equals stay in the order of their positions.
            var positions = Enumerable.Range(0, row.Length);
            var order = descending ? positions.OrderByDescending(i => row[i], NaNLargest) : positions.OrderBy(i => row[i], NaNLargest);
            var j = r * k;
            foreach (var position in order.Take((int)k))
            {
                Floats(values)[j] = row[position];
                Ints(indices)[j] = position;
                j++;
            }
        }
    }

    /// <summary>y[o, i] = the first j with the largest (smallest) x[o, j, i]; the first NaN where there is one.</summary>
    public override void ArgExtreme(Handle x, Handle y, long outer, long n, long inner, bool largest)
    {
        var from = Floats(x);
        for (long o = 0; o < outer; o++)
            for (long i = 0; i < inner; i++)
            {
                var best = 0;
                for (var j = 1; j < n; j++)
                {
                    var (value, before) = (from[(o * n + j) * inner + i], from[(o * n + best) * inner + i]);
                    var better = float.IsNaN(value) || (largest ? value > before : value < before);
                    if (better && !float.IsNaN(before))
                        best = j;
                }
                Ints(y)[o * inner + i] = best;
            }
    }

    private static readonly Comparer<float> NaNLargest = Comparer<float>.Create(
        (a, b) => a < b ? -1 : a > b ? 1 : float.IsNaN(a).CompareTo(float.IsNaN(b)));
}
