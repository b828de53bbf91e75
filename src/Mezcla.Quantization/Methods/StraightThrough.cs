using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Layers;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Methods;

/// <summary>
/// Quantization-aware training: every forward pass uses rounded weights, and gradients pass the rounding as if it were not there (the
/// straight-through estimator, Bengio et al. 2013), w + (q(w) − w) with the bracket held constant. With <see cref="Ternary"/> weights and
/// activations of 8 bits a token it is BitNet b1.58's training (Ma et al. 2024). Dispose it to train or run without rounding again.
/// </summary>
public sealed class StraightThrough : IDisposable
{
    private readonly IReadOnlyList<ModelMatrix> _matrices;
    private readonly Func<ModelMatrix, NumberFormat?> _format;
    private readonly TemporaryModules _rounded;

    /// <summary>Makes a model round its weights from now on.</summary>
    /// <param name="model">The model, on the CPU. Its token table is not rounded.</param>
    /// <param name="format">The format of each matrix; null for none. All experts of a layer have the format of its first.</param>
    /// <param name="activationBits">Bits that the inputs of these matrices are rounded to, with one scale per token, taken from its largest
    /// magnitude; 0 leaves them as they are.</param>
    public StraightThrough(Transformer model, Func<ModelMatrix, NumberFormat?> format, int activationBits = 0)
    {
        if (activationBits is not (0 or (>= 2 and <= 8)))
            throw new ArgumentOutOfRangeException(nameof(activationBits), activationBits,
                "Activations can be rounded to 2 to 8 bits; 0 leaves them as they are.");
        _matrices = [.. ModelMatrix.Of(model).Where(m => m.Role != MatrixRole.Embedding && format(m) is not null)];
        _format = format;
        Func<Tensor, Tensor>? inputs = activationBits == 0 ? null : x => RoundRows(x, activationBits);
        _rounded = new TemporaryModules(model);
        foreach (var matrix in _matrices.DistinctBy(m => m.OwnerName))
        {
            var number = format(matrix)!;
            Func<Tensor, Tensor> weights = w => RoundMatrices(w, number, matrix.Name);
            switch (matrix.Owner)
            {
                case Linear linear:
                    _rounded.Put(matrix.OwnerName, linear, new RoundedLinear(linear, weights, inputs));
                    break;
                case GroupedLinear experts:
                    _rounded.Put(matrix.OwnerName, experts, new RoundedGroupedLinear(experts, weights, inputs));
                    break;
            }
        }
    }

    /// <summary>The usual rounding for a format given by name: all matrices of the blocks,
    /// and with ternary weights activations in 8 bits as well.</summary>
    /// <param name="model">The model, on the CPU.</param>
    /// <param name="format">The format's name.</param>
    /// <param name="activationBits">Bits of activations, 0 for none; null for what goes with the format.</param>
    /// <exception cref="ArgumentException">There is no such format, or it does not fit a matrix.</exception>
    public static StraightThrough Of(Transformer model, string format, int? activationBits = null)
    {
        var number = NumberFormats.Parse(format);
        var rounding = new StraightThrough(model,
            m => m.Role is MatrixRole.Attention or MatrixRole.Network or MatrixRole.Expert ? number : null,
            activationBits ?? (number is Ternary ? 8 : 0));
        try
        {
            rounding.Errors();
            return rounding;
        }
        catch
        {
            rounding.Dispose();
            throw;
        }
    }

    /// <summary>Each matrix with the rounding error of its weights: the root of the mean squared difference between the rounded and the
    /// unrounded weights, relative to the root mean square of the unrounded ones.</summary>
    public IReadOnlyList<(ModelMatrix Matrix, NumberFormat Format, double WeightError)> Errors() => [.. _matrices.Select(matrix =>
    {
        var (number, weights) = (_format(matrix)!, matrix.Read());
        return (matrix, number,
            PostTraining.WeightError(weights, MatrixCodec.Round(number, matrix.Rows, matrix.Columns, weights, matrix.Name)));
    })];

    /// <summary>Overwrites the weights with their rounded values.</summary>
    public void Bake()
    {
        foreach (var matrix in _matrices)
            matrix.Write(MatrixCodec.Round(_format(matrix)!, matrix.Rows, matrix.Columns, matrix.Read(), matrix.Name));
    }

    /// <summary>Ends the rounding: from now on the model computes with its unrounded weights.</summary>
    public void Dispose() => _rounded.Dispose();

    /// <summary>w + (q(w) − w), which has the rounded values and passes the gradient to w unchanged.</summary>
    private static Tensor RoundMatrices(Tensor w, NumberFormat format, string name)
    {
        int rows = w.Size(-2), columns = w.Size(-1);
        var change = w.AsReadOnlySpan().ToArray();
        for (var at = 0; at < change.Length; at += rows * columns)
        {
            var part = change.AsSpan(at, rows * columns);
            var rounded = MatrixCodec.Round(format, rows, columns, part, name);
            for (var i = 0; i < rounded.Length; i++)
                part[i] = rounded[i] - part[i];
        }
        return w + Tensor.From(change, w.Shape);
    }

    private static Tensor RoundRows(Tensor x, int bits)
    {
        var (columns, top) = (x.Size(-1), (1 << bits - 1) - 1);
        var change = x.AsReadOnlySpan().ToArray();
        for (var at = 0; at < change.Length; at += columns)
        {
            var row = change.AsSpan(at, columns);
            var largest = 0f;
            foreach (var value in row)
                largest = Math.Max(largest, MathF.Abs(value));
            var scale = largest / top;
            for (var i = 0; i < columns; i++)
                row[i] = scale > 0 ? MathF.Round(row[i] / scale) * scale - row[i] : 0;
        }
        return x + Tensor.From(change, x.Shape);
    }
}
