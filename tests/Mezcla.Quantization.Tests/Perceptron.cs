using Mezcla.Quantization.Pruning;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Tests;

/// <summary>Three linear layers with ReLU between, trained by AdamW on all points at once, whose weights can be masked.</summary>
internal sealed class Perceptron
{
    public sealed record Data(float[] Points, int[] Classes);

    private readonly Tensor[] weights, biases, first, second;
    private readonly bool[][] keep;
    private int steps;

    public Perceptron(int inputs, int hidden, int outputs, RandomStream random) : this([Tensor.Normal(random, 0, 1, hidden, inputs), Tensor.Normal(random, 0, 0.18f, hidden, hidden), Tensor.Normal(random, 0, 0.18f, outputs, hidden)], null)
    {
    }

    private Perceptron(Tensor[] weights, Tensor[]? biases)
    {
        this.weights = weights;
        this.biases = biases ?? [.. weights.Select(w => Tensor.Zeros(w.Size(0)))];
        foreach (var tensor in this.weights.Concat(this.biases)) tensor.RequiresGrad = true;
        first = [.. this.weights.Concat(this.biases).Select(t => Tensor.Zeros(t.Shape))];
        second = [.. this.weights.Concat(this.biases).Select(t => Tensor.Zeros(t.Shape))];
        keep = [.. weights.Select(w => Enumerable.Repeat(true, (int)w.Count).ToArray())];
    }

    public double Sparsity => keep.Sum(k => k.Count(x => !x)) / (double)keep.Sum(k => k.Length);

    public Perceptron Copy() => new([.. weights.Select(w => Tensor.From(w.ToArray(), w.Shape))], [.. biases.Select(b => Tensor.From(b.ToArray(), b.Shape))]);

    public void Train(Data data, int count)
    {
        Tensor[] all = [.. weights, .. biases];
        var (x, classes) = (Tensor.From(data.Points, data.Classes.Length, data.Points.Length / data.Classes.Length), Tensor.From(data.Classes, data.Classes.Length));
        for (var i = 0; i < count; i++)
        {
            using var scope = new TensorScope();
            foreach (var tensor in all) tensor.ClearGrad();
            Logits(x).CrossEntropy(classes).Backward();
            Optimizers.AdamWStep(all, [.. all.Select(t => t.Grad)], first, second, ++steps, 5e-3f, 0.9f, 0.99f, 1e-8f, 0);
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
        var all = weights.SelectMany(w => w.ToArray().Select(MathF.Abs)).ToArray();
        var stays = new bool[all.Length];
        PruningPattern.Share(sparsity).Mark(all, stays);
        for (int i = 0, at = 0; i < keep.Length; at += keep[i++].Length) stays.AsSpan(at, keep[i].Length).CopyTo(keep[i]);
        Mask();
    }

    private void Mask()
    {
        for (var i = 0; i < keep.Length; i++)
        {
            var values = weights[i].AsSpan();
            for (var j = 0; j < values.Length; j++)
                if (!keep[i][j]) values[j] = 0;
        }
    }

    private Tensor Logits(Tensor x) => x.Linear(weights[0], biases[0]).Relu().Linear(weights[1], biases[1]).Relu().Linear(weights[2], biases[2]);
}
