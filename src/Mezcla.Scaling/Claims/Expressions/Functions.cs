using Mezcla.Models;
using Mezcla.Scaling.Calculators;
using Mezcla.Scaling.Laws;
using Mezcla.Scaling.Presets;

namespace Mezcla.Scaling.Claims.Expressions;

/// <summary>A function that expressions of claim files may call.</summary>
/// <param name="Signature">Its name and arguments; text arguments stand in quotes, optional ones in brackets.</param>
/// <param name="Meaning">What it returns, with the unit.</param>
public sealed record Function(string Signature, string Meaning)
{
    private readonly string[] _arguments = Signature[(Signature.IndexOf('(') + 1)..^1].Replace("[", "").Replace("]", "")
        .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The function's name, without its arguments.</summary>
    public string Name => Signature[..Signature.IndexOf('(')];

    internal Func<object[], double> Compute { get; init; } = _ => 0;

    internal int Most => _arguments.Length;

    internal int Fewest => _arguments.Length - Signature.Count(c => c == '[');

    internal bool IsText(int argument) => _arguments[argument].StartsWith('"');

    internal bool AcceptsNumber(int argument) => _arguments[argument].EndsWith("|n");
}

/// <summary>The functions of expressions: arithmetic, the presets' shapes, and the calculators and laws.</summary>
public static class Functions
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Function> All { get; } =
    [
        Make("abs(x)", "absolute value", a => Math.Abs(X(a, 0))),
        Make("sqrt(x)", "square root", a => Math.Sqrt(X(a, 0))),
        Make("ln(x)", "natural logarithm", a => Math.Log(X(a, 0))),
        Make("log10(x)", "decimal logarithm", a => Math.Log10(X(a, 0))),
        Make("log2(x)", "binary logarithm", a => Math.Log2(X(a, 0))),
        Make("exp(x)", "e to the power x", a => Math.Exp(X(a, 0))),
        Make("round(x)", "nearest integer", a => Math.Round(X(a, 0))),
        Make("floor(x)", "largest integer not above x", a => Math.Floor(X(a, 0))),
        Make("ceil(x)", "smallest integer not below x", a => Math.Ceiling(X(a, 0))),
        Make("min(x, y)", "the smaller", a => Math.Min(X(a, 0), X(a, 1))),
        Make("max(x, y)", "the larger", a => Math.Max(X(a, 0), X(a, 1))),
        Make("binomial(n, k)", "sets of k among n", a => ExpertUse.Combinations(Int(a, 0), Int(a, 1))),

        Make("params(\"model\")", "exact number of parameters", a => Count(a).Total),
        Make("active(\"model\")", "parameters that one token uses", a => Count(a).Active),
        Make("active_without_lookup(\"model\")", "the same without the input embedding", a => Count(a).ActiveWithoutLookup),
        Make("non_embedding(\"model\")", "parameters without embeddings and head", a => Count(a).NonEmbedding),
        Make("part(\"model\", \"part\")",
            "parameters of one part: token embedding, positions, attention, norms, dense feed-forward, routers, experts, shared experts, " +
                "head", Part),
        Make("layers(\"model\")", "blocks", a => Model(a).Layers),
        Make("width(\"model\")", "width of the residual stream", a => Model(a).HiddenSize),
        Make("heads(\"model\")", "query heads", a => Model(a).Attention.Heads),
        Make("kv_heads(\"model\")", "key/value heads", a => Model(a).Attention.KeyValueHeads),
        Make("context(\"model\")", "longest sequence, tokens", a => Model(a).ContextLength),
        Make("vocabulary(\"model\")", "token ids", a => Model(a).VocabularySize),
        Make("experts(\"model\")", "routed experts of a block; 0 for a dense model", a => Model(a).MixtureOfExperts?.Experts ?? 0),
        Make("top_k(\"model\")", "routed experts that a token uses; 0 for a dense model", a => Model(a).MixtureOfExperts?.TopK ?? 0),
        Make("attention_params(layers, width, kv_share)",
            "parameters of attention: (2 + 2 share) layers width^2; share 1 is multi-head, 0 multi-query",
            a => X(a, 0) * (2 + 2 * X(a, 2)) * X(a, 1) * X(a, 1)),
        Make("width_for_attention(params, layers, kv_share)", "the width that gives attention this many parameters",
            a => Math.Sqrt(X(a, 0) / (X(a, 1) * (2 + 2 * X(a, 2))))),
        Make("width_for_expert(params, layers, matrices, ratio)",
            "the width that gives one expert, all layers together, this many parameters",
            a => Math.Sqrt(X(a, 0) / (X(a, 1) * X(a, 2) * X(a, 3)))),
        Make("touched(experts, k, tokens)", "distinct experts that this many tokens use, routing uniform",
            a => ExpertUse.Touched(X(a, 0), X(a, 1), X(a, 2))),

        Make("flops_per_token(\"model\" [, context])",
            "forward FLOPs of a token, the mean over a sequence of this length; without it, of a sequence of one token",
            a => FlopCount.Of(Model(a), a.Length > 1 ? Int(a, 1) : 1).ForwardPerToken),
        Make("training_flops_per_token(\"model\" [, context])", "three times that",
            a => FlopCount.Of(Model(a), a.Length > 1 ? Int(a, 1) : 1).TrainingPerToken),
        Make("train_flops(params, tokens)", "6 N D", a => FlopCount.TrainingRule(X(a, 0), X(a, 1))),
        Make("inference_flops(params, tokens)", "2 N D", a => 2 * X(a, 0) * X(a, 1)),
        Make("weight_bytes(\"model\"|n, \"format\")", "bytes of a model, or of a number of weights, in one format",
            a => WeightFormat.Get(S(a, 1)).Bytes(a[0] is string ? Count(a).Total : X(a, 0))),
        Make("mixed_weight_bytes(\"model\", \"experts\", \"rest\")",
            "bytes with the matrices of experts in one format and the rest in another",
            a => WeightFormat.Bytes(Model(a), WeightFormat.Get(S(a, 1)), WeightFormat.Get(S(a, 2)))),
        Make("bits(\"format\")", "stored bits of a weight", a => WeightFormat.Get(S(a, 0)).BitsPerWeight),
        Make("kv_bytes_per_token(\"model\")", "bytes that a token adds to the key/value cache in 16 bits",
            a => MemoryEstimate.KeyValueBytesPerToken(Model(a))),
        Make("adam_bytes(params)", "bytes of weights, gradients and Adam in mixed precision",
            a => MemoryEstimate.MixedPrecisionAdamBytes(X(a, 0))),

        Make("peak(\"chip\")", "dense BF16 peak, FLOP/s", a => Chip.Get(S(a, 0)).Bf16Flops),
        Make("bandwidth(\"chip\")", "memory bandwidth, bytes/s", a => Chip.Get(S(a, 0)).Bandwidth),
        Make("memory(\"chip\")", "memory, bytes", a => Chip.Get(S(a, 0)).MemoryBytes),
        Make("gpu_hours(flops, \"chip\", mfu)", "chip-hours of a training run", a => Run(a).GpuHours),
        Make("days(flops, \"chip\", mfu, gpus)", "days of a training run", a => (Run(a) with { Gpus = X(a, 3) }).Days),
        Make("cost(flops, \"chip\", mfu, price)", "money for a training run, price per chip-hour",
            a => (Run(a) with { PricePerHour = X(a, 3) }).Cost),
        Make("mfu(flops, gpu_hours, \"chip\")", "share of the peak that a run reached",
            a => TrainingEstimate.UtilizationOf(X(a, 0), X(a, 1), Chip.Get(S(a, 2)))),
        Make("chip_flops(gpus, days, \"chip\", mfu)", "FLOPs that chips deliver",
            a => TrainingEstimate.FlopsOf(X(a, 0), X(a, 1), Chip.Get(S(a, 2)), X(a, 3))),
        Make("decode_tokens_per_second(\"model\", \"chip\", \"format\", batch, context, chips)",
            "bound on generation, all sequences together",
            a => InferenceEstimate.Decode(Model(a), Chip.Get(S(a, 1)), WeightFormat.Get(S(a, 2)), Int(a, 3), Int(a, 4),
                Int(a, 5)).TokensPerSecond),
        Make("decode_bytes(\"model\", \"format\", batch)", "weight bytes that one step of generation reads",
            a => InferenceEstimate.Decode(Model(a), Chip.Get("A100"), WeightFormat.Get(S(a, 1)), Int(a, 2)).Bytes),

        Make("loss(\"law\", params, tokens)", "predicted loss, nats per token", a => LossLaw(a).Evaluate(X(a, 1), X(a, 2))),
        Make("optimal_params(\"law\", flops)", "the best size", a => Law(a).Optimal(X(a, 1)).Parameters),
        Make("optimal_tokens(\"law\", flops)", "the tokens that go with it", a => Law(a).Optimal(X(a, 1)).Tokens),
        Make("optimal_loss(\"law\", flops)", "the loss there", a => LossLaw(a).Optimal(X(a, 1)).Loss!.Value),
        Make("kumar_optimal_bits()", "the bits at which to train by the precision law of Kumar et al.",
            _ => PrecisionLaw.Kumar.OptimalBits()),
        Make("kumar_effective_share(bits)", "share of parameters that training at these bits leaves, by that law",
            a => PrecisionLaw.Kumar.EffectiveShare(X(a, 0), X(a, 0), X(a, 0))),
        Make("kumar_quantization_loss(params, tokens, bits)", "loss that quantizing a trained model's weights adds, by that law",
            a => PrecisionLaw.Kumar.PostTrainingLoss(X(a, 0), X(a, 1), X(a, 2))),
        Make("hoffmann_flops(params, approach)", "FLOPs that the printed tables of Hoffmann et al. give for a size, approach 1, 2 or 3",
            a => Row(a).Compute),
        Make("hoffmann_tokens(params, approach)", "tokens that they give", a => Row(a).Tokens),
    ];

    private static readonly Dictionary<string, IAllocationLaw> Laws = new(StringComparer.OrdinalIgnoreCase)
    {
        ["hoffmann"] = ChinchillaLaw.Hoffmann,
        ["hoffmann-rounded"] = ChinchillaLaw.HoffmannRounded,
        ["besiroglu"] = ChinchillaLaw.Besiroglu,
        ["kaplan"] = Kaplan.Joint,
        ["approach-1"] = HoffmannTables.Approach1,
        ["approach-2"] = HoffmannTables.Approach2,
        ["llama-3"] = TokenLaw.Llama3,
    };

    internal static Function? Find(string name) => All.FirstOrDefault(function => function.Name == name);

    /// <summary>Returns ", did you mean 'x'?" for the most similar name in <paramref name="known"/>, or an empty string if none is
    /// similar.</summary>
    internal static string Near(string name, IEnumerable<string> known)
    {
        var best = known.MinBy(each => Distance(name, each));
        return best is not null && Distance(name, best) <= Math.Max(1, name.Length / 3) ? $", did you mean '{best}'?" : "";
    }

    private static Function Make(string signature, string meaning, Func<object[], double> compute) =>
        new(signature, meaning) { Compute = compute };

    private static double X(object[] arguments, int i) => (double)arguments[i];

    private static string S(object[] arguments, int i) => (string)arguments[i];

    private static int Int(object[] arguments, int i) => X(arguments, i) is var x && x >= 0 && x <= int.MaxValue && x == Math.Floor(x)
        ? (int)x
        : throw new ArgumentException(FormattableString.Invariant($"{x} is not a whole number from 0 to {int.MaxValue}."));

    private static TransformerConfig Model(object[] arguments) => TransformerPresets.Get(S(arguments, 0));

    private static ParameterCount Count(object[] arguments) => ParameterCount.Of(Model(arguments));

    private static double Part(object[] arguments)
    {
        IReadOnlyList<ParameterPart> parts = Count(arguments).Parts;
        return parts.FirstOrDefault(part => part.Part == S(arguments, 1))?.Total
            ?? throw new ArgumentException(
                $"{S(arguments, 0)} has no part '{S(arguments, 1)}'. It has: {string.Join(", ", parts.Select(part => part.Part))}.");
    }

    private static TrainingEstimate Run(object[] arguments) => new(X(arguments, 0), Chip.Get(S(arguments, 1)), X(arguments, 2), 1, 1);

    private static IAllocationLaw Law(object[] arguments) => Laws.TryGetValue(S(arguments, 0), out IAllocationLaw? law)
        ? law
        : throw new ArgumentException($"There is no law '{S(arguments, 0)}'. There are: {string.Join(", ", Laws.Keys)}.");

    private static ILossLaw LossLaw(object[] arguments) => Law(arguments) as ILossLaw
        ?? throw new ArgumentException(
            $"The law '{S(arguments, 0)}' does not predict a loss. The laws that " +
                $"do: {string.Join(", ", Laws.Where(law => law.Value is ILossLaw).Select(law => law.Key))}.");

    private static (double Compute, double Tokens) Row(object[] arguments)
    {
        HoffmannRow row = HoffmannTables.Rows.FirstOrDefault(row => row.Parameters == X(arguments, 0)) ?? throw new ArgumentException(
            "The tables have rows for 400M, 1B, 10B, 67B, 175B, 280B, 520B, 1T and 10T parameters only.");
        return Int(arguments, 1) switch
        {
            1 => (row.Compute1, row.Tokens1),
            2 => (row.Compute2, row.Tokens2),
            3 => (row.Compute3, row.Tokens3),
            _ => throw new ArgumentException("The approaches are 1, 2 and 3."),
        };
    }

    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }

        return row[b.Length];
    }
}
