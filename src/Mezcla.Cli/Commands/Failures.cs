using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary>Turns what can go wrong into one message and exit code 1, never a stack trace.</summary>
internal static class Failures
{
    /// <summary>Runs a command; an expected failure is told on standard error.</summary>
    public static int Report(Func<int> command)
    {
        try
        {
            return command();
        }
        catch (OperationCanceledException)
        {
            return Tell("Cancelled.");
        }
        catch (Exception e) when (e is ArgumentException or InvalidDataException or FormatException or IOException or UnauthorizedAccessException
            or InvalidOperationException or NotSupportedException or OutOfMemoryException or Training.TrainingDivergedException)
        {
            // An ArgumentException's own text ends with the parameter's name, which says nothing to someone at a terminal.
            var message = e is ArgumentException { ParamName: { } name } ? e.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : e.Message;
            return Tell(message);
        }
    }

    private static int Tell(string message)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.MarkupLineInterpolated($"[red]error:[/] {message}");
        return 1;
    }
}
