using Mezcla.Models;
using Mezcla.Quantization.Formats;

namespace Mezcla.Quantization.Methods;

/// <summary>One matrix that is to be written in a format.</summary>
/// <param name="Name">Its name, for errors.</param>
/// <param name="Rows">Outputs.</param>
/// <param name="Columns">Inputs.</param>
/// <param name="Weights">Row after row.</param>
/// <param name="Format">The format.</param>
/// <param name="Inputs">What calibration saw of its inputs; null where there was none.</param>
public sealed record MatrixProblem(string Name, int Rows, int Columns, float[] Weights, NumberFormat Format, InputStatistics? Inputs);

/// <summary>A way to choose the codes of a model's weights after training.</summary>
public abstract record QuantizationMethod
{
    /// <summary>The field's name.</summary>
    public abstract string Name { get; }

    /// <summary>Whether the method needs the inputs of each matrix on a calibration text.</summary>
    public virtual bool NeedsCalibration => true;

    /// <summary>Whether the method can write a matrix of so many columns in this format; if
    /// not, <see cref="PostTraining"/> rounds it to nearest.</summary>
    public virtual bool Supports(NumberFormat format, int columns) => true;

    /// <summary>Rescales a block without changing what it computes, so that rounding it causes a smaller error.</summary>
    /// <param name="block">The block's foldings, with the statistics of their inputs.</param>
    /// <param name="format">The format of each matrix; null where it stays as it is.</param>
    internal virtual void Prepare(IEnumerable<(ScaleFolding Folding, InputStatistics Inputs)> block,
        Func<ModelMatrix, NumberFormat?> format)
    { }

    /// <summary>Chooses the codes of one matrix.</summary>
    /// <returns>The matrix as <see cref="MatrixCodec"/> reads it.</returns>
    /// <exception cref="ArgumentException">A number cannot be written in the format.</exception>
    public abstract byte[] Quantize(MatrixProblem problem);

    /// <summary>The methods by name, with their usual settings.</summary>
    public static IReadOnlyList<QuantizationMethod> All { get; } = [new RoundToNearest(), new Gptq(), new Gptq { ActOrder = true },
        new Awq(), new Awq { Clip = true }, new SmoothQuant()];

    /// <summary>Finds a method by its name; upper and lower case are the same.</summary>
    /// <exception cref="ArgumentException">No method has this name; the message lists the names that exist.</exception>
    public static QuantizationMethod Parse(string name) => All.FirstOrDefault(m => m.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new ArgumentException(
            $"There is no quantization method '{name}'. There are: {string.Join(", ", All.Select(m => m.Name))}.");

    /// <inheritdoc/>
    public sealed override string ToString() => Name;
}
