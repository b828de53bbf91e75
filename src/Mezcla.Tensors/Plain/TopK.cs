namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    private static readonly Comparer<float> NaNLargest = Comparer<float>.Create(
        (a, b) => a < b ? -1 : a > b ? 1 : float.IsNaN(a).CompareTo(float.IsNaN(b)));

    /// <summary>
    /// The k largest elements of each row of n in descending order, and their positions. NaN is the largest; equal elements stay in order.
    /// </summary>
    public override void TopK(Handle x, Handle values, Handle indices, long rows, long n, long k)
    {
        for (long r = 0; r < rows && k > 0; r++)
        {
            var row = Floats(x).Part(r * n, n).ToArray();
            // OrderByDescending is stable: equal elements stay in the order of their positions.
            int[] order = [.. Enumerable.Range(0, row.Length).OrderByDescending(i => row[i], NaNLargest)];
            for (var j = 0; j < k; j++)
            {
                Floats(values)[r * k + j] = row[order[j]];
                Ints(indices)[r * k + j] = order[j];
            }
        }
    }

    /// <summary>y[o, i] = the first j with the largest x[o, j, i]; the first NaN where there is one.</summary>
    public override void ArgMax(Handle x, Handle y, long outer, long n, long inner)
    {
        for (long line = 0; line < outer * inner; line++)
        {
            float Value(long j) => Floats(x)[(line / inner * n + j) * inner + line % inner];
            var best = 0;
            for (var j = 1; j < n; j++)
                if (NaNLargest.Compare(Value(j), Value(best)) > 0)
                    best = j;
            Ints(y)[line] = best;
        }
    }
}
