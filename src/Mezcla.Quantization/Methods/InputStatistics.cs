using Mezcla.Tensors.Cpu;

namespace Mezcla.Quantization.Methods;

/// <summary>The statistics of a matrix's inputs X [n, columns] that calibration keeps. They suffice to compute the squared error of any
/// change of the weights, ‖X·ΔWᵀ‖² = tr(ΔW·XᵀX·ΔWᵀ).</summary>
/// <param name="columns">Inputs of the matrix.</param>
public sealed unsafe class InputStatistics(int columns)
{
    private readonly float[] _gram = new float[checked(columns * columns)];
    private readonly double[] _sums = new double[columns];
    private readonly float[] _largest = new float[columns];
    private readonly List<float[]> _sample = [];

    /// <summary>Inputs of the matrix.</summary>
    public int Columns { get; } = columns;

    /// <summary>Rows of X.</summary>
    public long Count { get; private set; }

    /// <summary>XᵀX [columns, columns].</summary>
    public ReadOnlySpan<float> Gram => _gram;

    /// <summary>The largest |x| of each column.</summary>
    public IReadOnlyList<float> Largest => _largest;

    /// <summary>The first rows of X, at most <see cref="SampleRows"/>, for measuring the error that rounding the inputs makes.</summary>
    public IReadOnlyList<float[]> Sample => _sample;

    /// <summary>The number of rows of X that are kept.</summary>
    public const int SampleRows = 64;

    /// <summary>The mean |x| of each column; zero before the first row.</summary>
    public float[] MeanMagnitudes() => [.. _sums.Select(s => (float)(s / Math.Max(1, Count)))];

    /// <summary>The Euclidean norm ‖X_j‖₂ of each column.</summary>
    public float[] Norms() => [.. Enumerable.Range(0, Columns).Select(j => MathF.Sqrt(_gram[j * Columns + j]))];

    /// <summary>Adds rows.</summary>
    public void Add(ReadOnlySpan<float> x)
    {
        var rows = x.Length / Columns;
        if (rows * Columns != x.Length)
            throw new ArgumentException($"{x.Length} numbers do not divide into rows of {Columns}.", nameof(x));
        if (rows == 0)
            return;
        fixed (float* from = x, to = _gram)
            Gemm.Multiply(true, false, Columns, Columns, rows, 1, from, Columns, from, Columns, 1, to, Columns);
        for (var i = 0; i < x.Length; i++)
        {
            var magnitude = MathF.Abs(x[i]);
            _sums[i % Columns] += magnitude;
            _largest[i % Columns] = Math.Max(_largest[i % Columns], magnitude);
        }
        for (var row = 0; row < rows && _sample.Count < SampleRows; row++)
            _sample.Add(x.Slice(row * Columns, Columns).ToArray());
        Count += rows;
    }

    /// <summary>Divides the recorded inputs by scales, to match a <see cref="ScaleFolding"/> that divides the inputs themselves.</summary>
    /// <param name="scales">Positive, one for each column.</param>
    internal void Divide(ReadOnlySpan<float> scales)
    {
        for (var i = 0; i < Columns; i++)
        {
            for (var j = 0; j < Columns; j++)
                _gram[i * Columns + j] /= scales[i] * scales[j];
            _sums[i] /= scales[i];
            _largest[i] /= scales[i];
            foreach (var row in _sample)
                row[i] /= scales[i];
        }
    }

    /// <summary>tr(D·XᵀX·Dᵀ) of some rows D: the squared error that adding D to the weights makes in all outputs.</summary>
    public double SquaredError(ReadOnlySpan<float> difference) => Math.Max(0, RowErrors(difference, 0, Columns).Sum());

    /// <summary>The squared error of each row's output that a change of the weights of
    /// some columns makes, as if all other columns stayed.</summary>
    /// <param name="difference">Rows of <see cref="Columns"/>.</param>
    /// <param name="first">The first of the columns.</param>
    /// <param name="count">How many.</param>
    internal double[] RowErrors(ReadOnlySpan<float> difference, int first, int count)
    {
        var rows = difference.Length / Columns;
        var product = new float[rows * count];
        fixed (float* d = difference, g = _gram, p = product)
            Gemm.Multiply(false, false, rows, count, count, 1, d + first, Columns, g + (nint)first * Columns + first, Columns, 0, p, count);
        var errors = new double[rows];
        for (var row = 0; row < rows; row++)
            for (var j = 0; j < count; j++)
                errors[row] += (double)product[row * count + j] * difference[row * Columns + first + j];
        return errors;
    }
}
