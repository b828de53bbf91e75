using System.Text.Json.Nodes;
using Mezcla.Layers;

namespace Mezcla.Weights.HuggingFace;

/// <summary>The entry <c>rope_scaling</c> of a <c>config.json</c>: how rotary wavelengths are stretched for long contexts.</summary>
internal static class HuggingFaceScaling
{
    /// <summary>The scaling of an entry; null for none.</summary>
    /// <exception cref="InvalidDataException">It is of a kind that is not supported, or lacks a number.</exception>
    /// <param name="json">The entry.</param>
    /// <param name="context">The longest text, in tokens.</param>
    /// <param name="original">The context of the original training, where it stands outside the entry (Phi).</param>
    public static RotaryScaling? Read(HuggingFaceJson? json, int context, int? original = null)
    {
        switch (json?.Text("rope_type", json.Text("type", "default")))
        {
            case null or "default":
                return null;
            case "linear":
                return new LinearScaling(Factor(json));
            case "llama3":
                return new Llama3Scaling(Factor(json), json.Number("low_freq_factor"), json.Number("high_freq_factor"),
                    json.Size("original_max_position_embeddings"));
            case "yarn":
                return Yarn(json, context);
            // The base grows with the length of a text beyond the original context, and up to it nothing is scaled.
            case "dynamic" when json.Size("original_max_position_embeddings", context) >= context:
                return null;
            case "dynamic":
                return new DynamicScaling(Factor(json), json.Size("original_max_position_embeddings"));
            case "longrope" or "su":
                return LongRope(json, context, original ?? context);
            case var other:
                throw new InvalidDataException(
                    $"rotary scaling of the type '{other}' is not supported; linear, dynamic, yarn, longrope and llama3 are.");
        }
    }

    /// <summary>The entry of a scaling.</summary>
    public static JsonObject Write(RotaryScaling scaling)
    {
        switch (scaling)
        {
            case LinearScaling linear:
                return new() { ["rope_type"] = "linear", ["factor"] = linear.Factor };
            case Llama3Scaling llama:
                return new()
                {
                    ["rope_type"] = "llama3",
                    ["factor"] = llama.Factor,
                    ["low_freq_factor"] = llama.LowFrequencyFactor,
                    ["high_freq_factor"] = llama.HighFrequencyFactor,
                    ["original_max_position_embeddings"] = llama.OriginalContext,
                };
            case YarnScaling yarn:
                var json = new JsonObject
                {
                    ["rope_type"] = "yarn",
                    ["factor"] = yarn.Factor,
                    ["original_max_position_embeddings"] = yarn.OriginalContext,
                    ["beta_slow"] = yarn.Alpha,
                    ["beta_fast"] = yarn.Beta,
                    ["truncate"] = yarn.Truncate,
                };
                if (yarn.Magnitude is { } magnitude)
                    json["attention_factor"] = magnitude;
                return json;
            case DynamicScaling dynamic:
                return new()
                {
                    ["rope_type"] = "dynamic",
                    ["factor"] = dynamic.Factor,
                    ["original_max_position_embeddings"] = dynamic.OriginalContext,
                };
            case LongRopeScaling rope:
                return new()
                {
                    ["rope_type"] = "longrope",
                    ["short_factor"] = new JsonArray([.. rope.Short.Select(f => (JsonNode)f)]),
                    ["long_factor"] = new JsonArray([.. rope.Long.Select(f => (JsonNode)f)]),
                    ["original_max_position_embeddings"] = rope.OriginalContext,
                    ["attention_factor"] = rope.Magnitude,
                };
            default:
                throw new NotSupportedException($"A config.json cannot describe rotary scaling by {scaling.GetType().Name}.");
        }
    }

    private static YarnScaling Yarn(HuggingFaceJson json, int context)
    {
        var factor = Factor(json);
        double? magnitude = json.Has("attention_factor") ? json.Number("attention_factor") : null;
        // DeepSeek's form: the ratio of two magnitudes, each with a weight of its own.
        var (one, all) = (0.1 * json.Number("mscale", 0) * Math.Log(factor), 0.1 * json.Number("mscale_all_dim", 0) * Math.Log(factor));
        if (magnitude is null && one * all > 0)
            magnitude = (one + 1) / (all + 1);
        return new YarnScaling(factor, json.Size("original_max_position_embeddings", context), json.Number("beta_slow", 1),
            json.Number("beta_fast", 32), json.Flag("truncate", true), magnitude);
    }

    private static LongRopeScaling LongRope(HuggingFaceJson json, int context, int trained)
    {
        var original = json.Size("original_max_position_embeddings", trained);
        var stretch = json.Has("factor") ? Factor(json) : (double)context / original;
        // Phi-3.5-MoE gives the magnitudes of short and long texts itself.
        var magnitude = json.Number("attention_factor", json.Number("short_mscale",
            stretch > 1 && original > 1 ? Math.Sqrt(1 + Math.Log(stretch) / Math.Log(original)) : 1));
        if (json.Number("long_mscale", magnitude) != magnitude)
            throw new InvalidDataException("a long_mscale other than the short_mscale is not supported.");
        var (few, many) = (json.Numbers("short_factor"), json.Numbers("long_factor"));
        return few.Count > 0 && few.Count == many.Count
            ? new LongRopeScaling(few, many, original, magnitude)
            : throw new InvalidDataException(
                "rotary scaling of the type 'longrope' needs as many numbers in short_factor as in long_factor.");
    }

    private static double Factor(HuggingFaceJson json) => json.Number("factor") is var factor and >= 1 ? factor
        : throw new InvalidDataException($"the factor of the rotary scaling is {json.Number("factor")}, where at least 1 is expected.");
}
