using System.Globalization;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Tensors;

namespace Mezcla.Experiments.Sweeps;

/// <summary>The settings of a sweep: which models it trains, and on how many tokens.</summary>
public sealed record SweepOptions
{
    /// <summary>Active parameters of the smallest model.</summary>
    public double Smallest { get; init; } = 10e3;

    /// <summary>Active parameters of the largest model.</summary>
    public double Largest { get; init; } = 3e6;

    /// <summary>The number of sizes from the smallest to the largest, evenly spaced in the logarithm.</summary>
    public int Sizes { get; init; } = 20;

    /// <summary>Training compute of each isoFLOP curve, in FLOPs.</summary>
    public IReadOnlyList<double> Budgets { get; init; } = [1e11, 3e11, 1e12, 3e12, 1e13];

    /// <summary>The number of sizes trained at each budget, spread over the sizes that are possible there.</summary>
    public int SizesPerBudget { get; init; } = 9;

    /// <summary>Whether dense models are trained.</summary>
    public bool Dense { get; init; } = true;

    /// <summary>Whether Mixtures of Experts of the same active sizes are trained, at
    /// every second of the sizes that dense models get.</summary>
    public bool Mixture { get; init; } = true;

    /// <summary>Number of routed experts. Two of them compute each token, and each is half as wide as the dense network.</summary>
    public int Experts { get; init; } = 8;

    /// <summary>The smallest number of tokens per parameter.</summary>
    public double FewestTokensPerParameter { get; init; } = 0.5;

    /// <summary>The largest number of tokens per parameter.</summary>
    public double MostTokensPerParameter { get; init; } = 1000;

    /// <summary>How often the text may be read: repeating it up to 4 times costs little (Muennighoff et al. 2023).</summary>
    public double MostEpochs { get; init; } = 4;

    /// <summary>Tokens of a sequence.</summary>
    public int Context { get; init; } = 128;

    /// <summary>Seed of weights and batches.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Throws if a value is out of range.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names the setting and its value.</exception>
    public void Validate()
    {
        static void Check(bool holds, string what)
        {
            if (!holds)
                throw new ArgumentException($"Sweep: {what}.");
        }
        Check(Smallest >= 8e3 && Largest >= Smallest && Largest <= 1e9,
            FormattableString.Invariant($"sizes from {Smallest} to {Largest}; they must lie between 8,000 and a billion"));
        Check(Sizes is >= 1 and <= 1000, $"{Sizes} sizes; 1 to 1000 are possible");
        Check(SizesPerBudget >= 1, $"{SizesPerBudget} sizes at a budget; at least 1 is needed");
        Check(Budgets.Count > 0 && Budgets.All(budget => budget > 0 && double.IsFinite(budget)),
            "every budget must be a number of FLOPs above zero");
        Check(Dense || Mixture, "neither dense models nor mixtures are asked for");
        Check(Experts is >= 2 and <= 4096, $"{Experts} experts; 2 to 4096 are possible");
        Check(Context is >= 8 and <= 4096, $"a context of {Context}; 8 to 4096 are possible");
    }
}

/// <summary>One training of a sweep.</summary>
/// <param name="Key">Identifies the training: the same training has the same key in every sweep.</param>
/// <param name="Model">The shape.</param>
/// <param name="Budget">The training compute that was planned, in FLOPs.</param>
/// <param name="Batch">Sequences in a step.</param>
/// <param name="Steps">Optimizer steps.</param>
/// <param name="LearningRate">Peak learning rate.</param>
/// <param name="Seed">Seed of weights and batches.</param>
public sealed record SweepRun(string Key, TransformerConfig Model, double Budget, int Batch, int Steps, float LearningRate, ulong Seed)
{
    /// <summary>Tokens trained on.</summary>
    public long Tokens => (long)Batch * Model.ContextLength * Steps;

    /// <summary>Training FLOPs, counted matrix by matrix.</summary>
    public double Flops => FlopCount.Of(Model).TrainingPerToken * Tokens;

    /// <summary>
    /// The model with its initial weights. The standard deviation of a matrix is one over the square root of its number of inputs, and is
    /// scaled further with the depth for matrices that add to the residual stream; the embedding uses the same rule. GPT-2's 0.02 was
    /// chosen for a width of 768. At a width of 16 it is so small that a model learns only the frequencies of bytes for hundreds of steps.
    /// </summary>
    public Transformer CreateModel()
    {
        const float Drawn = 0.02f;
        var model = new Transformer(Model, new RandomStream(Seed));
        foreach ((_, Tensor weights) in model.NamedParameters())
        {
            if (weights.Rank < 2)
                continue;
            var factor = 1 / (Drawn * MathF.Sqrt(weights.Size(weights.Rank - 1)));
            Module.Assign(weights, [.. weights.ToArray().Select(weight => weight * factor)]);
        }

        return model;
    }
}

/// <summary>The grid of a sweep: model shapes of evenly spaced sizes, and for every budget the token counts that use it up.</summary>
public static class SweepPlan
{
    /// <summary>Token ids are bytes.</summary>
    internal const int Vocabulary = 256;
    private const int HeadSize = 16;
    private const int WantedSteps = 800;
    private const int LargestBatch = 16;

