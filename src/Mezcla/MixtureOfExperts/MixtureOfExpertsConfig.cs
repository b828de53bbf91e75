using System.Text.Json.Serialization;

namespace Mezcla.MixtureOfExperts;

/// <summary>A Mixture of Experts that replaces a dense feed-forward network.</summary>
public sealed record MixtureOfExpertsConfig
{
    /// <summary>Number of routed experts, E.</summary>
    public required int Experts { get; init; }

    /// <summary>Number of routed experts that a token uses, k.</summary>
    public required int TopK { get; init; }

    /// <summary>The network of one routed expert.</summary>
    public required FeedForwardConfig Expert { get; init; }

    /// <summary>Number of experts that every token uses; together they are one network of this many times the expert's width.</summary>
    public int SharedExperts { get; init; }

    /// <summary>Whether the output of the shared experts is multiplied by σ(w·x) with a learned vector w (Qwen2-MoE).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool SharedGate { get; init; }

    /// <summary>Whether the router's linear map has a bias.</summary>
    public bool RouterBias { get; init; }

    /// <summary>
    /// The precision of the router: float32 (Switch Transformer, section 2.4), or bfloat16 to measure its effect: the router's inputs,
    /// weights and logits are then rounded.
    /// </summary>
    public DType RouterPrecision { get; init; }

    /// <summary>Number of blocks at the start that stay dense (DeepSeek).</summary>
    public int FirstDenseLayers { get; init; }

    /// <summary>One block in this many has experts: 1 for all, 2 for every second (GLaM, Llama 4 Maverick).</summary>
    public int Period { get; init; } = 1;

    /// <summary>How tokens choose experts.</summary>
    public Routing Routing { get; init; } = new TopKSoftmaxRouting();

    /// <summary>The losses and the bias that balance the load in training.</summary>
    public BalanceConfig Balance { get; init; } = new();

    /// <summary>The limit on the tokens that an expert takes; null for no limit (dropless).</summary>
    public CapacityConfig? Capacity { get; init; }
}
