using FsCheck;
using FsCheck.Xunit;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Methods;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Tests;

public class MethodTests
{
    /// <summary>Inputs whose columns hang together and differ in size, as those of a trained model do.</summary>
    private static InputStatistics Correlated(int columns, int rows, int seed)
    {
        var (noise, mix, sizes) = (FormatTests.Normal(rows * columns, seed), FormatTests.Normal(columns * columns, seed + 1),
            FormatTests.Normal(columns, seed + 2));
        var x = new float[rows * columns];
        for (var row = 0; row < rows; row++)
            for (var j = 0; j < columns; j++)
            {
                for (var k = 0; k < 8; k++)
                    x[row * columns + j] += noise[row * columns + k] * mix[k * columns + j];
                x[row * columns + j] = (x[row * columns + j] + 0.3f * noise[row * columns + j]) * MathF.Exp(sizes[j]);
            }
        var statistics = new InputStatistics(columns);
        statistics.Add(x.AsSpan(0, rows / 2 * columns));
        statistics.Add(x.AsSpan(rows / 2 * columns));
        return statistics;
    }

    private static double Error(MatrixProblem problem, byte[] encoded)
    {
        var decoded = MatrixCodec.Decode(problem.Format, problem.Rows, problem.Columns, encoded);
        for (var i = 0; i < decoded.Length; i++)
            decoded[i] -= problem.Weights[i];
        return problem.Inputs!.SquaredError(decoded);
    }

    public static TheoryData<string> GridFormats => ["Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K", "INT4_ABSMAX", "INT4_ABSMAX_G32",
        "UINT4_ZEROPOINT_G128", "INT8_ABSMAX", "UINT8_ZEROPOINT"];

    [Theory, MemberData(nameof(GridFormats))]
    public void GPTQ_errs_less_than_rounding_to_nearest_on_inputs_that_hang_together(string name)
    {
        foreach (var method in new[] { new Gptq(), new Gptq { ActOrder = true }, new Gptq { Block = 32 } })
        {
            var problem = new MatrixProblem("w", 12, 256, FormatTests.Normal(12 * 256, 7), NumberFormats.Parse(name),
                Correlated(256, 400, 3));
            var (nearest, spread) = (Error(problem, new RoundToNearest().Quantize(problem)), Error(problem, method.Quantize(problem)));
            Assert.True(spread < 0.75 * nearest, $"{method} block {method.Block}: {spread}, to nearest {nearest}");
        }
    }

    [Property(MaxTest = 15)]
    public void GPTQ_is_never_worse_than_rounding_to_nearest_on_its_own_inputs(DoNotSize<int> seed, bool actOrder)
    {
        var problem = new MatrixProblem("w", 5, 64, FormatTests.Normal(5 * 64, seed.Item), NumberFormats.Q4_0,
            Correlated(64, 20 + (seed.Item & 63), seed.Item));
        Assert.True(
            Error(problem, new Gptq { ActOrder = actOrder }.Quantize(problem)) <= Error(problem, new RoundToNearest().Quantize(problem)));
    }

    [Property(MaxTest = 15)]
    public void Clipped_ranges_are_never_worse_than_whole_ones_on_their_own_inputs(DoNotSize<int> seed, bool rowScale)
    {
        var format = rowScale ? new AbsmaxFormat(4) : (NumberFormat)NumberFormats.Q4_0;
        var problem = new MatrixProblem("w", 5, 64, FormatTests.Normal(5 * 64, seed.Item), format,
            Correlated(64, 20 + (seed.Item & 63), seed.Item));
        Assert.True(Error(problem, new Awq { Clip = true }.Quantize(problem)) <= Error(problem, new RoundToNearest().Quantize(problem)));
    }

    [Theory, InlineData("INT4_ABSMAX"), InlineData("INT4_ABSMAX_G32"), InlineData("Q4_0"), InlineData("UINT4_ZEROPOINT_G32")]
    public void One_large_weight_on_a_small_input_is_clipped_where_that_helps_the_outputs(string name)
    {
        // Column 3 hardly counts in the outputs, and its weight is what makes the step wide.
        const int Rows = 6, Columns = 64;
        float[] weights = FormatTests.Normal(Rows * Columns, 4), x = FormatTests.Normal(200 * Columns, 5);
        for (var row = 0; row < Rows; row++)
            weights[row * Columns + 3] = row % 2 == 0 ? 7 : -7;
        for (var n = 0; n < 200; n++)
            x[n * Columns + 3] *= 0.01f;
        var inputs = new InputStatistics(Columns);
        inputs.Add(x);
        var problem = new MatrixProblem("w", Rows, Columns, weights, NumberFormats.Parse(name), inputs);
        var clipped = new Awq { Clip = true }.Quantize(problem);
        Assert.True(Error(problem, clipped) < 0.6 * Error(problem, new RoundToNearest().Quantize(problem)));
        Assert.True(Math.Abs(MatrixCodec.Decode(problem.Format, Rows, Columns, clipped)[3]) < 5);
        // Without statistics, or in a format without groups, it is rounding to nearest.
        foreach (var other in new[] { problem with { Inputs = new InputStatistics(Columns) }, problem with { Format = Nf4.Double },
            problem with { Format = FloatFormat.F16 } })
            Assert.Equal(new RoundToNearest().Quantize(other), new Awq { Clip = true }.Quantize(other));
    }

