using Mezcla.Quantization.Pruning;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Tests;

/// <summary>Three linear layers with ReLU between, trained by AdamW on all points at once, whose weights can be masked.</summary>
internal sealed class Perceptron
{
    public sealed record Data(float[] Points, int[] Classes);

    private readonly Tensor[] _weights, _biases, _first, _second;
    private readonly bool[][] _keep;
    private int _steps;

    public Perceptron(int inputs, int hidden, int outputs, RandomStream random)
        : this(
            [Tensor.Normal(random, 0, 1, hidden, inputs), Tensor.Normal(random, 0, 0.18f, hidden, hidden),
                Tensor.Normal(random, 0, 0.18f, outputs, hidden)], null)
    {
    }

    private Perceptron(Tensor[] weights, Tensor[]? biases)
    {
        _weights = weights;
        _biases = biases ?? [.. weights.Select(w => Tensor.Zeros(w.Size(0)))];
        foreach (var tensor in _weights.Concat(_biases))
            tensor.RequiresGrad = true;
        _first = [.. _weights.Concat(_biases).Select(t => Tensor.Zeros(t.Shape))];
        _second = [.. _weights.Concat(_biases).Select(t => Tensor.Zeros(t.Shape))];
        _keep = [.. weights.Select(w => Enumerable.Repeat(true, (int)w.Count).ToArray())];
    }

    public double Sparsity => _keep.Sum(k => k.Count(x => !x)) / (double)_keep.Sum(k => k.Length);

    public Perceptron Copy() =>
        new([.. _weights.Select(w => Tensor.From(w.ToArray(), w.Shape))], [.. _biases.Select(b => Tensor.From(b.ToArray(), b.Shape))]);

    public void Train(Data data, int count)
    {
        Tensor[] all = [.. _weights, .. _biases];
        var (x, classes) = (Tensor.From(data.Points, data.Classes.Length, data.Points.Length / data.Classes.Length),
            Tensor.From(data.Classes, data.Classes.Length));
        for (var i = 0; i < count; i++)
        {
            using var scope = new TensorScope();
            foreach (var tensor in all)
                tensor.ClearGrad();
            Logits(x).CrossEntropy(classes).Backward();
            Optimizers.AdamWStep(all, [.. all.Select(t => t.Grad)], _first, _second, ++_steps, 5e-3f, 0.9f, 0.99f, 1e-8f, 0);
            Mask();
        }
    }

    public double Accuracy(Data data)
    {
        using var noGrad = new NoGrad();
        var best = Logits(Tensor.From(data.Points, data.Classes.Length, data.Points.Length / data.Classes.Length)).ArgMax(-1).ToIntArray();
        return best.Zip(data.Classes).Count(p => p.First == p.Second) / (double)best.Length;
    }

    /// <summary>The smallest weights of all three matrices together go.</summary>
    public void Prune(double sparsity)
    {
        var all = _weights.SelectMany(w => w.ToArray().Select(MathF.Abs)).ToArray();
        var stays = new bool[all.Length];
        PruningPattern.Share(sparsity).Mark(all, stays);
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
