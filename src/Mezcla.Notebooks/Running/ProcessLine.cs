using System.Text.Json;

namespace Mezcla.Notebooks.Running;

/// <summary>
/// Messages between this process and a child process, over the child's standard input and output: each is one line of JSON after a mark
/// with which no print of native code is likely to begin.
/// </summary>
internal static class ProcessLine
{
    private const string Mark = "\u001emezcla ";

    public static string Of<T>(T message) => Mark + JsonSerializer.Serialize(message);

    /// <summary>Parses the message of a line. Returns null if the line is not a message but something that the process printed.</summary>
    public static T? Parse<T>(string line)
        where T : class
    {
        if (!line.StartsWith(Mark, StringComparison.Ordinal))
            return null;
        try
        {
            return JsonSerializer.Deserialize<T>(line.AsSpan(Mark.Length));
        }
        catch (JsonException)
        {
            // A line that native code has broken is treated as a print.
            return null;
        }
    }
}
