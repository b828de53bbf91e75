using System.CommandLine;
using Mezcla.Quantization.Formats;
using Mezcla.Training;
using Mezcla.Weights;
using Mezcla.Weights.Checkpoints;

namespace Mezcla.Cli.Commands;

/// <summary>The command <c>mezcla convert</c>: a model from one kind of file to another.</summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "A checkpoint of mezcla train, the folder of a Hugging Face model (gpt2, llama, mistral, mixtral) or a GGUF file (gpt2, llama)." };
        var output = new Argument<string>("OUTPUT") { Description = "What to write: a .gguf file, a .safetensors checkpoint of Mezcla, or else the folder of a Hugging Face model." };
        var type = new Option<string>("--type", "-t") { Description = "Number format of the matrices: F32, F16 or BF16. Checkpoints are always F32. For fewer bits: mezcla quantize.", DefaultValueFactory = _ => "F32" };
        var force = new Option<bool>("--force") { Description = "Replace what is there." };
        type.AcceptOnlyFromAmong("F32", "F16", "BF16");
        var command = new Command("convert", "Write a model as GGUF (llama.cpp), as a Hugging Face folder (transformers, PyTorch), or as a checkpoint to train on.") { model, output, type, force };
        command.SetAction(parse => Failures.Report(() => Run(Console.Out, parse.GetValue(model)!, parse.GetValue(output)!, parse.GetValue(type)!, parse.GetValue(force))));
        return command;
    }

    internal static int Run(TextWriter console, string path, string output, string type, bool force)
    {
        if (Path.GetExtension(output).ToLowerInvariant() is ".bin" or ".pt" or ".pth" or ".ckpt" or ".onnx" or ".json" or ".h5")
            throw new ArgumentException($"{output}: files of this kind are not written. Name a .gguf file, a .safetensors file, or a folder for a Hugging Face model.");
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
        console.WriteLine(FormattableString.Invariant($"{Path.GetFullPath(output)}: {source.Config.Name}, {source.Map.Recipes.Sum(r => r.Count):N0} numbers."));
        if (source.Tokenizer is null) console.WriteLine("The model has no tokenizer: programs can load it but cannot read text with it.");
        return 0;
    }
}
