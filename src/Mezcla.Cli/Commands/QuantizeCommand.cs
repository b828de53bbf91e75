using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Mezcla.Cli.Shared;
using Mezcla.Quantization.Methods;
using Mezcla.Weights;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla quantize</c>: writes a model in fewer bits, as a GGUF file.</summary>
internal static class QuantizeCommand
{
    public static Command Create()
    {
        var model =
            new Argument<string>(
                "MODEL")
            {
                Description = "A checkpoint written by 'mezcla train', the folder of a Hugging Face model (gpt2, llama, mistral or " +
                        "mixtral), or a GGUF file (gpt2 or llama)."
            };
        var to = new Option<string>("--to", "-t")
        {
            Description = $"The number format: {string.Join(", ", QuantizationMix.All.Select(m => m.Name))}. Names that end in _M or _S " +
                "mix several formats as llama.cpp does. "
                +
                $"{CalibratedQuantization.Int8} rounds activations too, by the method rtn, {CalibratedQuantization.LlmInt8} or " +
                "smoothquant; it reports errors and writes no file.",
            DefaultValueFactory = _ => "Q4_K_M",
        };
        var output = new Option<string?>("--output",
            "-o")
        { Description = "The GGUF file to write. [default: beside the model, with the model's name and the format]" };
        var force = new Option<bool>("--force") { Description = "Replace the file if it exists." };
        var method = new Option<string>("--method",
            "-m")
        {
            Description = "How the rounded values are chosen: " +
                    $"{string.Join(", ", QuantizationMethod.All.Select(m => m.Name).Append(CalibratedQuantization.LlmInt8))}. rtn rounds " +
                    "each weight to the nearest value; all others need a text (--calibrate).",
            DefaultValueFactory = _ => "rtn"
        };
        var text = new Option<string?>("--calibrate",
            "-c")
        {
            Description = "A text file, or a corpus that comes with Mezcla. The method uses its first nine tenths; perplexity before " +
                    "and after is measured on the rest."
        };
        var sequences = NumberOption.Create("--sequences", "Number of sequences of that text that the method uses.", 128, least: 1);
        var command = new Command("quantize",
            "Write a model in fewer bits to a GGUF file, which llama.cpp can run too, and report sizes and errors.")
            {
                model,
                to,
                method,
                text,
                sequences,
                output,
                force
            };
        command.SetAction(parse => Failures.Report(() =>
        {
            var name = parse.GetValue(method)!.ToLowerInvariant();
            // LLM.int8() finds its outlier columns while the model runs, so it has this one format only.
            if (parse.GetValue(to)!.Equals(CalibratedQuantization.Int8, StringComparison.OrdinalIgnoreCase)
                || name == CalibratedQuantization.LlmInt8 && parse.GetResult(to) is null or { Implicit: true })
                return CalibratedQuantization.RunInt8(AnsiConsole.Console, parse.GetValue(model)!, name, parse.GetValue(text),
                    parse.GetValue(sequences));
            if (name == CalibratedQuantization.LlmInt8)
                throw new ArgumentException(
                    $"{name} keeps outlier columns, which no GGUF format can store: use it with --to {CalibratedQuantization.Int8}.");
            var mix = QuantizationMix.Parse(parse.GetValue(to)!);
            var how = QuantizationMethod.Parse(name);
            return how.NeedsCalibration || parse.GetValue(text) is not null
                ? CalibratedQuantization.Run(AnsiConsole.Console, parse.GetValue(model)!, mix, how, parse.GetValue(text),
                    parse.GetValue(sequences), parse.GetValue(output), parse.GetValue(force))
                : Run(AnsiConsole.Console, parse.GetValue(model)!, mix, parse.GetValue(output), parse.GetValue(force));
        }));
        return command;
    }

    internal static int Run(IAnsiConsole console, string path, QuantizationMix mix, string? output, bool force)
    {
        output ??= Path.ChangeExtension(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)), null) + $"-{mix}.gguf";
        OutputPath.Check(output, path, force);
        var clock = Stopwatch.StartNew();
        using var source = ModelSource.Open(path);
        var tensors = new List<TensorWritten>();
        var total = source.Map.Recipes.Sum(r => r.Count);
        console.Progress().AutoClear(true).Start(progress =>
        {
            var task = progress.AddTask($"{source.Config.Name} to {mix}", maxValue: total);
            ModelWriter.WriteGguf(output, source.Config, source.Tokenizer, source.Read, mix, tensor =>
            {
                tensors.Add(tensor);
                task.Increment(tensor.Count);
            });
        });

        var table = new Table { Border = TableBorder.Simple };
        foreach (var (name, isNumber) in new[] { ("format", false), ("tensors", true), ("numbers", true), ("bytes", true),
            ("error (relative)", true), ("worst tensor", false) })
        {
            var column = new TableColumn(name);
            table.AddColumn(isNumber ? column.RightAligned() : column);
        }
        foreach (var group in tensors.GroupBy(t => t.Format).OrderByDescending(g => g.Sum(t => t.Bytes)))
        {
            var worst = group.MaxBy(t => t.Error)!;
            table.AddRow(
                new Text(group.Key.Name), Number($"{group.Count():N0}"), Number($"{group.Sum(t => t.Count):N0}"),
                Number($"{group.Sum(t => t.Bytes):N0}"),
                Number($"{group.Average(t => t.Error):P2}"),
                new Text(worst.Error > 0 ? FormattableString.Invariant($"{worst.Name}\n{worst.Error:P2}") : ""));
        }
        console.Write(table);
        long before = source.Weights.Tensors.Where(t => !t.Name.StartsWith("optimizer.", StringComparison.Ordinal)).Sum(t => t.Length),
            after = new FileInfo(output).Length;
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Path.GetFullPath(output)}: {after:N0} bytes, {8.0 * after / Math.Max(1, total):F2} bits per " +
                $"weight; {(double)before / after:F2} times smaller than the original weights; {clock.Elapsed.TotalSeconds:F1} s."));
        if (source.Tokenizer is null)
            console.WriteLine("The model has no tokenizer, so programs can load this file but cannot give it text.");
        return 0;
    }

    private static Text Number(FormattableString text) => new(FormattableString.Invariant(text));
}
