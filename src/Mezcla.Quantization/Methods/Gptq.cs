using Mezcla.Quantization.Formats;

namespace Mezcla.Quantization.Methods;

/// <summary>
/// GPTQ (Frantar et al. 2023, algorithm 1): columns are rounded in order, and the columns that are not yet rounded are adjusted to
/// compensate each rounding error. The scales of a group are chosen when the first of its columns is reached. A row whose output error is
/// not
/// smaller than with rounding to nearest is rounded to nearest.
/// </summary>
public sealed record Gptq : QuantizationMethod
{
    /// <inheritdoc/>
    public override string Name => ActOrder ? "gptq-act-order" : "gptq";

    /// <summary>The damping λ as a fraction of the mean of the Hessian's diagonal.</summary>
    public double Damping { get; init; } = 0.01;

    /// <summary>Columns whose updates are applied at once; raised to whole units of the format.</summary>
    public int Block { get; init; } = 128;

    /// <summary>Whether columns with the largest inputs are rounded first. All scales are then chosen in advance, because the columns of a
    /// group are no longer rounded one after another.</summary>
    public bool ActOrder { get; init; }

    /// <inheritdoc/>
    public override bool Supports(NumberFormat format, int columns) =>
        (format is Q8_0 or Q4_0 or Q4_1 or Q4_K or Q6_K or IntegerFormat) && MatrixCodec.ByRow(format, columns)
        && (format is not IntegerFormat { Group: > 0 } integer || columns % integer.Group == 0);

    /// <inheritdoc/>
    public override byte[] Quantize(MatrixProblem problem)
    {
        var (rows, columns) = (problem.Rows, problem.Columns);
        var inputs = problem.Inputs ?? throw new ArgumentException($"{problem.Name}: GPTQ needs calibration.", nameof(problem));
        var grid = CodeGrid.For(problem.Format, columns, problem.Name);
        var nearest = MatrixCodec.Encode(problem.Format, rows, columns, problem.Weights, problem.Name);
        var order = Enumerable.Range(0, columns).ToArray();
        if (ActOrder)
            order = [.. order.OrderByDescending(j => inputs.Gram[j * columns + j])];

        var unitBytes = nearest.Length / rows / (columns / grid.Unit);
        var encoded = (byte[])nearest.Clone();
        var (scales, offsets, codes) = (new float[rows * columns], new float[rows * columns], new int[rows * columns]);
        var weights = new float[rows * columns];
        for (var row = 0; row < rows; row++)
        {
            for (var place = 0; place < columns; place++)
                weights[row * columns + place] = problem.Weights[row * columns + order[place]];
            if (!ActOrder)
                continue;
            for (var column = 0; column < columns; column += grid.Unit)
                ReadSteps(row, column);
        }

        ErrorSpreading.From(inputs, Damping, order)
            .Run(weights, Math.Max(1, (Block + grid.Unit - 1) / grid.Unit) * grid.Unit, null, (row, place, w) =>
            {
                var column = order[place];
                if (!ActOrder && column % grid.Unit == 0)
                {
                    grid.Choose(w.Slice(column, grid.Unit),
                        encoded.AsSpan((row * (columns / grid.Unit) + column / grid.Unit) * unitBytes, unitBytes), problem.Name);
                    ReadSteps(row, column);
                }
                var (scale, offset) = (scales[row * columns + column], offsets[row * columns + column]);
                var code = scale == 0
                    ? Math.Clamp(0, grid.Range.Low, grid.Range.High)
                    : (int)Math.Clamp(MathF.Round((w[place] - offset) / scale), grid.Range.Low, grid.Range.High);
                codes[row * columns + column] = code;
                return scale * code + offset;
            });

        for (var unit = 0; unit < rows * (columns / grid.Unit); unit++)
            grid.SetCodes(encoded.AsSpan(unit * unitBytes, unitBytes), codes.AsSpan(unit * grid.Unit, grid.Unit));
        KeepBetterRows(problem, inputs, nearest, encoded);
        return encoded;

        void ReadSteps(int row, int column) => grid.Steps(
            encoded.AsSpan((row * (columns / grid.Unit) + column / grid.Unit) * unitBytes, unitBytes),
            scales.AsSpan(row * columns + column, grid.Unit), offsets.AsSpan(row * columns + column, grid.Unit));
    }

    private static void KeepBetterRows(MatrixProblem problem, InputStatistics inputs, byte[] nearest, byte[] encoded)
    {
        var (columns, rowBytes) = (problem.Columns, nearest.Length / problem.Rows);
        var plain = MatrixCodec.Decode(problem.Format, problem.Rows, columns, nearest);
        var spread = MatrixCodec.Decode(problem.Format, problem.Rows, columns, encoded);
        for (var i = 0; i < plain.Length; i++)
        {
            plain[i] -= problem.Weights[i];
            spread[i] -= problem.Weights[i];
        }
        for (var row = 0; row < problem.Rows; row++)
            if (!(inputs.SquaredError(spread.AsSpan(row * columns, columns)) <= inputs.SquaredError(plain.AsSpan(row * columns, columns))))
                nearest.AsSpan(row * rowBytes, rowBytes).CopyTo(encoded.AsSpan(row * rowBytes));
    }
}
