using Mezcla.Layers;

namespace Mezcla.Weights.Gguf;

/// <summary>The keys <c>rope.scaling</c> of GGUF metadata: how rotary wavelengths are stretched for long contexts. Llama 3's way is not
/// among them; files hold its factors as a tensor.</summary>
internal static class GgufScaling
{
    /// <summary>Name of the tensor of LongRoPE's factors for short texts.</summary>
    public const string ShortFactors = "rope_factors_short.weight";

    /// <summary>Name of the tensor of LongRoPE's factors for long texts.</summary>
    public const string LongFactors = "rope_factors_long.weight";

    /// <summary>LongRoPE, which files describe by two tensors; null for a file without them.</summary>
    public static LongRopeScaling? ReadLongRope(GgufFile file, string architecture)
    {
        if (!file.Contains(ShortFactors) || !file.Contains(LongFactors))
            return null;
        var context = file.Metadata.GetInteger($"{architecture}.rope.scaling.original_context_length",
            file.Metadata.GetInteger($"{architecture}.context_length"));
        return new LongRopeScaling(Factors(ShortFactors), Factors(LongFactors), (int)Math.Clamp(context, 1, 1 << 24),
            file.Metadata.GetNumber($"{architecture}.rope.scaling.attn_factor", 1));

        double[] Factors(string name) => [.. file.ReadFloats(name).Select(f => (double)f)];
    }

    /// <summary>The scaling of a file; null for none.</summary>
    /// <exception cref="InvalidDataException">It is of a kind that is not supported, or a number is missing.</exception>
    public static RotaryScaling? Read(GgufMetadata metadata, string architecture)
    {
        var prefix = $"{architecture}.rope.scaling.";
        // Files of 2023 have another key for linear scaling.
        var old = $"{architecture}.rope.scale_linear";
        var factor = metadata.GetNumber(prefix + "factor", metadata.GetNumber(old, 0));
        var type = metadata.GetString(prefix + "type", "linear");
        if (type == "longrope")
            throw new InvalidDataException(
                $"rotary scaling of the type 'longrope' is not supported without the tensors {ShortFactors} and {LongFactors}.");
        // A factor of 0 stands for none, as does a linear one of 1.
        if (type == "none" || factor is 0 or 1 && type == "linear")
            return null;
        if (factor < 1 || !double.IsFinite(factor))
            throw new InvalidDataException($"{prefix}factor is {factor}, where at least 1 is expected.");
        switch (type)
        {
            case "linear":
                return new LinearScaling(factor);
            case "yarn":
                if (metadata.GetNumber(prefix + "yarn_ext_factor", 1) != 1 || metadata.GetNumber(prefix + "yarn_attn_factor", 1) != 1)
                    throw new InvalidDataException("rotary scaling of the type 'yarn' with factors other than 1 is not supported.");
                var trained = metadata.GetInteger($"{architecture}.context_length");
                var context = metadata.GetInteger(prefix + "original_context_length", trained);
                var magnitude = metadata.GetNumber(prefix + "attn_factor", 1);
                return context is > 0 and < 1 << 24
                    ? new YarnScaling(factor, (int)context, metadata.GetNumber(prefix + "yarn_beta_slow", 1),
                        metadata.GetNumber(prefix + "yarn_beta_fast", 32), Truncate: true,
                        magnitude == 1 ? null : magnitude * Usual(factor))
                    : throw new InvalidDataException($"{prefix}original_context_length is {context}, which is no length of a text.");
            default:
                throw new InvalidDataException($"rotary scaling of the type '{type}' is not supported; linear and yarn are.");
        }
    }

    /// <summary>Adds the keys of a scaling.</summary>
    /// <exception cref="NotSupportedException">llama.cpp does not scale in this way.</exception>
    public static void Write(GgufMetadata metadata, string architecture, RotaryScaling scaling)
    {
        var prefix = $"{architecture}.rope.scaling.";
        switch (scaling)
        {
            case LinearScaling linear:
                metadata.Add(prefix + "type", "linear");
                metadata.Add(prefix + "factor", (float)linear.Factor);
                break;
            case LongRopeScaling rope:
                metadata.Add(prefix + "type", "longrope");
                metadata.Add(prefix + "original_context_length", (uint)rope.OriginalContext);
                metadata.Add(prefix + "attn_factor", (float)rope.Magnitude);
                break;
            case YarnScaling { Truncate: true } yarn:
                metadata.Add(prefix + "type", "yarn");
                metadata.Add(prefix + "factor", (float)yarn.Factor);
                metadata.Add(prefix + "original_context_length", (uint)yarn.OriginalContext);
                if (yarn.Magnitude is { } magnitude)
                    metadata.Add(prefix + "attn_factor", (float)(magnitude / Usual(yarn.Factor)));
                if (yarn.Alpha != 1)
                    metadata.Add(prefix + "yarn_beta_slow", (float)yarn.Alpha);
                if (yarn.Beta != 32)
                    metadata.Add(prefix + "yarn_beta_fast", (float)yarn.Beta);
                break;
            default:
                throw new NotSupportedException(
                    $"llama.cpp has no rotary scaling by {scaling.GetType().Name}" +
                        (scaling is YarnScaling ? " whose ramp begins and ends between dimensions." : "."));
        }
    }

    // llama.cpp multiplies this into the magnitude by itself.
    private static double Usual(double factor) => 0.1 * Math.Log(factor) + 1;
}