    [Fact]
    public void Statistics_follow_a_folding()
    {
        float[] scales = [.. FormatTests.Normal(16, 8).Select(v => MathF.Exp(v))], x = FormatTests.Normal(70 * 16, 1);
        InputStatistics divided = new(16), direct = new(16);
        divided.Add(x);
        divided.Divide(scales);
        direct.Add([.. x.Select((v, i) => v / scales[i % 16])]);
        for (var i = 0; i < 256; i++)
            Assert.Equal(direct.Gram[i], divided.Gram[i], 1e-4 * (1 + Math.Abs(direct.Gram[i])));
        for (var j = 0; j < 16; j++)
        {
            Assert.Equal(direct.MeanMagnitudes()[j], divided.MeanMagnitudes()[j], 1e-4);
            Assert.Equal(direct.Largest[j], divided.Largest[j], 1e-4);
        }
        Assert.Equal(InputStatistics.SampleRows, divided.Sample.Count);
        Assert.Equal(direct.Sample[5], divided.Sample[5]);
    }

    [Fact]
    public void GPTQ_with_inputs_that_do_not_hang_together_or_were_never_seen_is_rounding_to_nearest()
    {
        var identity = new InputStatistics(64);
        for (var i = 0; i < 64; i++)
        {
            var x = new float[64];
            x[i] = 3;
            identity.Add(x);
        }
        foreach (var inputs in new[] { identity, new InputStatistics(64) })
        {
            var problem = new MatrixProblem("w", 6, 64, FormatTests.Normal(6 * 64, 2), NumberFormats.Parse("INT4_ABSMAX_G32"), inputs);
            Assert.Equal(new RoundToNearest().Quantize(problem), new Gptq().Quantize(problem));
        }
    }

    [Fact]
    public void Blocks_of_columns_change_only_when_updates_are_applied()
    {
        var problem = new MatrixProblem("w", 4, 128, FormatTests.Normal(4 * 128, 2), new AbsmaxFormat(8, 32), Correlated(128, 300, 5));
        var (a, b) =
            (Error(problem, new Gptq { Block = 32 }.Quantize(problem)), Error(problem, new Gptq { Block = 128 }.Quantize(problem)));
        Assert.InRange(a / b, 0.9, 1.1);
    }

    [Fact]
    public void The_squared_error_is_that_of_the_outputs()
    {
        var (x, d) = (FormatTests.Normal(30 * 16, 1), FormatTests.Normal(3 * 16, 2));
        var statistics = new InputStatistics(16);
        statistics.Add(x);
        var expected = 0.0;
        for (var n = 0; n < 30; n++)
            for (var row = 0; row < 3; row++)
                expected += Math.Pow(Enumerable.Range(0, 16).Sum(j => (double)x[n * 16 + j] * d[row * 16 + j]), 2);
        Assert.Equal(expected, statistics.SquaredError(d), expected * 1e-5);
        Assert.Equal(Enumerable.Range(0, 30).Average(n => Math.Abs(x[n * 16 + 5])), statistics.MeanMagnitudes()[5], 1e-5);
        Assert.Equal(30, statistics.Count);
    }

