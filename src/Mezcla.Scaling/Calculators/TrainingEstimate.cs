namespace Mezcla.Scaling.Calculators;

/// <summary>The time and money that a training run takes.</summary>
/// <param name="Flops">Training compute.</param>
/// <param name="Chip">The chip.</param>
/// <param name="Utilization">MFU (model FLOPs utilization): the share of the chip's BF16 peak that the run achieves.</param>
/// <param name="Gpus">How many chips.</param>
/// <param name="PricePerHour">Price of a chip for an hour.</param>
public sealed record TrainingEstimate(double Flops, Chip Chip, double Utilization, double Gpus, double PricePerHour)
{
    private const double Hour = 3600;

    /// <summary>Chip-hours.</summary>
    public double GpuHours => Flops / (Chip.Bf16Flops * Utilization) / Hour;

    /// <summary>Days on all chips.</summary>
    public double Days => GpuHours / Gpus / 24;

    /// <summary>Money, in the price's currency.</summary>
    public double Cost => GpuHours * PricePerHour;

    /// <summary>MFU of a run, from its compute and its chip-hours.</summary>
    public static double UtilizationOf(double flops, double gpuHours, Chip chip) => flops / (gpuHours * Hour * chip.Bf16Flops);

    /// <summary>FLOPs that a number of chips deliver in a number of days.</summary>
    public static double FlopsOf(double gpus, double days, Chip chip, double utilization) =>
        gpus * days * 24 * Hour * chip.Bf16Flops * utilization;
}
