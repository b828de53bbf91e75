using System.CommandLine;
using Mezcla.Tensors;
using Mezcla.Training;
using Spectre.Console;

namespace Mezcla.Cli.Shared;

/// <summary>Turns expected failures into one message on standard error and exit code 1, without a stack trace.</summary>
internal static class Failures
{
    /// <summary>What stands before a message: which of several processes tells it. Empty in a single process.</summary>
    public static string Teller { get; set; } = "";

    /// <summary>Runs a command and reports an expected failure.</summary>
    public static int Report(Func<int> command) => Report(() => Task.FromResult(command())).GetAwaiter().GetResult();

    /// <summary>Runs an asynchronous command and reports an expected failure.</summary>
    public static async Task<int> Report(Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (OperationCanceledException)
        {
            return Print("Cancelled.");
        }
        catch (Exception e)
            when (e is ArgumentException or InvalidDataException or FormatException or IOException or UnauthorizedAccessException
                or InvalidOperationException or NotSupportedException or OutOfMemoryException or TrainingDivergedException
                or DeviceException or DllNotFoundException)
        {
            // An ArgumentException's message ends with the name of a parameter in the code, which does not help at a terminal.
            var message = e is ArgumentException { ParamName: { } name }
                ? e.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : e.Message;
            return Print(message);
        }
    }

    /// <summary>Reports mistakes in a command line, and how to get help.</summary>
    public static int Misused(Command command, IEnumerable<string> mistakes)
    {
        foreach (var mistake in mistakes)
            Print(mistake);
        Console.Error.WriteLine($"For help: {Misuse.NameOf(command)} --help");
        return 1;
    }

    // The message of a parser may quote a whole file, if the file is one line.
    private const int MostCharacters = 1000;

    private static int Print(string message)
    {
        if (message.Length > MostCharacters)
            message = message[..MostCharacters] + " ...";
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (Console.IsErrorRedirected)
            console.Profile.Width = 1000; // output that goes to a file is not wrapped at the width of a terminal
        console.MarkupLineInterpolated($"[red]error:[/] {Teller}{message}");
        return 1;
    }
}
