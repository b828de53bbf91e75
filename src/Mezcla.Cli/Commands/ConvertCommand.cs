using System.CommandLine;
using Mezcla.Cli.Notebooks;
using Mezcla.Cli.Shared;
using Mezcla.Notebooks.Documents;
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
                        "mixtral), a GGUF file (gpt2 or llama), or a notebook (.ipynb or .dib)."
            };
        var output =
            new Argument<string>(
                "OUTPUT")
            {
                Description = "The file or folder to write. A name that ends in .gguf gives a GGUF file and .safetensors a " +
                        "checkpoint of Mezcla; any other name gives the folder of a Hugging Face model. A notebook is written as " +
                        ".ipynb or .dib."
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
                "checkpoint of Mezcla; or a notebook as .ipynb or .dib.") { model, output, type, force };
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
        if (NotebookFiles.IsNotebook(path) || NotebookFiles.IsNotebook(output))
            return ConvertNotebook(console, path, output);
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

    private static int ConvertNotebook(TextWriter console, string path, string output)
    {
        foreach (var file in (string[])[path, output])
        {
            if (!NotebookFiles.IsNotebook(file))
                throw new ArgumentException($"{file}: a notebook is read and written as .ipynb or .dib, and nothing else becomes one.");
        }

        var notebook = Notebook.Read(path);
        notebook.Write(output);
        console.WriteLine(FormattableString.Invariant($"{Path.GetFullPath(output)}: {notebook.Cells.Count:N0} cells."));
        if (Notebook.HoldsNoOutputs(output) && notebook.Cells.Exists(cell => cell.Outputs.Count > 0))
            console.WriteLine("A .dib file holds no outputs, so they were left out.");
        return 0;
    }
}
