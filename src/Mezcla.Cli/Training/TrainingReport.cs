using System.Globalization;
using Mezcla.Datasets;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Training;

namespace Mezcla.Cli.Training;

/// <summary>What <c>mezcla train</c> says before and after a training.</summary>
internal static class TrainingReport
{
    /// <summary>Says what is about to be trained on what.</summary>
    public static void Begin(Corpus corpus, TokenBatches data, Transformer model, Device device) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{corpus.Name}: {data.Training.Length:N0} tokens to train on, {data.Validation.Length:N0} held out. " +
                $"Model: {model.CountParameters():N0} parameters{(device == Device.Cpu ? "" : $", on {device}")}."));

    /// <summary>Says what came of the training and what to do next.</summary>
    /// <param name="result">The steps, and how they ended.</param>
    /// <param name="data">The text as it was named.</param>
    /// <param name="output">The saved model.</param>
    /// <returns>The exit code: 0 if the training is finished, 130 if it was interrupted.</returns>
    public static int End(TrainingResult result, string data, FileInfo output)
    {
        if (result.Steps.Count > 0)
        {
            var last = result.Steps[^1];
            var validation = last.ValidationLoss is { } loss ? FormattableString.Invariant($", on held-out text {loss:F3}") : "";
            Console.WriteLine(
                FormattableString.Invariant(
                    $"Step {last.Step}: {last.CrossEntropy:F3} nats per token{validation}, in {last.Seconds:F1} s."));
        }
        else if (result.Completed)
            Console.WriteLine(
                "No step was left to train: this training has made all its steps. To train longer, start again with more --steps.");

        Console.WriteLine($"Saved {output.FullName}.");
        if (result.StoppedEarly)
            Console.WriteLine("Stopped early: the loss on the held-out text did not fall in as many evaluations as --patience allows.");
        else if (!result.Completed)
        {
            Console.WriteLine(
                $"Stopped before the end. To continue: mezcla train --data {data} --resume {output.Name} --output {output.Name}");
            return 130;
        }

        Console.WriteLine($"Try it: mezcla generate {output.Name} --prompt \"...\"");
        return 0;
    }
}
