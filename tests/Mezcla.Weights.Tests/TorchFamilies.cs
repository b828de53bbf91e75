using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Mezcla.Weights.Tests;

/// <summary>
/// GPT-2, Llama, Mistral and Mixtral in TorchSharp: the formulas are those of the papers, and the names of tensors those of Hugging Face's
/// library.
/// </summary>
internal sealed class TorchFamilies(TorchFolder folder)
{
    private readonly JsonElement _config = folder.Config;
    private readonly Dictionary<string, Tensor> _weights = folder.Weights;

    /// <summary>The logits of every position.</summary>
    public static float[] Logits(string folder, int[] ids)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var model = new TorchFamilies(TorchFolder.Read(folder));
        var positions = tensor(ids, ScalarType.Int64);
        var logits = model._config.GetProperty("model_type").GetString() == "gpt2" ? model.Gpt2(positions) : model.Llama(positions);
        return logits.contiguous().data<float>().ToArray();
    }

    /// <summary>A random model.</summary>
    public static TorchFolder Make(string family)
    {
        manual_seed(1);
        const int Width = 32, Vocabulary = 50;
        var weights = new Dictionary<string, Tensor>();
        if (family == "gpt2")
        {
            weights["wte.weight"] = Random(Vocabulary, Width);
            weights["wpe.weight"] = Random(16, Width);
            weights["ln_f.weight"] = 1 + Random(Width);
            weights["ln_f.bias"] = Random(Width);
            for (var i = 0; i < 2; i++)
            {
                (string, int, int)[] layers =
                    [("attn.c_attn", 32, 96), ("attn.c_proj", 32, 32), ("mlp.c_fc", 32, 128), ("mlp.c_proj", 128, 32)];
                foreach (var (name, inputs, outputs) in layers)
                {
                    weights[$"h.{i}.{name}.weight"] = Random(inputs, outputs);
                    weights[$"h.{i}.{name}.bias"] = Random(outputs);
                }

                foreach (var name in (ReadOnlySpan<string>)["ln_1", "ln_2"])
                {
                    weights[$"h.{i}.{name}.weight"] = 1 + Random(Width);
                    weights[$"h.{i}.{name}.bias"] = Random(Width);
                }

                // The mask that old files carry.
                weights[$"h.{i}.attn.bias"] = ones(1, 1, 16, 16).tril();
            }

            return new(JsonSerializer.Deserialize<JsonElement>("""
                {
                    "model_type": "gpt2", "vocab_size": 50, "n_positions": 16, "n_embd": 32, "n_layer": 2, "n_head": 4,
                    "layer_norm_epsilon": 1e-5
                }
                """), weights);
        }

        weights["model.embed_tokens.weight"] = Random(Vocabulary, Width);
        weights["model.norm.weight"] = 1 + Random(Width);
        weights["lm_head.weight"] = Random(Vocabulary, Width);
        for (var i = 0; i < 2; i++)
        {
            var layer = $"model.layers.{i}.";
            weights[layer + "input_layernorm.weight"] = 1 + Random(Width);
            weights[layer + "post_attention_layernorm.weight"] = 1 + Random(Width);
            weights[layer + "self_attn.q_proj.weight"] = Random(32, Width);
            weights[layer + "self_attn.k_proj.weight"] = Random(16, Width);
            weights[layer + "self_attn.v_proj.weight"] = Random(16, Width);
            weights[layer + "self_attn.o_proj.weight"] = Random(Width, 32);
            string[] networks = [layer + "mlp.{0}_proj.weight"];
            if (family == "mixtral")
            {
                weights[layer + "block_sparse_moe.gate.weight"] = Random(4, Width);
                networks = [.. Enumerable.Range(0, 4).Select(expert => $"{layer}block_sparse_moe.experts.{expert}.{{0}}.weight")];
            }

            var (gate, up, down) = family == "mixtral" ? ("w1", "w3", "w2") : ("gate", "up", "down");
            foreach (var network in networks)
            {
                weights[string.Format(null, network, gate)] = Random(48, Width);
                weights[string.Format(null, network, up)] = Random(48, Width);
                weights[string.Format(null, network, down)] = Random(Width, 48);
            }
        }

        var more = family switch
        {
            "mistral" => """ "sliding_window": 4, """,
            "mixtral" => """ "num_local_experts": 4, "num_experts_per_tok": 2, """,
            _ => "",
        };
        return new(JsonSerializer.Deserialize<JsonElement>($$"""
            {
                "model_type": "{{family}}", "vocab_size": 50, "max_position_embeddings": 64, "hidden_size": 32,
                "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,{{more}}
                "hidden_act": "silu", "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "tie_word_embeddings": false
            }
            """), weights);

        static Tensor Random(params long[] shape) => randn(shape) * 0.2;
    }

    private Tensor Gpt2(Tensor ids)
    {
        var prefix = _weights.ContainsKey("transformer.wte.weight") ? "transformer." : "";
        var time = ids.shape[0];
        var x = _weights[prefix + "wte.weight"].index_select(0, ids) + _weights[prefix + "wpe.weight"].narrow(0, 0, time);
        for (var i = 0; i < Integer("n_layer"); i++)
        {
            var h = $"{prefix}h.{i}.";
            var qkv = Convolution(Norm(x, h + "ln_1"), h + "attn.c_attn").view(time, 3, Integer("n_head"), -1).unbind(1);
            x = x + Convolution(Attend(qkv[0], qkv[1], qkv[2], null), h + "attn.c_proj");
            var u = Convolution(Norm(x, h + "ln_2"), h + "mlp.c_fc");
            x = x + Convolution(0.5 * u * (1 + (Math.Sqrt(2 / Math.PI) * (u + 0.044715 * u.pow(3))).tanh()), h + "mlp.c_proj");
        }

        return linear(Norm(x, prefix + "ln_f"), _weights[prefix + "wte.weight"]);

        Tensor Norm(Tensor y, string name) => layer_norm(y, [y.shape[^1]], _weights[name + ".weight"], _weights[name + ".bias"],
            Number("layer_norm_epsilon"));

        Tensor Convolution(Tensor y, string name) => y.matmul(_weights[name + ".weight"]) + _weights[name + ".bias"];
    }

    private Tensor Llama(Tensor ids)
    {
        var (time, size) = (ids.shape[0], Integer("head_dim"));
        var angles = outer(arange(time, ScalarType.Float64), Frequencies(size, time));
        var magnitude = Optional("rope_scaling") is { } entry && entry.TryGetProperty("attention_factor", out var stretch)
            ? stretch.GetDouble()
            : 1;
        var cosines = (magnitude * angles.cos()).to_type(ScalarType.Float32).unsqueeze(1);
        var sines = (magnitude * angles.sin()).to_type(ScalarType.Float32).unsqueeze(1);
        var window = Optional("sliding_window")?.GetInt32();
        var x = _weights["model.embed_tokens.weight"].index_select(0, ids);
        for (var i = 0; i < Integer("num_hidden_layers"); i++)
        {
            var layer = $"model.layers.{i}.";
            var n = Norm(x, layer + "input_layernorm");
            var (q, k, v) = (Heads(n, "q"), Heads(n, "k"), Heads(n, "v"));
            x = x + linear(Attend(Turn(q), Turn(k), v, window), _weights[layer + "self_attn.o_proj.weight"]);
            n = Norm(x, layer + "post_attention_layernorm");
            x = x + (Optional("num_local_experts") is not null ? Experts(n, layer + "block_sparse_moe.")
                : SwiGlu(n, layer + "mlp.gate_proj", layer + "mlp.up_proj", layer + "mlp.down_proj"));

            Tensor Heads(Tensor y, string name) => linear(y, _weights[$"{layer}self_attn.{name}_proj.weight"]).view(time, -1, size);
        }

        var tied = Optional("tie_word_embeddings")?.GetBoolean() ?? false;
        return linear(Norm(x, "model.norm"), _weights[tied ? "model.embed_tokens.weight" : "lm_head.weight"]);

        Tensor Norm(Tensor y, string name)
            => y * rsqrt(y.square().mean([-1], keepdim: true) + Number("rms_norm_eps")) * _weights[name + ".weight"];

        Tensor Turn(Tensor y)
        {
            var halves = y.chunk(2, -1);
            return cat([halves[0] * cosines - halves[1] * sines, halves[1] * cosines + halves[0] * sines], -1);
        }
    }

    // One token after another.
    private Tensor Experts(Tensor x, string prefix)
    {
        var (weights, chosen) = linear(x, _weights[prefix + "gate.weight"]).softmax(-1).topk((int)Integer("num_experts_per_tok"));
        weights = weights / weights.sum(-1, keepdim: true);
        var rows = new List<Tensor>();
        for (var t = 0; t < x.shape[0]; t++)
        {
            var sum = zeros_like(x[t]);
            for (var i = 0; i < chosen.shape[1]; i++)
            {
                var expert = $"{prefix}experts.{chosen[t, i].ToInt64()}.";
                sum = sum + weights[t, i] * SwiGlu(x[t], expert + "w1", expert + "w3", expert + "w2");
            }

            rows.Add(sum);
        }

        return stack(rows);
    }

    private Tensor SwiGlu(Tensor x, string gate, string up, string down)
        => linear(silu(linear(x, _weights[gate + ".weight"])) * linear(x, _weights[up + ".weight"]), _weights[down + ".weight"]);

    // q, k, v are [time, heads, size].
    private static Tensor Attend(Tensor q, Tensor k, Tensor v, int? window)
    {
        (q, k, v) = (q.transpose(0, 1), k.transpose(0, 1), v.transpose(0, 1));
        var shared = q.shape[0] / k.shape[0];
        (k, v) = (k.repeat_interleave(shared, 0), v.repeat_interleave(shared, 0));
        var time = q.shape[1];
        Tensor query = arange(time).unsqueeze(1), key = arange(time).unsqueeze(0);
        var hidden = key > query;
        if (window is { } width)
            hidden = hidden | (key <= query - width);
        var scores = (q.matmul(k.transpose(1, 2)) / Math.Sqrt(q.shape[2])).masked_fill(hidden, float.NegativeInfinity);
        return scores.softmax(-1).matmul(v).transpose(0, 1).reshape(time, -1);
    }

    // With the scaling of Llama 3.1, dynamic NTK scaling or LongRoPE where the configuration has it.
    private Tensor Frequencies(long size, long time)
    {
        var exponents = arange(0, size, 2, ScalarType.Float64) / -size;
        var plain = pow(tensor(Number("rope_theta"), ScalarType.Float64), exponents);
        if (Optional("rope_scaling") is not { } scaling)
            return plain;
        var original = Of("original_max_position_embeddings");
        switch (scaling.GetProperty("rope_type").GetString())
        {
            case "dynamic" when time > original:
                var growth = Of("factor") * time / original - (Of("factor") - 1);
                return pow(tensor(Number("rope_theta") * Math.Pow(growth, size / (size - 2.0)), ScalarType.Float64), exponents);
            case "dynamic":
                return plain;
            case "longrope":
                var factors = scaling.GetProperty(time > original ? "long_factor" : "short_factor").EnumerateArray();
                return plain / tensor(factors.Select(f => f.GetDouble()).ToArray());
        }

        double low = Of("low_freq_factor"), high = Of("high_freq_factor"),
            factor = Of("factor");
        var wavelength = 2 * Math.PI / plain;
        var smooth = (original / wavelength - low) / (high - low);
        var blended = (1 - smooth) * plain / factor + smooth * plain;
        return where(wavelength > original / low, plain / factor, where(wavelength < original / high, plain, blended));

        double Of(string name) => scaling.GetProperty(name).GetDouble();
    }

    // Files write null for what a model does not have.
    private JsonElement? Optional(string name)
        => _config.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private long Integer(string name) => _config.GetProperty(name).GetInt64();

    private double Number(string name) => _config.GetProperty(name).GetDouble();
}
