using System.Globalization;
using Mezcla.Datasets;
using Mezcla.Distributed;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Training;

namespace Mezcla.Cli.Training;

/// <summary>The messages of <c>mezcla train</c> before and after a training.</summary>
internal static class TrainingReport
{
    /// <summary>Prints the text, the model and the device of the training.</summary>
    public static void Begin(Corpus corpus, TokenBatches data, Transformer model, Device device, MpiSession? session, int parallel)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{corpus.Name}: {data.Training.Length:N0} tokens to train on, {data.Validation.Length:N0} held out. " +
                $"Model: {model.CountParameters():N0} parameters{(device == Device.Cpu ? "" : $", on {device}")}."));
        if (session is not null)
            Console.WriteLine($"{session.World.Count} processes through {MpiLibrary.Version}: each computes its share of a batch"
                + (parallel > 1 ? $", and each {parallel} of them share the experts." : ".")
                + (device == Device.Cpu ? "" : " What they exchange goes through the memory of the CPU."));
    }

    /// <summary>Prints the result of the training and what to do next.</summary>
    /// <param name="result">The steps, and how they ended.</param>
    /// <param name="data">The text as it was named.</param>
    /// <param name="output">The saved model.</param>
    /// <param name="processes">The number of processes that trained together; null for one alone.</param>
    /// <returns>The exit code: 0 if the training is finished, 130 if it was interrupted.</returns>
    public static int End(TrainingResult result, string data, FileInfo output, int? processes)
    {
        if (result.Steps.Count > 0)
        {
            var last = result.Steps[^1];
            var validation = last.ValidationLoss is { } loss ? FormattableString.Invariant($", on held-out text {loss:F3}") : "";
            Console.WriteLine(
                FormattableString.Invariant(
                    $"Step {last.Step}: {last.CrossEntropy:F3} nats per token{validation}, in {last.Seconds:F1} s."));
            if (processes is not null)
                Console.WriteLine(FormattableString.Invariant(
                    $"Sent {result.Steps.Sum(s => s.Traffic?.Bytes ?? 0) / 1e6 / result.Steps.Count:N2} MB a step; ")
                    + FormattableString.Invariant($"waited {result.Steps.Sum(s => s.Traffic?.Seconds ?? 0):F1} s."));
        }
        else if (result.Completed)
            Console.WriteLine(
                "No step was left to train: this training has made all its steps. To train longer, start again with more --steps.");

        Console.WriteLine($"Saved {output.FullName}.");
        if (result.StoppedEarly)
            Console.WriteLine("Stopped early: the loss on the held-out text did not fall in as many evaluations as --patience allows.");
        else if (!result.Completed)
        {
            var launcher = processes is null ? "" : $"mpiexec -n {processes} ";
            Console.WriteLine(
                $"Stopped before the end. To continue: {launcher}mezcla train --data {data} --resume {output.Name} --output {output.Name}");
            return 130;
        }

        Console.WriteLine($"Try it: mezcla generate {output.Name} --prompt \"...\"");
        return 0;
    }
}
