namespace Mezcla.Quantization.Methods;

/// <summary>Each weight by the format's own rounding, whatever its inputs are.</summary>
public sealed record RoundToNearest : QuantizationMethod
{
    /// <inheritdoc/>
    public override string Name => "rtn";

    /// <inheritdoc/>
    public override bool NeedsCalibration => false;

    /// <inheritdoc/>
    public override byte[] Quantize(MatrixProblem problem) =>
        MatrixCodec.Encode(problem.Format, problem.Rows, problem.Columns, problem.Weights, problem.Name);
}
