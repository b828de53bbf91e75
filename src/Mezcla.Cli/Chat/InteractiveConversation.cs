using Mezcla.Generation;

namespace Mezcla.Cli.Chat;

/// <summary>A conversation at the terminal: questions from standard input, answers to standard output, hints to standard error.</summary>
internal static class InteractiveConversation
{
    /// <summary>Converses until the input ends. Ctrl+C stops an answer, and the program only while it waits for a question.</summary>
    public static void Run(Conversation conversation, int count, SamplingConfig sampling, IReadOnlyList<string>? stop, TextWriter output)
    {
        var answering = false;
        var stopped = false;
        void OnCancel(object? sender, ConsoleCancelEventArgs e)
        {
            e.Cancel = answering;
            stopped = true;
        }

        Console.CancelKeyPress += OnCancel;
        try
        {
            Console.Error.WriteLine("Ctrl+C stops an answer. /new forgets what was said; /exit, or the end of the input, ends.");
            for (ulong number = 0; Question() is { } question; number++)
            {
                if (question == "/exit")
                    return;
                if (question == "/new")
                {
                    conversation.Forget();
                    continue;
                }
                (stopped, answering) = (false, true);
                foreach (var piece in conversation.Ask(question, count, sampling, stop, number))
                {
                    output.Write(piece);
                    output.Flush();
                    if (stopped)
                        break;
                }
                answering = false;
                output.WriteLine(stopped ? " ..." : "");
                output.Flush();
            }
        }
        finally
        {
            Console.CancelKeyPress -= OnCancel;
        }
    }

    // The next line that is not blank; null at the end.
    private static string? Question()
    {
        while (true)
        {
            if (!Console.IsInputRedirected)
                Console.Error.Write("> ");
            var line = Console.In.ReadLine();
            if (line is null || line.Trim().Length > 0)
                return line?.Trim();
        }
    }
}
