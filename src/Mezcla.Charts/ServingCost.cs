namespace Mezcla.Charts;

/// <summary>
/// The least that a step of writing can take and cost, by the roofline: weights and caches are read once, and reading overlaps with
/// arithmetic. Communication between GPUs is left out, and tokens are taken to choose experts at random.
/// </summary>
public sealed record ServingCost
{
    /// <summary>Computes it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="state">How it is served.</param>
    public ServingCost(ServingModel model, ServingState state)
    {
        double shared = model.Shared(state.KeyValueHeads), bytes = state.Bits / 8;
        var touched = 1 - Math.Pow(1 - (double)model.TopK / model.Experts, state.Conversations);
        var cache = (double)state.Conversations * state.Tokens * model.CacheBytesPerToken(state.KeyValueHeads);
        var used = shared + model.ExpertWeights * model.TopK / model.Experts;
        var scores = 4.0 * model.Layers * model.Heads * model.HeadSize * (state.Tokens + 1);
        double bandwidth = state.Gpus * state.Chip.Bandwidth, flops = state.Gpus * state.Chip.Flops;
        WeightSeconds = (shared + model.ExpertWeights * touched) * bytes / bandwidth;
        CacheSeconds = cache / bandwidth;
        ArithmeticSeconds = state.Conversations * (2 * used + scores) / flops;
        WeightBytes = (shared + model.Stored + model.ExpertWeights) * bytes;
        CacheBytes = cache;
        MemoryBytes = state.Gpus * state.Chip.MemoryBytes;
        TokensPerSecond = state.Conversations / Seconds;
        DollarsPerThousand = 1000 * state.Gpus * state.Price / 3600 / TokensPerSecond;
    }

    /// <summary>Seconds to read the weights that a step needs.</summary>
    public double WeightSeconds { get; }

    /// <summary>Seconds to read all caches.</summary>
    public double CacheSeconds { get; }

    /// <summary>Seconds of arithmetic.</summary>
    public double ArithmeticSeconds { get; }

    /// <summary>Seconds of a step: reading or arithmetic, whichever takes longer.</summary>
    public double Seconds => Math.Max(WeightSeconds + CacheSeconds, ArithmeticSeconds);

    /// <summary>Bytes that the weights take in memory.</summary>
    public double WeightBytes { get; }

    /// <summary>Bytes that the caches take in memory.</summary>
    public double CacheBytes { get; }

    /// <summary>Bytes of memory that there are.</summary>
    public double MemoryBytes { get; }

    /// <summary>Whether weights and caches fit into the memory.</summary>
    public bool Fits => WeightBytes + CacheBytes <= MemoryBytes;

    /// <summary>Tokens in a second, all conversations together.</summary>
    public double TokensPerSecond { get; }

    /// <summary>Dollars for a thousand tokens.</summary>
    public double DollarsPerThousand { get; }
}
