using Mezcla.Tensors;

namespace Mezcla.Quantization.Pruning;

/// <summary>Three linear layers with ReLU between them, for points that belong to classes: trained by AdamW on all points at once, and any
/// of its weights can be removed. Biases always stay.</summary>
public sealed class Perceptron
{
    private const float LearningRate = 5e-3f;

    private readonly Tensor[] _weights, _biases, _first, _second;
    private readonly bool[][] _keep;
    private int _steps;

    /// <summary>Random weights: of deviation 1 from the inputs, and of 1.8 over the square root of the inputs of the others.</summary>
    /// <param name="inputs">Numbers of a point.</param>
    /// <param name="hidden">Width of the two hidden layers.</param>
    /// <param name="outputs">Classes.</param>
    /// <param name="random">Where weights come from.</param>
    public Perceptron(int inputs, int hidden, int outputs, RandomStream random)
        : this(
            [Tensor.Normal(random, 0, 1, hidden, inputs), Tensor.Normal(random, 0, 1.8f / MathF.Sqrt(hidden), hidden, hidden),
                Tensor.Normal(random, 0, 1.8f / MathF.Sqrt(hidden), outputs, hidden)],
            [Tensor.Zeros(hidden), Tensor.Zeros(hidden), Tensor.Zeros(outputs)])
    {
    }

    private Perceptron(Tensor[] weights, Tensor[] biases)
    {
        (_weights, _biases) = (weights, biases);
        foreach (var tensor in _weights.Concat(_biases))
            tensor.RequiresGrad = true;
        _first = [.. _weights.Concat(_biases).Select(t => Tensor.Zeros(t.Shape))];
        _second = [.. _weights.Concat(_biases).Select(t => Tensor.Zeros(t.Shape))];
        _keep = [.. weights.Select(w => Enumerable.Repeat(true, (int)w.Count).ToArray())];
    }

    /// <summary>Weights, those that were removed included; biases are not among them.</summary>
    public int Count => _keep.Sum(k => k.Length);

    /// <summary>The share of the weights that were removed.</summary>
    public double Sparsity => _keep.Sum(k => k.Count(x => !x)) / (double)Count;

    /// <summary>The same network as it is now, with nothing of the optimizer's memory.</summary>
    public Perceptron Copy()
    {
        var copy = new Perceptron([.. _weights.Select(w => Tensor.From(w.ToArray(), w.Shape))],
            [.. _biases.Select(b => Tensor.From(b.ToArray(), b.Shape))]);
        for (var i = 0; i < _keep.Length; i++)
            _keep[i].CopyTo(copy._keep[i], 0);
        return copy;
    }

    /// <summary>Steps of AdamW on all points; what was removed stays zero.</summary>
    /// <param name="points">The points, one after another.</param>
    /// <param name="classes">The class of each.</param>
    /// <param name="steps">How many steps.</param>
    public void Train(float[] points, int[] classes, int steps)
    {
        Tensor[] all = [.. _weights, .. _biases];
        var (x, labels) = (Tensor.From(points, classes.Length, points.Length / classes.Length), Tensor.From(classes, classes.Length));
        for (var i = 0; i < steps; i++)
        {
            using var scope = new TensorScope();
            foreach (var tensor in all)
                tensor.ClearGrad();
            Logits(x).CrossEntropy(labels).Backward();
            Optimizers.AdamWStep(all, [.. all.Select(t => t.Grad)], _first, _second, ++_steps, LearningRate, 0.9f, 0.99f, 1e-8f, 0);
            Mask();
        }
    }

    /// <summary>The share of points whose class has the largest logit.</summary>
    public double Accuracy(float[] points, int[] classes)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var best = Logits(Tensor.From(points, classes.Length, points.Length / classes.Length)).ArgMax(-1).ToIntArray();
        return best.Zip(classes).Count(p => p.First == p.Second) / (double)best.Length;
    }

    /// <summary>Removes the smallest weights of all three matrices together, until a share of all weights is gone.</summary>
    public void Prune(double share) => Prune(share, [.. _weights.SelectMany(w => w.ToArray().Select(MathF.Abs))]);

    /// <summary>Removes random weights, whatever their size; none that were removed come back.</summary>
    public void PruneAtRandom(double share, RandomStream random) =>
        Prune(share, [.. Tensor.Uniform(random, 0.5f, 1, Count).ToArray().Zip(_keep.SelectMany(k => k), (u, kept) => kept ? u : 0)]);

    private void Prune(double share, float[] scores)
    {
        var stays = new bool[scores.Length];
        PruningPattern.Share(share).Mark(scores, stays);
        for (int i = 0, at = 0; i < _keep.Length; at += _keep[i++].Length)
            stays.AsSpan(at, _keep[i].Length).CopyTo(_keep[i]);
        Mask();
    }

    private void Mask()
    {
        for (var i = 0; i < _keep.Length; i++)
        {
            var values = _weights[i].AsSpan();
            for (var j = 0; j < values.Length; j++)
                if (!_keep[i][j])
                    values[j] = 0;
        }
    }

    private Tensor Logits(Tensor x) =>
        x.Linear(_weights[0], _biases[0]).Relu().Linear(_weights[1], _biases[1]).Relu().Linear(_weights[2], _biases[2]);
}
