using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Mezcla.Models;
using Mezcla.Quantization.Methods;
using Mezcla.Training;
using Mezcla.Weights;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla quantize --method</c>: codes chosen by a method that looks at a text, with perplexity before and after.</summary>
internal static class CalibratedQuantization
{
    private const int MostHeldTokens = 16384;

    internal static int Run(IAnsiConsole console, string path, QuantizationMix mix, QuantizationMethod method, string? text, int sequences, string? output, bool force)
    {
        RequireText(text);
        output ??= Path.ChangeExtension(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), null) + $"-{mix}-{method}.gguf";
        OutputPath.Check(output, path, force);
        var clock = Stopwatch.StartNew();
        using var source = ModelSource.Open(path);
        var (model, calibration, held) = Texts(source, text, sequences);
        var before = Evaluation.PerplexityOf(model, held);
        var format = GgufPlan.Formats(source.Config, mix);

        var results = new List<MatrixResult>();
        console.Progress().AutoClear(true).Start(progress =>
        {
            var task = progress.AddTask($"{source.Config.Name} to {mix} by {method}", maxValue: ModelMatrix.Of(model).Count(m => format(m) is not null));
            PostTraining.Quantize(model, method, format, calibration, result =>
            {
                results.Add(result);
                task.Increment(1);
            });
        });
        ModelWriter.WriteGguf(output, source.Config, source.Tokenizer, ModelWriter.Parameters(model), mix, null, GgufPlan.Encoded(results));

        var table = new LayerErrors();
        foreach (var r in results) table.Add(r.Matrix.Layer, r.Matrix.Role, r.Format.Name, r.WeightError, r.OutputError);
        table.Write(console);
        if (results.Where(r => !double.IsNaN(r.OutputError)).MaxBy(r => r.OutputError) is { } worst)
            console.WriteLine(FormattableString.Invariant($"Largest error of outputs: {worst.Matrix.Name}, {worst.OutputError:P2}."));
        var after = Evaluation.PerplexityOf(model, held);
        console.WriteLine(Perplexities(held, before, after));
        var bytes = new FileInfo(output).Length;
        console.WriteLine(FormattableString.Invariant($"{Path.GetFullPath(output)}: {bytes:N0} bytes, {8.0 * bytes / source.Map.Recipes.Sum(r => r.Count):F2} bits a weight; {clock.Elapsed.TotalSeconds:F1} s."));
        return 0;
    }
    /// <summary>
    /// <c>--to INT8</c>: weights and activations as 8-bit integers, by LLM.int8(), SmoothQuant or neither. No file format has a place for that, as it is made when a model is loaded: errors and perplexity are reported.
    /// </summary>
    internal static int RunInt8(IAnsiConsole console, string path, string method, string? text, int sequences)
    {
        RequireText(text);
        var clock = Stopwatch.StartNew();
        using var source = ModelSource.Open(path);
        var (model, calibration, held) = Texts(source, text, sequences);
        var before = Evaluation.PerplexityOf(model, held);
        var count = Int8Quantization.Count(model);
        if (count == 0) throw new InvalidDataException($"{path} has no linear maps that could be frozen: experts and routers stay floats.");
        var table = new LayerErrors(extra: method == LlmInt8 ? "outlier columns" : null);
        console.Progress().AutoClear(true).Start(progress =>
        {
            var task = progress.AddTask($"{source.Config.Name} to {Int8} by {method}", maxValue: count);
            void Done(Int8Result result)
            {
                table.Add(result.Layer, result.Role, Int8, double.NaN, result.OutputError, result.Outliers);
                task.Increment(1);
            }
            _ = method switch
            {
                LlmInt8 => Int8Quantization.LlmInt8(model, calibration, done: Done),
                "smoothquant" => Int8Quantization.SmoothQuant(model, calibration, new SmoothQuant(), Done),
                "rtn" => Int8Quantization.Naive(model, calibration, Done),
                _ => throw new ArgumentException($"{Int8} is reached by rtn, {LlmInt8} or smoothquant, not by {method}."),
            };
        });
        table.Write(console);
        console.WriteLine(Perplexities(held, before, Evaluation.PerplexityOf(model, held)));
        console.WriteLine(FormattableString.Invariant($"{count} matrices of attention and dense networks with 8-bit weights and activations; {clock.Elapsed.TotalSeconds:F1} s. Nothing is written: such matrices are made when a model is loaded."));
        return 0;
    }

    /// <summary>The format whose products are of 8-bit integers on both sides.</summary>
    internal const string Int8 = "INT8";

    /// <summary>The method with outlier columns.</summary>
    internal const string LlmInt8 = "llm.int8";

    private static void RequireText([NotNull] string? text)
    {
        if (text is null) throw new ArgumentException("Name a text with --calibrate (a file, or a corpus such as moby-dick): its first nine tenths are what the method looks at, on the rest perplexity is measured before and after.");
    }

    private static (Transformer Model, CalibrationText Calibration, int[] Held) Texts(ModelSource source, string text, int sequences)
    {
        var tokenizer = source.Tokenizer ?? throw new InvalidDataException($"{source.Weights.FilePath} has no tokenizer, so no text can be read with it.");
        var model = source.Load(asFloats: true);
        var ids = tokenizer.Encode(TrainingInputs.OpenCorpus(text).Text);
        var split = ids.Length * 9 / 10;
        return (model, CalibrationText.From(ids.AsSpan(0, split), Math.Min(model.ContextLength, 2048), sequences), ids.AsSpan(split, Math.Min(MostHeldTokens, ids.Length - split)).ToArray());
    }

    private static string Perplexities(int[] held, double before, double after) =>
        FormattableString.Invariant($"Perplexity on {held.Length:N0} tokens that the method did not see: {before:F3} before, {after:F3} after.");
}
