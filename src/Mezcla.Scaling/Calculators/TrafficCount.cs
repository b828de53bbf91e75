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
    /// <param name="parameters">The number of parameters whose gradients are added up.</param>
    /// <param name="processes">n.</param>
    /// <param name="bytes">Bytes of a number; float32 has 4.</param>
    public static double Gradients(double parameters, int processes, int bytes = Word) =>
        2.0 * (processes - 1) / processes * parameters * bytes;

    /// <summary>
    /// Bytes that one process sends for experts that are spread over n processes: in each layer, each token's vector goes to k experts and
    /// comes back, and so does its gradient. Of evenly spread tokens, (n - 1)/n go to another process.
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="tokens">The number of tokens that the process computes in a step.</param>
    /// <param name="processes">n.</param>
    /// <param name="bytes">Bytes of a number; float32 has 4.</param>
    public static double Experts(TransformerConfig config, double tokens, int processes, int bytes = Word) =>
        config.MixtureOfExperts is not { } mixture ? 0
            : 4.0 * LayersWithExperts(config) * mixture.TopK * tokens * config.HiddenSize * bytes * (processes - 1) / processes;

    /// <summary>
    /// Bytes that one process sends if n processes divide the matrices of every layer among them (tensor parallel): the vectors of all
    /// tokens are added up twice in each layer, after attention and after the network, and their gradients twice on the way back
    /// (Shoeybi et al. 2019, "Megatron-LM", figure 4).
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="tokens">The number of tokens that the processes compute together.</param>
    /// <param name="processes">n.</param>
    /// <param name="bytes">Bytes of a number; float32 has 4.</param>
    public static double Tensor(TransformerConfig config, double tokens, int processes, int bytes = Word) =>
        4.0 * config.Layers * Gradients(tokens * config.HiddenSize, processes, bytes);

    /// <summary>
    /// Bytes that a process in the middle sends if the layers are divided among n processes, one after another (pipeline parallel): each
    /// token's vector to the next and its gradient to the one before (Huang et al. 2019, "GPipe"). The first and the last send half.
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="tokens">The number of tokens in a step.</param>
    /// <param name="processes">n.</param>
    /// <param name="bytes">Bytes of a number; float32 has 4.</param>
    public static double Pipeline(TransformerConfig config, double tokens, int processes, int bytes = Word) =>
        processes == 1 ? 0 : 2.0 * tokens * config.HiddenSize * bytes;

    /// <summary>The number of blocks that have experts.</summary>
    public static int LayersWithExperts(TransformerConfig config) => Enumerable.Range(0, config.Layers).Count(config.IsMixtureOfExperts);
}
