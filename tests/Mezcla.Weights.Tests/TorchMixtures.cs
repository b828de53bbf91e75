using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Mezcla.Weights.Tests;

/// <summary>
/// Qwen2-MoE, Qwen3-MoE, OLMoE, Granite-MoE, DeepSeek-V2, gpt-oss and Phi-3.5-MoE in TorchSharp, each token by itself: the formulas are
/// those of their reports,
/// the names those of Hugging Face's library.
/// </summary>
internal sealed class TorchMixtures(TorchFolder folder)
{
    private readonly JsonElement _config = folder.Config;
    private readonly Dictionary<string, Tensor> _weights = folder.Weights;

    /// <summary>The logits of every position.</summary>
    public static float[] Logits(string folder, int[] ids)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return new TorchMixtures(TorchFolder.Read(folder)).Forward(tensor(ids, ScalarType.Int64)).contiguous().data<float>().ToArray();
    }

    private Tensor Forward(Tensor ids)
    {
        var x = _weights["model.embed_tokens.weight"].index_select(0, ids) * Number("embedding_multiplier", 1);
        for (var i = 0; i < (int)Number("num_hidden_layers"); i++)
        {
            var layer = $"model.layers.{i}.";
            var n = Norm(x, layer + "input_layernorm");
            // In gpt-oss every second layer, from the first on, has a window.
            long? window = Has("layer_types") && i % 2 == 0 ? (long)Number("sliding_window") : null;
            x = x + (Has("kv_lora_rank") ? Latent(n, layer + "self_attn.") : Attention(n, layer + "self_attn.", window))
                * Number("residual_multiplier", 1);
            n = Norm(x, layer + "post_attention_layernorm");
            x = x + Network(n, layer, i) * Number("residual_multiplier", 1);
        }

        var head = _config.GetProperty("tie_word_embeddings").GetBoolean() ? "model.embed_tokens" : "lm_head";
        return Project(Norm(x, "model.norm"), head) / Number("logits_scaling", 1);
    }

    private Tensor Attention(Tensor x, string prefix, long? window)
    {
        var size = (long)Number("head_dim");
        Tensor q = Project(x, prefix + "q_proj"), k = Project(x, prefix + "k_proj"), v = Project(x, prefix + "v_proj");
        var norms = _weights.GetValueOrDefault(prefix + "q_norm.weight");
        var each = norms is not null && norms.shape[0] == size;
        if (norms is not null && !each)
            (q, k) = (Norm(q, prefix + "q_norm"), Norm(k, prefix + "k_norm"));
        (q, k, v) = (q.view(x.shape[0], -1, size), k.view(x.shape[0], -1, size), v.view(x.shape[0], -1, size));
        if (each)
            (q, k) = (Norm(q, prefix + "q_norm"), Norm(k, prefix + "k_norm"));
        var scale = Number("attention_multiplier", 1 / Math.Sqrt(size));
        var sinks = _weights.GetValueOrDefault(prefix + "sinks");
        return Project(Mix(Halves(q), Halves(k), v, scale, window, sinks), prefix + "o_proj");
    }

    // Section 2.1 of DeepSeek-V2's report, without absorbing anything.
    private Tensor Latent(Tensor x, string prefix)
    {
        long time = x.shape[0], nope = (long)Number("qk_nope_head_dim"), rope = (long)Number("qk_rope_head_dim"),
            rank = (long)Number("kv_lora_rank"), heads = (long)Number("num_attention_heads");
        var q = (Has("q_lora_rank")
            ? Project(Norm(Project(x, prefix + "q_a_proj"), prefix + "q_a_layernorm"), prefix + "q_b_proj")
            : Project(x, prefix + "q_proj")).view(time, heads, nope + rope);
        var down = Project(x, prefix + "kv_a_proj_with_mqa");
        var kv = Project(Norm(down.narrow(1, 0, rank), prefix + "kv_a_layernorm"), prefix + "kv_b_proj").view(time, heads, -1);
        var shared = Pairs(down.narrow(1, rank, rope).unsqueeze(1)).expand(time, heads, rope);
        var query = cat([q.narrow(2, 0, nope), Pairs(q.narrow(2, nope, rope))], -1);
        var key = cat([kv.narrow(2, 0, nope), shared], -1);
        var scaling = _config.GetProperty("rope_scaling");
        var temperature = 0.1 * scaling.GetProperty("mscale_all_dim").GetDouble() * Math.Log(scaling.GetProperty("factor").GetDouble()) + 1;
        var scale = temperature * temperature / Math.Sqrt(nope + rope);
        return Project(Mix(query, key, kv.narrow(2, nope, kv.shape[2] - nope), scale), prefix + "o_proj");
    }

    private Tensor Network(Tensor x, string layer, int number)
    {
        var dense = number < Number("first_k_dense_replace", 0)
            || _config.TryGetProperty("mlp_only_layers", out var list) && list.EnumerateArray().Any(l => l.GetInt32() == number);
        if (dense)
            return SwiGlu(x, layer + "mlp.");
        if (_weights.ContainsKey(layer + "mlp.router.weight"))
            return GptOss(x, layer + "mlp.");
        if (Has("router_jitter_noise"))
            return PhiMoe(x, layer + "block_sparse_moe.");
        var fused = _weights.ContainsKey(layer + "block_sparse_moe.input_linear.weight");
        var scores = Project(x, fused ? layer + "block_sparse_moe.router.layer" : layer + "mlp.gate").softmax(-1);
        var (weights, chosen) = scores.topk((int)Number("num_experts_per_tok"));
        if (fused || _config.GetProperty("norm_topk_prob").GetBoolean())
            weights = weights / weights.sum(-1, keepdim: true);
        weights = weights * Number("routed_scaling_factor", 1);
        var rows = new List<Tensor>();
        for (var t = 0; t < x.shape[0]; t++)
        {
            var sum = zeros_like(x[t]);
            for (var i = 0; i < chosen.shape[1]; i++)
            {
                var expert = chosen[t, i].ToInt64();
                sum = sum + weights[t, i] * (fused ? Fused(x[t], layer, expert) : SwiGlu(x[t], $"{layer}mlp.experts.{expert}."));
            }

            rows.Add(sum);
        }

        var mixed = stack(rows);
        if (_weights.ContainsKey(layer + "mlp.shared_expert_gate.weight"))
            return mixed + Project(x, layer + "mlp.shared_expert_gate").sigmoid() * SwiGlu(x, layer + "mlp.shared_expert.");
        return Has("n_shared_experts") ? mixed + SwiGlu(x, layer + "mlp.shared_experts.") : mixed;
    }

    // As in the model's code: the experts' halves alternate, and biases are everywhere.
    private Tensor GptOss(Tensor x, string prefix)
    {
        var (weights, chosen) = Project(x, prefix + "router").topk((int)Number("num_experts_per_tok"));
        weights = weights.softmax(-1);
        Tensor both = Matrices(prefix + "experts.gate_up_proj"), down = Matrices(prefix + "experts.down_proj");
        var rows = new List<Tensor>();
        for (var t = 0; t < x.shape[0]; t++)
        {
            var sum = zeros_like(x[t]);
            for (var i = 0; i < chosen.shape[1]; i++)
            {
                var expert = chosen[t, i].ToInt64();
                var pairs = (x[t].matmul(both[expert]) + _weights[prefix + "experts.gate_up_proj_bias"][expert]).view(-1, 2).unbind(1);
                var (gate, up) = (pairs[0].clamp(max: 7), pairs[1].clamp(-7, 7));
                var hidden = gate * (gate * 1.702).sigmoid() * (up + 1);
                sum = sum + weights[t, i] * (hidden.matmul(down[expert]) + _weights[prefix + "experts.down_proj_bias"][expert]);
            }

            rows.Add(sum);
        }

        return stack(rows);
    }

    // [experts, inputs, outputs]. As MXFP4 a byte has two numbers, the first in its low bits, and 32 numbers share a power of two.
    private Tensor Matrices(string name)
    {
        if (_weights.TryGetValue(name, out var floats))
            return floats;
        Tensor blocks = _weights[name + "_blocks"], scales = _weights[name + "_scales"];
        var values = tensor([0f, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6]);
        var codes = blocks.to_type(ScalarType.Int64);
        var numbers = stack([values[codes % 16], values[codes.div(16, RoundingMode.floor)]], -1);
        numbers = numbers.reshape(blocks.shape[0], blocks.shape[1], blocks.shape[2], 32);
        numbers = numbers * pow(tensor(2f), scales.to_type(ScalarType.Float32) - 127).unsqueeze(-1);
        return numbers.reshape(blocks.shape[0], blocks.shape[1], -1).transpose(1, 2);
    }

    // SparseMixer at inference, as in the model's code.
    private Tensor PhiMoe(Tensor x, string prefix)
    {
        var jitter = Number("router_jitter_noise");
        var rows = new List<Tensor>();
        for (var t = 0; t < x.shape[0]; t++)
        {
            var scores = Project(x[t], prefix + "gate");
            var candidates = scores;
            var sum = zeros_like(x[t]);
            for (var choice = 0; choice < 2; choice++)
            {
                var (most, expert) = (candidates.max(), candidates.argmax().ToInt64());
                var far = (most - scores) / scores.abs().clamp(min: most.ToSingle()) > 2 * jitter;
                var weight = candidates.masked_fill(far, float.NegativeInfinity).softmax(-1)[expert];
                var name = $"{prefix}experts.{expert}.";
                sum = sum + weight * Project(silu(Project(x[t], name + "w1")) * Project(x[t], name + "w3"), name + "w2");
                candidates = candidates.clone();
                candidates[expert] = float.NegativeInfinity;
            }

            rows.Add(sum);
        }

        return stack(rows);
    }

    private Tensor Fused(Tensor x, string layer, long expert)
    {
        var halves = linear(x, _weights[layer + "block_sparse_moe.input_linear.weight"][expert]).chunk(2, -1);
        return linear(silu(halves[0]) * halves[1], _weights[layer + "block_sparse_moe.output_linear.weight"][expert]);
    }

    private Tensor SwiGlu(Tensor x, string prefix) =>
        Project(silu(Project(x, prefix + "gate_proj")) * Project(x, prefix + "up_proj"), prefix + "down_proj");

    private Tensor Project(Tensor x, string name) =>
        linear(x, _weights[name + ".weight"], _weights.GetValueOrDefault(name + ".bias")!);

    private Tensor Norm(Tensor x, string name) => _weights.TryGetValue(name + ".bias", out var bias)
        ? layer_norm(x, [x.shape[^1]], _weights[name + ".weight"], bias, Number("rms_norm_eps"))
        : x * rsqrt(x.square().mean([-1], keepdim: true) + Number("rms_norm_eps")) * _weights[name + ".weight"];

    // q, k, v are [time, heads, size].
    private static Tensor Mix(Tensor q, Tensor k, Tensor v, double scale, long? window = null, Tensor? sinks = null)
    {
        var shared = q.shape[1] / k.shape[1];
        (q, k, v) = (q.transpose(0, 1), k.repeat_interleave(shared, 1).transpose(0, 1), v.repeat_interleave(shared, 1).transpose(0, 1));
        var future = ones(q.shape[1], q.shape[1]).triu(1).to_type(ScalarType.Bool);
        if (window is { } width)
            future = future | ones(q.shape[1], q.shape[1]).tril(-width).to_type(ScalarType.Bool);
        var scores = (q.matmul(k.transpose(1, 2)) * scale).masked_fill(future, float.NegativeInfinity);
        // A sink is one more key without a value.
        var shares = sinks is null ? scores.softmax(-1)
            : cat([scores, sinks.view(-1, 1, 1).expand(-1, scores.shape[1], 1)], -1).softmax(-1).narrow(2, 0, scores.shape[2]);
        return shares.matmul(v).transpose(0, 1).reshape(v.shape[1], -1);
    }

    private Tensor Halves(Tensor x)
    {
        var (cosines, sines) = Angles(x);
        var halves = x.chunk(2, -1);
        return cat([halves[0] * cosines - halves[1] * sines, halves[1] * cosines + halves[0] * sines], -1);
    }

    private Tensor Pairs(Tensor x)
    {
        var (cosines, sines) = Angles(x);
        var pairs = x.reshape(x.shape[0], x.shape[1], -1, 2).unbind(-1);
        return stack([pairs[0] * cosines - pairs[1] * sines, pairs[1] * cosines + pairs[0] * sines], -1).reshape(x.shape);
    }

    private (Tensor Cosines, Tensor Sines) Angles(Tensor x)
    {
        var angles = outer(arange(x.shape[0], ScalarType.Float64), Frequencies(x.shape[2], x.shape[0])).unsqueeze(1);
        var stretch = _config.TryGetProperty("rope_scaling", out var scaling) && scaling.ValueKind == JsonValueKind.Object ? scaling
            : default;
        // DeepSeek's magnitudes cancel each other.
        var magnitude = stretch.ValueKind != JsonValueKind.Object || Has("kv_lora_rank") ? 1
            : stretch.TryGetProperty("attention_factor", out var factor) ? factor.GetDouble()
            : 0.1 * Math.Log(stretch.GetProperty("factor").GetDouble()) + 1;
        return ((magnitude * angles.cos()).to_type(ScalarType.Float32), (magnitude * angles.sin()).to_type(ScalarType.Float32));
    }

    // With the ramp of YaRN (its equation 18 and appendix A) where the configuration has one.
    private Tensor Frequencies(long size, long time)
    {
        var theta = Number("rope_theta");
        var plain = pow(tensor(theta, ScalarType.Float64), arange(0, size, 2, ScalarType.Float64) / -size);
        if (!Has("rope_scaling"))
            return plain;
        var scaling = _config.GetProperty("rope_scaling");
        double Of(string name) => scaling.GetProperty(name).GetDouble();
        var original = Of("original_max_position_embeddings");
        if (scaling.GetProperty("rope_type").GetString() == "longrope")
            return plain / tensor(scaling.GetProperty(time > original ? "long_factor" : "short_factor").EnumerateArray()
                .Select(f => f.GetDouble()).ToArray());
        double Index(double turns) => size * Math.Log(original / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
        var whole = scaling.GetProperty("truncate").GetBoolean();
        var low = Math.Max(0, whole ? Math.Floor(Index(Of("beta_fast"))) : Index(Of("beta_fast")));
        var high = Math.Min(size - 1, whole ? Math.Ceiling(Index(Of("beta_slow"))) : Index(Of("beta_slow")));
        var ramp = ((arange(size / 2, ScalarType.Float64) - low) / Math.Max(0.001, high - low)).clamp(0, 1);
        return plain / Of("factor") * ramp + plain * (1 - ramp);
    }

    private bool Has(string name) => _config.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    private double Number(string name, double? otherwise = null) =>
        Has(name) || otherwise is null ? _config.GetProperty(name).GetDouble() : otherwise.Value;
}
