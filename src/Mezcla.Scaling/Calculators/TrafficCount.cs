using Mezcla.Models;

namespace Mezcla.Scaling.Calculators;

/// <summary>
/// Bytes that processes exchange in one step of a training, counted from the shape of the model. What a training over MPI really sends is
/// compared with these counts by its tests.
/// </summary>
public static class TrafficCount
{
    private const int Word = sizeof(float);

    /// <summary>
    /// Bytes that one process sends to add up gradients over n processes, by a reduce-scatter and an all-gather: 2·(n - 1)/n for each byte
    /// of gradient, the least possible (Patarasuk and Yuan 2009, "Bandwidth optimal all-reduce algorithms").
    /// </summary>
    /// <param name="parameters">The number of parameters whose gradients are added up, in float32.</param>
    /// <param name="processes">n.</param>
    public static double Gradients(double parameters, int processes) => 2.0 * (processes - 1) / processes * parameters * Word;

    /// <summary>
    /// Bytes that one process sends for experts that are spread over n processes: in each layer, each token's vector goes to k experts and
    /// comes back, and so does its gradient. Of evenly spread tokens, (n - 1)/n go to another process.
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="tokens">The number of tokens that the process computes in a step.</param>
    /// <param name="processes">n.</param>
    public static double Experts(TransformerConfig config, double tokens, int processes) => config.MixtureOfExperts is not { } mixture ? 0
        : 4.0 * LayersWithExperts(config) * mixture.TopK * tokens * config.HiddenSize * Word * (processes - 1) / processes;

    /// <summary>The number of blocks that have experts.</summary>
    public static int LayersWithExperts(TransformerConfig config) => Enumerable.Range(0, config.Layers).Count(config.IsMixtureOfExperts);
}