    /// <summary>All trainings, cheapest budget first.</summary>
    /// <param name="options">The grid.</param>
    /// <param name="trainingTokens">How many tokens of training text there are.</param>
    public static IReadOnlyList<SweepRun> Create(SweepOptions options, long trainingTokens)
    {
        options.Validate();
        TransformerConfig[] shapes = [.. Shapes(options)];
        var runs = new List<SweepRun>();
        foreach (var budget in options.Budgets.Order())
        {
            SweepRun[] sensible = [.. shapes.Select(shape => Run(shape, budget, options)).OfType<SweepRun>()
                .Where(run => Sensible(run, options, trainingTokens))];
            SweepRun[] chosen = Spread(sensible, options.SizesPerBudget);
            if (options.Dense)
                runs.AddRange(chosen);
            if (options.Mixture)
                runs.AddRange(chosen.Where((_, i) => i % 2 == 0)
                    .Select(run => Run(WithExperts(run.Model, options.Experts), budget, options)).OfType<SweepRun>());
        }

        return [.. runs.DistinctBy(run => run.Key)];
    }

    /// <summary>The dense shapes: for every size, the width and depth whose parameter count is nearest.</summary>
    internal static IEnumerable<TransformerConfig> Shapes(SweepOptions options)
    {
        TransformerConfig[] candidates = [.. from width in Enumerable.Range(1, 128).Select(i => i * HeadSize)
                                             from layers in Enumerable.Range(1, 64)
                                             where width >= 4 * layers && width <= 24 * layers
                                             select Dense(width, layers, options.Context)];
        var counted = candidates.Select(config => (config, size: Math.Log(ParameterCount.Of(config).Active))).ToArray();
        var step = options.Sizes == 1 ? 0 : Math.Log(options.Largest / options.Smallest) / (options.Sizes - 1);
        return Enumerable.Range(0, options.Sizes).Select(i => Math.Log(options.Smallest) + i * step)
            .Select(size => counted.MinBy(candidate => Math.Abs(candidate.size - size)).config).Distinct();
    }

    /// <summary>The same model with experts of half the width instead of its
    /// feed-forward networks; two experts compute each token.</summary>
    internal static TransformerConfig WithExperts(TransformerConfig dense, int experts) => dense with
    {
        Name = "moe" + dense.Name["dense".Length..],
        MixtureOfExperts = new()
        {
            Experts = experts,
            TopK = 2,
            Expert = dense.FeedForward with { IntermediateSize = dense.FeedForward.IntermediateSize / 2 }
        },
    };

    private static TransformerConfig Dense(int width, int layers, int context) => new()
    {
        Name = FormattableString.Invariant($"dense-{layers}x{width}"),
        VocabularySize = Vocabulary,
        ContextLength = context,
        Layers = layers,
        HiddenSize = width,
        Attention = new() { Heads = width / HeadSize, KeyValueHeads = width / HeadSize, HeadSize = HeadSize },
        FeedForward = new(width * 8 / 3 / 8 * 8, Activation.Silu, Gated: true),
        Positions = new(PositionKind.Rotary),
        Norm = new(NormKind.RmsNorm, 1e-5f, Bias: false),
        TiedHead = true,
    };

    private static SweepRun? Run(TransformerConfig model, double budget, SweepOptions options)
    {
        var sequences = budget / (FlopCount.Of(model).TrainingPerToken * options.Context);
        if (sequences < 8)
            return null;
        var batch = (int)Math.Clamp(sequences / WantedSteps, 1, LargestBatch);
        var steps = (int)Math.Min(int.MaxValue, Math.Round(sequences / batch));

        // Adam's best learning rate is proportional to one over the width (Yang et al. 2022); small batches have noisier gradients and need
        // smaller steps. The constant was chosen by trying several values on widths of 16 to 64.
        var rate = 0.48f / model.HiddenSize * MathF.Min(1, MathF.Sqrt(batch / 8f));
        var key = string.Create(CultureInfo.InvariantCulture,
            $"{model.Name}-e{model.MixtureOfExperts?.Experts ?? 0}-c{options.Context}-b{batch}x{steps}-s{options.Seed}");
        return new(key, model, budget, batch, steps, rate, options.Seed);
    }

    private static bool Sensible(SweepRun run, SweepOptions options, long trainingTokens)
    {
        var ratio = run.Tokens / (double)ParameterCount.Of(run.Model).Active;
        return ratio >= options.FewestTokensPerParameter && ratio <= options.MostTokensPerParameter
            && run.Tokens <= options.MostEpochs * trainingTokens;
    }

    private static SweepRun[] Spread(SweepRun[] runs, int most) => runs.Length <= most
        ? runs
        : [.. Enumerable.Range(0, most)
            .Select(i => runs[most == 1 ? runs.Length / 2 : (int)Math.Round(i * (runs.Length - 1.0) / (most - 1))]).Distinct()];
}
