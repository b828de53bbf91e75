using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Mezcla.Cli.Shared;
using Mezcla.Models;
using Mezcla.Quantization.Methods;
using Mezcla.Training;
using Mezcla.Weights;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla quantize --method</c>: quantizes a model with a method that uses
/// a text, and reports perplexity before and after.</summary>
internal static class CalibratedQuantization
{
    private const int MostHeldOutTokens = 16384;

    /// <summary>Quantizes the weights and writes a GGUF file.</summary>
    internal static int Run(IAnsiConsole console, string path, QuantizationMix mix, QuantizationMethod method, string? text, int sequences,
        string? output, bool force)
    {
        RequireText(text);
        output ??= Path.ChangeExtension(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), null) + $"-{mix}-{method}.gguf";
        OutputPath.Check(output, path, force);
        var clock = Stopwatch.StartNew();
        using var source = ModelSource.Open(path);
        var (model, calibration, heldOut) = LoadWithTexts(source, text, sequences);
        var before = Evaluation.PerplexityOf(model, heldOut);
        var format = GgufPlan.Formats(source.Config, mix);

        var results = new List<MatrixResult>();
        console.Progress().AutoClear(true).Start(progress =>
        {
            var task = progress.AddTask($"{source.Config.Name} to {mix} by {method}",
                maxValue: ModelMatrix.Of(model).Count(m => format(m) is not null));
            PostTraining.Quantize(model, method, format, calibration, result =>
            {
                results.Add(result);
                task.Increment(1);
            });
        });
        ModelWriter.WriteGguf(output, source.Config, source.Tokenizer, ModelWriter.Parameters(model), mix, null, GgufPlan.Encoded(results));

        var table = new LayerErrorTable();
        foreach (var r in results)
            table.Add(r.Matrix.Layer, r.Matrix.Role, r.Format.Name, r.WeightError, r.OutputError);
        table.Write(console);
        if (results.Where(r => !double.IsNaN(r.OutputError)).MaxBy(r => r.OutputError) is { } worst)
            console.WriteLine(FormattableString.Invariant($"Largest error of outputs: {worst.Matrix.Name}, {worst.OutputError:P2}."));
        var after = Evaluation.PerplexityOf(model, heldOut);
        console.WriteLine(Perplexities(heldOut, before, after));
        var bytes = new FileInfo(output).Length;
        console.WriteLine(
            string.Create(CultureInfo.InvariantCulture,
                $"{Path.GetFullPath(output)}: {bytes:N0} bytes, {8.0 * bytes / source.Map.Recipes.Sum(r => r.Count):F2} bits per " +
                    $"weight; {clock.Elapsed.TotalSeconds:F1} s."));
        return 0;
    }

    /// <summary>
    /// <c>--to INT8</c>: rounds weights and activations to 8-bit integers, by LLM.int8(), SmoothQuant or plain rounding, and reports errors
    /// and perplexity. Nothing is written, because these integers are computed when a model is loaded, and no file format stores them.
    /// </summary>
    internal static int RunInt8(IAnsiConsole console, string path, string method, string? text, int sequences)
    {
        RequireText(text);
        var clock = Stopwatch.StartNew();
        using var source = ModelSource.Open(path);
        var (model, calibration, heldOut) = LoadWithTexts(source, text, sequences);
        var before = Evaluation.PerplexityOf(model, heldOut);
        var count = Int8Quantization.Count(model);
        if (count == 0)
            throw new InvalidDataException(
                $"{path} has no matrices that could be rounded to 8-bit integers: experts and routers stay in floating point.");
        var table = new LayerErrorTable(countColumn: method == LlmInt8 ? "outlier columns" : null);
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
                _ => throw new ArgumentException($"--to {Int8} works with the methods rtn, {LlmInt8} and smoothquant, not with {method}."),
            };
        });
        table.Write(console);
        console.WriteLine(Perplexities(heldOut, before, Evaluation.PerplexityOf(model, heldOut)));
        console.WriteLine(
            string.Create(CultureInfo.InvariantCulture,
                $"{count} matrices of attention and dense networks with 8-bit weights and activations; {clock.Elapsed.TotalSeconds:F1} " +
                    $"s. No file is written: such matrices are computed when a model is loaded."));
        return 0;
    }

    /// <summary>The format in which both factors of a matrix product are 8-bit integers.</summary>
    internal const string Int8 = "INT8";

    /// <summary>The method that keeps outlier columns in floating point.</summary>
    internal const string LlmInt8 = "llm.int8";

    private static void RequireText([NotNull] string? text)
    {
        if (text is null)
            throw new ArgumentException(
                "This method needs a text: name a file, or a corpus such as moby-dick, with --calibrate. The method uses its first nine " +
                    "tenths; perplexity is measured on the rest.");
    }

    private static (Transformer Model, CalibrationText Calibration, int[] HeldOut) LoadWithTexts(ModelSource source, string text,
        int sequences)
    {
        var tokenizer = source.Tokenizer
            ?? throw new InvalidDataException($"{source.Weights.FilePath} has no tokenizer, so it cannot be given a text.");
        var model = source.Load(asFloats: true);
        var ids = tokenizer.Encode(TrainingInputs.OpenCorpus(text).Text);
        var split = ids.Length * 9 / 10;
        return (model, CalibrationText.From(ids.AsSpan(0, split), Math.Min(model.ContextLength, 2048), sequences),
            ids.AsSpan(split, Math.Min(MostHeldOutTokens, ids.Length - split)).ToArray());
    }

    private static string Perplexities(int[] heldOut, double before, double after) =>
        FormattableString.Invariant(
            $"Perplexity on {heldOut.Length:N0} tokens that the method did not use: {before:F3} before, {after:F3} after.");
}
