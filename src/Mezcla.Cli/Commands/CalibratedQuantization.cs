using System.Diagnostics;
using Mezcla.Models;
using Mezcla.Quantization.Formats;
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
        if (text is null) throw new ArgumentException("Name a text with --calibrate (a file, or a corpus such as moby-dick): its first nine tenths are what the method looks at, on the rest perplexity is measured before and after.");
        output ??= Path.ChangeExtension(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), null) + $"-{mix}-{method}.gguf";
        OutputPath.Check(output, path, force);
        var clock = Stopwatch.StartNew();
        using var source = ModelSource.Open(path);
        var tokenizer = source.Tokenizer ?? throw new InvalidDataException($"{path} has no tokenizer, so no text can be read with it.");
        var model = source.Load(asFloats: true);
        var ids = tokenizer.Encode(Texts.Load(text).Text);
        var context = Math.Min(model.ContextLength, 2048);
        var split = ids.Length * 9 / 10;
        var calibration = CalibrationText.From(ids.AsSpan(0, split), context, sequences);
        var held = ids.AsSpan(split, Math.Min(MostHeldTokens, ids.Length - split)).ToArray();
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
        ModelWriter.WriteGguf(output, source.Config, tokenizer, ModelWriter.Parameters(model), mix, null, GgufPlan.Encoded(results));

        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("part").AddColumn("format").AddColumn(new TableColumn("matrices").RightAligned()).AddColumn(new TableColumn("error of weights").RightAligned()).AddColumn(new TableColumn("of outputs").RightAligned()).AddColumn("worst matrix");
        foreach (var group in results.GroupBy(r => (r.Matrix.Role, r.Format)))
        {
            var outputs = group.Where(r => !double.IsNaN(r.OutputError)).ToList();
            var worst = outputs.MaxBy(r => r.OutputError);
            table.AddRow(group.Key.Role.ToString().ToLowerInvariant(), group.Key.Format.Name, FormattableString.Invariant($"{group.Count():N0}"), FormattableString.Invariant($"{group.Average(r => r.WeightError):P2}"),
                outputs.Count > 0 ? FormattableString.Invariant($"{outputs.Average(r => r.OutputError):P2}") : "", worst is null ? "" : Markup.Escape(FormattableString.Invariant($"{worst.Matrix.Name}, {worst.OutputError:P2}")));
        }
        console.Write(table);
        var after = Evaluation.PerplexityOf(model, held);
        console.WriteLine(FormattableString.Invariant($"Perplexity on {held.Length:N0} tokens that the method did not see: {before:F3} before, {after:F3} after."));
        var bytes = new FileInfo(output).Length;
        console.WriteLine(FormattableString.Invariant($"{Path.GetFullPath(output)}: {bytes:N0} bytes, {8.0 * bytes / source.Map.Recipes.Sum(r => r.Count):F2} bits a weight; {clock.Elapsed.TotalSeconds:F1} s."));
        return 0;
    }
}
