namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>
    /// The mean of -ln softmax(logits)[label] over the labels that are not ignored, in one pass: only ln Σ exp of each row is kept. With
    /// smoothing s the target is (1 - s) at the label plus s/n everywhere (Szegedy et al., arXiv:1512.00567). d logits = (softmax -
    /// target)/count. If the logits are disposed of before the backward pass and nothing else needs them, their gradient overwrites them,
    /// so that there is never a second tensor of their size.
    /// </summary>
    /// <param name="logits">[..., n].</param>
    /// <param name="labels">Int32 [...], each in 0..n or <paramref name="ignore"/>.</param>
    /// <param name="ignore">The label of rows that are skipped.</param>
    /// <param name="smoothing">s, from 0 to 1.</param>
    /// <returns>A scalar; NaN if every label is ignored, as in PyTorch.</returns>
    /// <exception cref="ArgumentException">The shapes do not fit, or a label is out of range.</exception>
    public static Tensor CrossEntropy(this Tensor logits, Tensor labels, int ignore = -100, float smoothing = 0)
    {
        logits = logits.Floats("CrossEntropy");
        labels.Integers("CrossEntropy", "the labels", logits.Device);
        if (logits.Rank < 1 || !logits.Shape[..^1].SequenceEqual(labels.Shape))
            throw new ArgumentException(
                $"CrossEntropy: the logits {logits.Sizes} and the labels {labels.Sizes} must be [..., n] and [...].");
        if (!(smoothing >= 0 && smoothing <= 1))
            throw new ArgumentException($"CrossEntropy: smoothing must be from 0 to 1, not {smoothing}.");
        var rows = labels.Count;
        var n = logits.Size(-1);
        // The loss and, after it, the number of labels that are not ignored.
        using var both = Tensor.Empty("CrossEntropy", new Shape(2), DType.Float32, logits.Device, track: false);
        var lse = logits.Device.Pool.Rent(rows * 4, "CrossEntropy");
        var check = new IndexCheck("CrossEntropy", IndexKind.Label, labels.Sizes, n, ignore);
        ThrowIfOutside(check, labels,
            logits.Kernels.CrossEntropy(logits.Handle, labels.Handle, new Handle(lse, 0), both.Handle, rows, n, ignore, smoothing, check));
        var loss = both.View(new Shape(), 0);
        if (Tape.Records(logits))
            return Tape.Finish("CrossEntropy", loss, new CrossEntropyNode(loss, logits, labels, lse, both, rows, n, ignore, smoothing));
        lse.Release();
        return Tape.Finish("CrossEntropy", loss);
    }

    private sealed class CrossEntropyNode(Tensor loss, Tensor logits, Tensor labels, Storage lse, Tensor both, long rows, int n, int ignore,
        float smoothing)
        : Node("CrossEntropy", loss, logits.GradNode)
    {
        private readonly Saved _logits = new(logits), _labels = new(labels), _lse = new(lse), _both = new(both);

        // Logits over a large vocabulary are the largest tensor of a training step: if nothing else
        // holds them, their gradient overwrites them.
        internal override void Backward(Handle gradient)
        {
            var x = _logits.For(this);
            bool accumulate;
            var dx = IsLastPass ? Input0!.TargetOver(x, out accumulate) : Input0!.Target(out accumulate);
            Kernels.CrossEntropyBackward(x, _labels.For(this), _lse.For(this), _both.For(this), gradient, dx, rows, n, ignore, smoothing,
                accumulate);
        }

        protected override void ReleaseSaved() => Release(_logits, _labels, _lse, _both);
    }
}
