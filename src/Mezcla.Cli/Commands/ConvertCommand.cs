using System.CommandLine;
using Mezcla.Cli.Shared;
using Mezcla.Quantization.Formats;
using Mezcla.Training;
using Mezcla.Weights;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla convert</c>: writes a model in another file format.</summary>
internal static class ConvertCommand
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
        var output =
            new Argument<string>(
                "OUTPUT")
            {
                Description = "The file or folder to write. A name that ends in .gguf gives a GGUF file and .safetensors a " +
                        "checkpoint of Mezcla; any other name gives the folder of a Hugging Face model."
            };
        var type = new Option<string>("--type",
            "-t")
        {
            Description = "Number format of the matrices: F32, F16 or BF16. Checkpoints of Mezcla are always F32. For fewer bits, " +
                    "use 'mezcla quantize'.",
            DefaultValueFactory = _ => "F32"
        };
        var force = new Option<bool>("--force") { Description = "Replace the output if it exists." };
        type.AcceptOnlyFromAmong("F32", "F16", "BF16");
        var command = new Command("convert",
            "Write a model in another format: a GGUF file (for llama.cpp), a Hugging Face folder (for transformers and PyTorch), or a " +
                "checkpoint of Mezcla.") { model, output, type, force };
        command.SetAction(
            parse => Failures.Report(
                () => Run(Console.Out, parse.GetValue(model)!, parse.GetValue(output)!, parse.GetValue(type)!, parse.GetValue(force))));
        return command;
    }

    internal static int Run(TextWriter console, string path, string output, string type, bool force)
    {
        if (Path.GetExtension(output).ToLowerInvariant() is ".bin" or ".pt" or ".pth" or ".ckpt" or ".onnx" or ".json" or ".h5")
            throw new ArgumentException(
                $"{output}: files of this kind are not written. Name a .gguf file, a .safetensors file, or a folder for a Hugging Face " +
                    "model.");
        OutputPath.Check(output, path, force);
        using var source = ModelSource.Open(path);
        switch (Path.GetExtension(output).ToLowerInvariant())
        {
            case ".gguf":
                ModelWriter.WriteGguf(output, source.Config, source.Tokenizer, source.Read, QuantizationMix.Parse(type));
                break;
            case ".safetensors":
                new ModelCheckpoint { Model = source.Load(asFloats: true), Tokenizer = source.Tokenizer }.Save(output);
                break;
            default:
                ModelWriter.WriteHuggingFace(output, source.Config, source.Tokenizer, source.Read, (FloatFormat)NumberFormats.Parse(type));
                break;
        }
        console.WriteLine(
            FormattableString.Invariant(
                $"{Path.GetFullPath(output)}: {source.Config.Name}, {source.Map.Recipes.Sum(r => r.Count):N0} numbers."));
        if (source.Tokenizer is null)
            console.WriteLine("The model has no tokenizer, so programs can load it but cannot give it text.");
        return 0;
    }
}