    [Theory, InlineData(false, false), InlineData(true, false), InlineData(false, true), InlineData(true, true)]
    public void Foldings_leave_what_a_model_computes_as_it_was(bool experts, bool layerNorm)
    {
        var model = new Transformer(SmallModels.Config(experts ? 4 : 0, gated: !layerNorm), new RandomStream(3));
        foreach (var (name, tensor) in model.NamedParameters().Where(p => p.Name.Contains("norm")))
            Module.Assign(tensor, FormatTests.Normal((int)tensor.Count, name.Length));
        var before = SmallModels.Logits(model);
        var matrices = ModelMatrix.Of(model);
        var count = 0;
        foreach (var (block, number) in model.Blocks.Select((b, i) => (b, i)))
            foreach (var folding in ScaleFolding.Of(model.Config, block, [.. matrices.Where(m => m.Layer == number)]))
            {
                folding.Apply([.. FormatTests.Normal(folding.Consumers[0].Columns, count++).Select(v => MathF.Exp(v))]);
                Assert.All(folding.Consumers, c => Assert.Equal(folding.Consumers[0].Columns, c.Columns));
            }
        Assert.Equal(2 * (experts ? 2 + 4 : layerNorm ? 2 : 3), count);
        foreach (var (a, b) in before.Zip(SmallModels.Logits(model)))
            Assert.Equal(a, b, 1e-3 * (1 + Math.Abs(a)));
    }

    [Theory, InlineData("rtn"), InlineData("gptq"), InlineData("gptq-act-order"), InlineData("awq"), InlineData("awq-clip"),
    InlineData("smoothquant")]
    public void Methods_quantize_a_trained_model_and_report_each_matrix(string name)
    {
        foreach (var model in new[] { SmallModels.Dense(), SmallModels.Experts() })
        {
            var before = SmallModels.Loss(model);
            var told = new List<MatrixResult>();
            var results = PostTraining.Quantize(model, QuantizationMethod.Parse(name),
                m => m.Role == MatrixRole.Router ? null : NumberFormats.Parse("INT8_ABSMAX"), SmallModels.Calibration, told.Add);
            Assert.Equal(told, results);
            Assert.Equal(ModelMatrix.Of(model).Count(m => m.Role != MatrixRole.Router), results.Count);
            foreach (var result in results)
            {
                Assert.InRange(result.WeightError, 0.0005, 0.02);
                Assert.True(result.Matrix.Role == MatrixRole.Embedding
                    ? double.IsNaN(result.OutputError)
                    : result.OutputError is > 0 and < 0.03, $"{result.Matrix}: {result.OutputError}");
                Assert.Equal(result.Matrix.Read(),
                    MatrixCodec.Decode(result.Format, result.Matrix.Rows, result.Matrix.Columns, result.Encoded));
            }
            Assert.InRange(SmallModels.Loss(model) - before, -0.03, 0.03);
        }
    }

    [Fact]
    public void At_four_bits_methods_that_look_at_inputs_err_less_in_outputs()
    {
        double Outputs(string method) =>
            PostTraining.Quantize(SmallModels.Dense(), QuantizationMethod.Parse(method),
                m => m.Role is MatrixRole.Embedding ? null : NumberFormats.Parse("INT4_ABSMAX"), SmallModels.Calibration)
                .Average(r => r.OutputError);
        var nearest = Outputs("rtn");
        Assert.True(Outputs("gptq") < 0.9 * nearest);
        Assert.True(Outputs("awq-clip") < 0.95 * nearest);
        Assert.True(Outputs("awq") <= 1.02 * nearest); // each block's inputs are those that the blocks before gave, so not the same ones
    }

    [Fact]
    public void Methods_say_what_they_need()
    {
        Assert.Contains("calibrate",
            Assert.Throws<ArgumentException>(
                () => PostTraining.Quantize(SmallModels.Dense(), new Gptq(), _ => NumberFormats.Q8_0)).Message);
        Assert.Contains("gptq", Assert.Throws<ArgumentException>(() => QuantizationMethod.Parse("magic")).Message);
        Assert.Contains("9 tokens", Assert.Throws<ArgumentException>(() => CalibrationText.From(new int[9], 10)).Message);
        var text = CalibrationText.From([.. Enumerable.Range(0, 100)], 10, 4);
        Assert.Equal([0, 30, 60, 90], text.Sequences.Select(s => s[0]));
    }

