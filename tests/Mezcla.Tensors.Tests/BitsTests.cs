using System.Diagnostics;
using System.Globalization;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Tensors.Tests;

/// <summary>
/// The numbers do not depend on how many threads computed them, nor on how wide their vectors are: this program runs itself with other
/// settings in the environment and compares fingerprints.
/// </summary>
public class BitsTests
{
    private const string Target = "MEZCLA_TEST_FINGERPRINTS";

    [Fact]
    public void Threads_and_vector_widths_change_no_bit()
    {
        var expected = Fingerprints("1", Width(Simd.Best));
        Assert.True(expected.Length > 30);
        foreach (var threads in new[] { "2", "5" })
            Assert.Equal(expected, Fingerprints(threads, Width(Simd.Best)));
        for (var level = SimdLevel.Scalar; level < Simd.Best; level++)
            Assert.Equal(expected, Fingerprints("2", Width(level)));
    }

    [Fact]
    public void Write_fingerprints()
    {
        if (Environment.GetEnvironmentVariable(Target) is not { Length: > 0 } path)
        {
            Assert.Skip("Runs in the processes that the other test starts.");
            return;
        }
        List<string> lines = [];
        void Add(string name, Tensor tensor)
        {
            var hash = 14695981039346656037;
            foreach (var value in tensor.ToArray())
                hash = (hash ^ BitConverter.SingleToUInt32Bits(value)) * 1099511628211;
            lines.Add(string.Create(CultureInfo.InvariantCulture,
                $"{name} {hash:x16} {tensor.ToArray().Take(3).Aggregate("", (text, v) => text + " " + v)}"));
        }
        var random = new RandomStream(7);
        Tensor x = Leaf(0, 1, 37, 1031), y = Leaf(0, 1, 37, 1031), row = Leaf(0, 1, 1031), column = Leaf(0, 1, 37, 1);
        var operations = new (string, Func<Tensor>)[]
        {
            ("exp", () => x.Exp()), ("log", () => (x.Square() + 0.1f).Log()), ("tanh", () => x.Tanh()), ("sigmoid", () => x.Sigmoid()),
            ("gelu", () => x.Gelu()), ("gelu exact", () => x.Gelu(GeluForm.Exact)),
            ("silu", () => x.Silu()), ("softplus", () => x.Softplus()), ("pow", () => x.Square().Pow(1.3f)),
            ("arithmetic", () => (x + row) * column - x / (y.Square() + 1f)),
            ("swiglu", () => x.SwiGlu(y)), ("sum", () => x.Sum()), ("sum 0", () => x.Sum(0)), ("sum 1", () => x.Sum(1)),
            ("softmax", () => x.Softmax()), ("log softmax", () => x.LogSoftmax(0)), ("logsumexp", () => x.LogSumExp()),
            ("layer norm", () => x.LayerNorm(row, row)),
            ("rms norm", () => x.RmsNorm(row)), ("dropout", () => x.Dropout(0.2f, new RandomStream(3))), ("transpose", () => x.Transpose()),
            ("concatenate", () => Tensor.Concatenate(1, x, y.Slice(1, 3, 40))),
            ("top k", () => x.TopK(20).Values), ("matmul", () => x.MatMul(y, transposeB: true)),
            ("linear", () => x.Linear(y, column.Reshape(37))), ("linear gelu", () => x.LinearGelu(y, column.Reshape(37), GeluForm.Exact)),
            ("tril", () => x.Tril(4)), ("where", () => x.Greater(y).Where(x, row)),
        };
        foreach (var (name, operation) in operations)
        {
            using var scope = new TensorScope();
            var result = operation();
            foreach (var leaf in new[] { x, y, row, column })
                leaf.ClearGrad();
            result.Backward(Tensor.Normal(new RandomStream(9), 0, 1, result.Shape));
            Add(name, result);
            foreach (var leaf in new[] { x, y, row, column })
                if (leaf.Grad is { } gradient)
                    Add($"{name}, gradient of [{string.Join(", ", leaf.Shape.ToArray())}]", gradient);
        }
        Train(Add);
        File.WriteAllLines(path, lines);

        Tensor Leaf(float mean, float deviation, params ReadOnlySpan<int> shape)
        {
            var leaf = Tensor.Normal(random, mean, deviation, shape);
            leaf.RequiresGrad = true;
            return leaf;
        }

        // Two steps of a small transformer with a few experts.
        void Train(Action<string, Tensor> add)
        {
            const int batch = 3, time = 70, width = 48, heads = 3, vocabulary = 301;
            Tensor embedding = Leaf(0, 0.1f, vocabulary, width), qkv = Leaf(0, 0.1f, width * 5 / 3, width),
                output = Leaf(0, 0.1f, width, width), experts = Leaf(0, 0.1f, 4, width, width), norm = Leaf(1, 0.1f, width);
            Tensor[] parameters = [embedding, qkv, output, experts, norm], m = [.. parameters.Select(p => Tensor.Zeros(p.Shape))],
                v = [.. parameters.Select(p => Tensor.Zeros(p.Shape))];
            int[] ids = [.. Enumerable.Range(0, batch * time).Select(_ => random.NextInt(vocabulary))];
            for (var step = 1; step <= 2; step++)
            {
                using var scope = new TensorScope();
                foreach (var parameter in parameters)
                    parameter.ClearGrad();
                var h = embedding.Embedding(Tensor.From(ids, batch, time));
                h += Attention.Packed(h.RmsNorm(norm).Linear(qkv), heads, 1, new AttentionOptions { Causal = true, Window = 50 })
                    .Linear(output);
                h += h.RmsNorm(norm).Reshape(-1, width).GroupedMatMul(experts, Tensor.From([0, 50, 50, 170, batch * time], 5)).Silu()
                    .Reshape(batch, time, width);
                var loss = h.LayerNorm(norm).Linear(embedding).CrossEntropy(Tensor.From([.. ids.Skip(1), 0], batch, time), smoothing: 0.1f);
                loss.Backward();
                var measured = Gradients.Measure(parameters, 0.5f);
                Optimizers.AdamWStep(parameters, [.. parameters.Select(p => p.Grad)], m, v, step, 0.01f, scale: measured.Slice(0, 1));
                add("norm", measured);
                add("loss", loss);
            }
            foreach (var parameter in parameters)
                add("parameter", parameter);
        }
    }

    private static string Width(SimdLevel level) =>
        level switch { SimdLevel.Vector512 => "512", SimdLevel.Vector256 => "256", SimdLevel.Vector128 => "128", _ => "scalar" };

    private static string[] Fingerprints(string threads, string width)
    {
        var path = Path.Combine(Path.GetTempPath(), $"mezcla-{Guid.NewGuid():n}.txt");
        try
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!,
                [.. Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
                    ? [typeof(BitsTests).Assembly.Location]
                    : Array.Empty<string>(),
                    "-method", $"{typeof(BitsTests).FullName}.{nameof(Write_fingerprints)}", "-noLogo"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { [Target] = path, ["MEZCLA_THREADS"] = threads, ["MEZCLA_SIMD"] = width },
            };
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(File.Exists(path), $"{threads} threads, width {width}: {output}");
            return File.ReadAllLines(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
