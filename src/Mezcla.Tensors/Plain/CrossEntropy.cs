namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>
    /// lse[r] = ln Σ e^x[r, :]; loss[0] = the mean, over the rows that are not ignored, of (1 - s)·(lse - x[label]) +
    /// s·(lse - mean x), where s is the smoothing (Szegedy et al., arXiv:1512.00567, section 7); loss[1] = the number
    /// of those rows. The mean of no rows is NaN.
    /// </summary>
    public override long CrossEntropy(Handle x, Handle labels, Handle lse, Handle loss, long rows, long n, int ignore, float smoothing,
        in IndexCheck check)
    {
        var logits = Floats(x);
        var label = Ints(labels);
        for (long r = 0; r < rows; r++)
            if (label[r] != ignore && (label[r] < 0 || label[r] >= n))
                return r;
        var logSums = LogSumExp(x, rows, n);
        Put(lse, rows, r => logSums[r], false);
        var (sum, counted) = (0.0, 0);
        for (long r = 0; r < rows; r++)
        {
            if (label[r] == ignore)
                continue;
            var (start, logSum) = (r * n, logSums[r]);
            sum += (1 - smoothing) * (logSum - logits[start + label[r]]);
            // Without smoothing this term is skipped: a logit of -∞ would make it 0·∞, which is NaN.
            if (smoothing != 0)
                sum += smoothing * Sum(n, c => logSum - logits[start + c]) / n;
            counted++;
        }
        Floats(loss)[0] = (float)(sum / counted);
        Floats(loss)[1] = counted;
        return -1;
    }

    /// <summary>dx (+)= dloss/count·(e^(x - lse) - target) with target = (1 - s)·[c = label] + s/n; 0 in ignored rows.</summary>
    public override void CrossEntropyBackward(Handle x, Handle labels, Handle lse, Handle loss, Handle dloss, Handle dx, long rows, long n,
        int ignore, float smoothing, bool accumulate)
        => Put(dx, rows * n, i =>
        {
            var label = Ints(labels)[i / n];
            var probability = Math.Exp((double)Floats(x)[i] - Floats(lse)[i / n]);
            var target = (i % n == label ? 1 - smoothing : 0) + smoothing / n;
            return label == ignore ? 0 : Floats(dloss)[0] / (double)Floats(loss)[1] * (probability - target);
        }, accumulate);
}