    [Fact]
    public void LLM_int8_keeps_outlier_columns_and_then_errs_less()
    {
        const int Rows = 20, Columns = 70;
        var (w, x) = (FormatTests.Normal(Rows * Columns, 1), FormatTests.Normal(5 * Columns, 2));
        for (var n = 0; n < 5; n++)
        {
            x[n * Columns + 13] = 60 + n;
            x[n * Columns + 44] *= 0.1f;
        }
        double Error(Int8Matrix matrix)
        {
            var y = new float[5 * Rows];
            matrix.Multiply(x, y);
            var sum = 0.0;
            for (var n = 0; n < 5; n++)
                for (var i = 0; i < Rows; i++)
                    sum += Math.Pow(
                        y[n * Rows + i] - Enumerable.Range(0, Columns).Sum(j => (double)w[i * Columns + j] * x[n * Columns + j]), 2);
            return sum;
        }
        using Int8Matrix plain = new(Rows, Columns, w), found = new(Rows, Columns, w, Int8Matrix.OutlierThreshold),
            known = new(Rows, Columns, w, Int8Matrix.OutlierThreshold, [13]);
        Assert.True(Error(known) < 0.05 * Error(plain), $"{Error(known)} {Error(plain)}");
        Assert.True(Error(found) < Error(plain));
        Assert.Equal([13], known.OutlierColumns);
        Assert.Equal(Rows * Columns + 4 * Rows + 2 * Rows, known.Bytes);
        var row = new float[Columns];
        known.ReadRow(3, row);
        Assert.Equal((float)(Half)w[3 * Columns + 13], row[13]);
        Assert.Throws<ArgumentException>(() => known.Multiply(new float[71], new float[20]));
    }

    [Fact]
    public void Integer_products_of_vectors_are_exact()
    {
        // Weights and inputs that are whole multiples of their scales lose nothing.
        const int Columns = 131;
        var random = new Random(1);
        float[] w = [.. Enumerable.Range(0, 3 * Columns).Select(_ => (float)random.Next(-127, 128))],
            x = [.. Enumerable.Range(0, Columns).Select(_ => (float)random.Next(-127, 128))];
        for (var row = 0; row < 3; row++)
            w[row * Columns] = 127;
        x[1] = -127;
        using var matrix = new Int8Matrix(3, Columns, w);
        var y = new float[3];
        matrix.Multiply(x, y);
        for (var row = 0; row < 3; row++)
            Assert.Equal(Enumerable.Range(0, Columns).Sum(j => (double)w[row * Columns + j] * x[j]), y[row]);
    }

    [Fact]
    public void Models_run_in_eight_bits_with_activations_too()
    {
        var before = SmallModels.Loss(SmallModels.Dense());
        Transformer a = SmallModels.Dense(), b = SmallModels.Dense(), c = SmallModels.Dense();
        var told = new List<Int8Result>();
        var outliers = Int8Quantization.LlmInt8(a, SmallModels.Calibration, done: told.Add);
        Assert.Equal(told, outliers);
        Assert.Equal(8, Int8Quantization.Count(SmallModels.Dense()));
        foreach (var results in new[] { outliers, Int8Quantization.SmoothQuant(b, SmallModels.Calibration, new SmoothQuant()),
            Int8Quantization.Naive(c, SmallModels.Calibration) })
        {
            Assert.Equal(8, results.Count);
            Assert.All(results, r => Assert.InRange(r.OutputError, 1e-4, 0.03));
        }
        foreach (var model in new[] { a, b, c })
            Assert.InRange(SmallModels.Loss(model) - before, -0.05, 0.05);
    }

    [Fact]
    public void SmoothQuant_moves_outliers_from_inputs_to_weights()
    {
        var scales = SmoothQuant.Scales([16, 1, 0], [1, 4, 2], 0.5f);
        Assert.Equal([4, 0.5f, 1], scales);
        Assert.Equal([1, 1, 1], SmoothQuant.Scales([1, 1, 1], [1, 1, 1], 0.5f));
    }

    [Fact]
    public void AWQ_scales_follow_the_paper()
    {
        var scales = Awq.Scales([1, 4, 16], 0.5f);
        Assert.Equal(2, scales[1] / scales[0], 1e-5);
        Assert.Equal(1, scales[0] * scales[2], 1e-5); // divided by √(max·min)
        Assert.Equal([1, 1, 1], Awq.Scales([1, 4, 16], 0));
    }

    [Theory, InlineData("TERNARY", 8), InlineData("INT4_ABSMAX", 0)]
    public void Training_with_rounding_is_at_least_as_good_as_rounding_after_training(string name, int activationBits)
    {
        var format = NumberFormats.Parse(name);
        Func<ModelMatrix, NumberFormat?> inner = m => m.Role is MatrixRole.Attention or MatrixRole.Network ? format : null;
        var after = SmallModels.Dense();
        PostTraining.Quantize(after, new RoundToNearest(), inner);
        var during = new Transformer(SmallModels.Config(), new RandomStream(1));
        double soft;
        using (var rounding = new StraightThrough(during, inner, activationBits))
        {
            SmallModels.Train(during, 120);
            soft = SmallModels.Loss(during);
            rounding.Bake();
            // Rounding the rounded is the identity up to the scale's own rounding, except for ternary, whose scale is a mean.
            if (name != "TERNARY")
                Assert.Equal(soft, SmallModels.Loss(during), 0.02);
        }
        if (activationBits == 0)
            Assert.Equal(soft, SmallModels.Loss(during), 0.02);
        // At four bits a row of 32 hardly suffers in either way.
        Assert.True(soft < SmallModels.Loss(after) + (name == "TERNARY" ? -0.2 : 0.05),
            $"{soft}, rounded afterwards {SmallModels.Loss(after)}");
    }

