using System.CommandLine;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary>Turns what can go wrong into one message and exit code 1, never a stack trace.</summary>
internal static class Failures
{
    /// <summary>Runs a command; an expected failure is told on standard error.</summary>
    public static int Report(Func<int> command) => Report(() => Task.FromResult(command())).GetAwaiter().GetResult();

    /// <summary>Runs a command that takes its time; an expected failure is told on standard error.</summary>
    public static async Task<int> Report(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (OperationCanceledException)
        {
            return Tell("Cancelled.");
        }
        catch (Exception e) when (e is ArgumentException or InvalidDataException or FormatException or IOException or UnauthorizedAccessException
            or InvalidOperationException or NotSupportedException or OutOfMemoryException or Training.TrainingDivergedException or Tensors.DeviceException)
        {
            // An ArgumentException's own text ends with the parameter's name, which says nothing to someone at a terminal.
            var message = e is ArgumentException { ParamName: { } name } ? e.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : e.Message;
            return Tell(message);
        }
    }

    /// <summary>Tells what is wrong with a command line, and where its help is.</summary>
    public static int Misused(Command command, IEnumerable<string> mistakes)
    {
        foreach (var mistake in mistakes) Tell(mistake);
        Console.Error.WriteLine($"What it takes: {Misuse.NameOf(command)} --help");
        return 1;
    }

    // A parser's message may quote all of a file that is one line.
    private const int MostCharacters = 1000;

    private static int Tell(string message)
    {
        if (message.Length > MostCharacters) message = message[..MostCharacters] + " ...";
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (Console.IsErrorRedirected)
            console.Profile.Width = 1000; // a log's lines are not broken to the width of a terminal that is not there
        console.MarkupLineInterpolated($"[red]error:[/] {message}");
        return 1;
    }
}
