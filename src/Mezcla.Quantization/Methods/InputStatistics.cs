using Mezcla.Tensors.Devices.Cpu;

namespace Mezcla.Quantization.Methods;

/// <summary>What calibration keeps of a matrix's inputs X [n, columns]: enough for the squared error of any change of the weights, ‖X·ΔWᵀ‖² = tr(ΔW·XᵀX·ΔWᵀ).</summary>
/// <param name="columns">Inputs of the matrix.</param>
public sealed unsafe class InputStatistics(int columns)
{
    private readonly float[] gram = new float[checked(columns * columns)];
    private readonly double[] sums = new double[columns];
    private readonly float[] largest = new float[columns];

    /// <summary>Inputs of the matrix.</summary>
    public int Columns { get; } = columns;

    /// <summary>Rows of X.</summary>
    public long Count { get; private set; }

    /// <summary>XᵀX [columns, columns].</summary>
    public ReadOnlySpan<float> Gram => gram;

    /// <summary>The largest |x| of each column.</summary>
    public IReadOnlyList<float> Largest => largest;

    /// <summary>The mean |x| of each column; zero before the first row.</summary>
    public float[] MeanMagnitudes() => [.. sums.Select(s => (float)(s / Math.Max(1, Count)))];

    /// <summary>The Euclidean norm ‖X_j‖₂ of each column.</summary>
    public float[] Norms() => [.. Enumerable.Range(0, Columns).Select(j => MathF.Sqrt(gram[j * Columns + j]))];

    /// <summary>Adds rows.</summary>
    public void Add(ReadOnlySpan<float> x)
    {
        var rows = x.Length / Columns;
        if (rows * Columns != x.Length) throw new ArgumentException($"{x.Length} numbers are no rows of {Columns}.", nameof(x));
        if (rows == 0) return;
        fixed (float* from = x, to = gram) Gemm.Multiply(true, false, Columns, Columns, rows, 1, from, Columns, from, Columns, 1, to, Columns);
        for (var i = 0; i < x.Length; i++)
        {
            var magnitude = MathF.Abs(x[i]);
            sums[i % Columns] += magnitude;
            largest[i % Columns] = Math.Max(largest[i % Columns], magnitude);
        }
        Count += rows;
    }

    /// <summary>tr(D·XᵀX·Dᵀ) of some rows D: the squared error that adding D to the weights makes in all outputs.</summary>
    public double SquaredError(ReadOnlySpan<float> difference)
    {
        var rows = difference.Length / Columns;
        var product = new float[difference.Length];
        fixed (float* d = difference, g = gram, p = product) Gemm.Multiply(false, false, rows, Columns, Columns, 1, d, Columns, g, Columns, 0, p, Columns);
        var sum = 0.0;
        for (var i = 0; i < product.Length; i++) sum += (double)product[i] * difference[i];
        return Math.Max(0, sum);
    }
}
