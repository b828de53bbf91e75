using System.Diagnostics;
using System.Globalization;

namespace Mezcla.Notebooks.Running;

/// <summary>What the parents of notebook and engine processes have in common.</summary>
internal static class ChildProcess
{
    public static void CloseInput(Process process)
    {
        try
        {
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The process has already ended.
        }
    }

    /// <summary>The first and last lines of the process's standard error, where the runtime reports why it died.</summary>
    public static async Task<string> ReadComplaints(StreamReader error)
    {
        var (first, last) = (new List<string>(), new Queue<string>());
        while (await error.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (first.Count < 6)
                first.Add(line);
            else
                last.Enqueue(line);
            if (last.Count > 6)
                last.Dequeue();
        }
        return string.Join('\n', first.Concat(last)).Trim();
    }

    /// <summary>Why a process ended that nobody told to end.</summary>
    /// <param name="exitCode">Its exit code.</param>
    /// <param name="complaints">What it wrote to standard error.</param>
    /// <param name="otherwise">The end of the sentence where nothing more is known.</param>
    public static string Reason(int exitCode, string complaints, string otherwise) =>
        $"Its process ended with exit code {exitCode.ToString(CultureInfo.InvariantCulture)}" +
            (complaints.Contains("Stack overflow", StringComparison.OrdinalIgnoreCase)
                ? ": the stack overflowed, probably by endless recursion." : otherwise);
}
