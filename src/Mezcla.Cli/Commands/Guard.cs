namespace Mezcla.Cli.Commands;

/// <summary>Tells what went wrong in one message, with exit code 1.</summary>
internal static class Guard
{
    public static int Report(Func<int> command)
    {
        try
        {
            return command();
        }
        catch (Exception error) when (error is ArgumentException or FormatException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            Console.Error.WriteLine($"error: {(error is ArgumentException ? error.Message.Split(" (Parameter '")[0] : error.Message)}");
            return 1;
        }
    }
}
