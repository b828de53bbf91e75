using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>
    /// lse[r] = ln Σ e^x[r, :]; loss[0] = the mean over the rows that count of (1 - s)·(lse - x[label]) + s·(lse - mean x), s the smoothing
    /// (Szegedy et al., arXiv:1512.00567, section 7); loss[1] = how many rows count. The mean of no rows is NaN.
    /// </summary>
    public override long CrossEntropy(
        Handle x, Handle labels, Handle lse, Handle loss, long rows, long n, int ignore, float smoothing, in IndexCheck check)
    {
        var logits = Floats(x);
        var label = Ints(labels);
        for (long r = 0; r < rows; r++)
            if (label[r] != ignore && (label[r] < 0 || label[r] >= n))
                return r;
        var (sum, counted) = (0.0, 0);
        for (long r = 0; r < rows; r++)
        {
            var logSum = LogSumExp(logits, r * n, n);
            Floats(lse)[r] = (float)logSum;
            if (label[r] == ignore)
                continue;
            sum += (1 - smoothing) * (logSum - logits[r * n + label[r]]);
            // Without smoothing, a logit of -∞ must not make the mean count.
            if (smoothing != 0)
                for (long c = 0; c < n; c++)
                    sum += smoothing * (logSum - logits[r * n + c]) / n;
            counted++;
        }
        Floats(loss)[0] = (float)(sum / counted);
        Floats(loss)[1] = counted;
        return -1;
    }

    /// <summary>dx (+)= dloss/count·(e^(x - lse) - target), target = (1 - s)·[c = label] + s/n; 0 in rows that do not count.</summary>
    public override void CrossEntropyBackward(
        Handle x, Handle labels, Handle lse, Handle loss, Handle dloss, Handle dx, long rows, long n, int ignore, float smoothing, bool accumulate)
    {
        Numbers<float> logits = Floats(x), to = Floats(dx);
        var label = Ints(labels);
        for (long r = 0; r < rows; r++)
            for (long c = 0; c < n; c++)
            {
                var probability = Math.Exp((double)logits[r * n + c] - Floats(lse)[r]);
                var target = (c == label[r] ? 1 - smoothing : 0) + smoothing / n;
                var slope = Floats(dloss)[0] / (double)Floats(loss)[1] * (probability - target);
                Put(ref to[r * n + c], label[r] == ignore ? 0 : slope, accumulate);
            }
    }
}
