namespace Mezcla.Quantization.Methods;

/// <summary>Rounds each weight with the format's own rounding and ignores the inputs.</summary>
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