    [Fact]
    public void Gradients_pass_the_rounding()
    {
        var model = new Transformer(SmallModels.Config(experts: 4), new RandomStream(1));
        using var rounding = new StraightThrough(model, _ => new Ternary(), 8);
        var ids = Tensor.From(SmallModels.Ids.AsSpan(0, 32), 1, 32);
        model.Loss(ids, ids).Total.Backward();
        foreach (var (name, tensor) in model.NamedParameters())
            Assert.True(tensor.Grad is { } g && g.ToArray().Any(v => v != 0), name);
    }

    [Theory, InlineData(8, 0.02), InlineData(4, 0.25)]
    public void A_cache_in_fewer_bits_gives_nearly_the_same_logits(int bits, double tolerance)
    {
        var model = SmallModels.Dense();
        using var noGrad = new NoGrad();
        using KeyValueCache plain = new(2, 32), small = new QuantizedKeyValueCache(2, 32, new AbsmaxFormat(bits));
        var worst = 0.0;
        for (var at = 0; at < 24; at += at == 0 ? 5 : 1)
        {
            var ids = Tensor.From(SmallModels.Ids.AsSpan(at, at == 0 ? 5 : 1), 1, at == 0 ? 5 : 1);
            float[] a = model.Logits(ids, new ForwardContext { Cache = plain, LastPositionOnly = true }).ToArray(),
                b = model.Logits(ids, new ForwardContext { Cache = small, LastPositionOnly = true }).ToArray();
            worst = Math.Max(worst, Math.Sqrt(a.Zip(b).Sum(p => Math.Pow(p.First - p.Second, 2)) / a.Sum(v => (double)v * v)));
        }
        Assert.InRange(worst, 1e-6, tolerance);
        // 2 layers x 32 tokens x 1 head x (16 codes + a scale), twice, and one layer as floats.
        Assert.Equal(2 * 2 * 32 * (16 * bits / 8 + 4) + 2 * 32 * 16 * 4, small.Bytes);
        Assert.Throws<InvalidOperationException>(() => small.Store(0, Tensor.Zeros(1, 40, 1, 16), Tensor.Zeros(1, 40, 1, 16)));
        small.Truncate(3);
        Assert.Equal(3, small.Length);
    }

    [Fact]
    public void Tokens_that_change_experts_are_counted()
    {
        var model = SmallModels.Experts();
        var same = RoutingChange.Between(model, SmallModels.Experts(), SmallModels.Calibration);
        Assert.Equal([0, 1, -1], same.Select(c => c.Layer));
        Assert.All(same, c => Assert.Equal((0, 0), (c.SetChanged, c.FirstChanged)));
        double Rate(string format)
        {
            var other = SmallModels.Experts();
            PostTraining.Quantize(other, new RoundToNearest(),
                ExpertPrecision.ByRole(new Dictionary<MatrixRole, NumberFormat> { [MatrixRole.Router] = NumberFormats.Parse(format) }));
            return RoutingChange.Between(model, other, SmallModels.Calibration)[^1].SetChanged;
        }
        var (eight, four) = (Rate("INT8_ABSMAX"), Rate("TERNARY"));
        Assert.True(eight < four && eight < 0.05 && four > 0.05, $"{eight} {four}");
    }

    [Fact]
    public void Experts_get_bits_by_their_use()
    {
        var model = SmallModels.Experts();
        var use = Pruning.ExpertPruning.Use(model, SmallModels.Calibration);
        Assert.Equal(2, use.Count);
        Assert.All(use.Values, shares => Assert.Equal(1, shares.Sum(), 1e-9));
        var format = ExpertPrecision.ByUse(use, 1, NumberFormats.Q8_0, NumberFormats.Q4_0);
        foreach (var matrix in ModelMatrix.Of(model).Where(m => m.Role == MatrixRole.Expert))
            Assert.Equal(use[matrix.Layer][matrix.Expert] == use[matrix.Layer].Max() ? "Q8_0" : "Q4_0", format(matrix)!.Name);
        Assert.Null(format(ModelMatrix.Of(model).First(m => m.Role == MatrixRole.Router)));
    }
}
