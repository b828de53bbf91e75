using System.Text;

namespace Mezcla.Notebooks;

/// <summary>
/// Replaces the process's console by a writer and a reader that forward to the cell whose code calls them. Outside cells they forward to
/// the original console.
/// </summary>
internal static class ConsoleRouter
{
    private static readonly Lock Lock = new();
    private static TextWriter? _out, _error;

    /// <summary>Puts the router where console output and input go, also where something else has taken its place since: .NET Interactive's
    /// kernels do while they handle a command.</summary>
    public static void Install()
    {
        lock (Lock)
        {
            if (_out is null || _error is null)
            {
                Console.SetOut(new Router(OutputStream.Out, Console.Out));
                Console.SetError(new Router(OutputStream.Error, Console.Error));
                Console.SetIn(new LineRouter(Console.In));
                (_out, _error) = (Console.Out, Console.Error);
                return;
            }

            if (Console.Out != _out)
                Console.SetOut(_out);

            if (Console.Error != _error)
                Console.SetError(_error);
        }
    }

    /// <summary>Redirects what the calling cell's engine prints. Passing the console's own writer ends the redirection.</summary>
    public static void Redirect(OutputStream stream, TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var isOwn = writer == (stream == OutputStream.Out ? Console.Out : Console.Error);
        if (CellRun.Current?.Engine is not { } engine)
            return;

        if (stream == OutputStream.Out)
            engine.RedirectedOut = isOwn ? null : writer;
        else
            engine.RedirectedError = isOwn ? null : writer;
    }

    /// <summary>Redirects what the calling cell's engine reads. Passing the console's own reader ends the redirection.</summary>
    public static void Redirect(TextReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        if (CellRun.Current?.Engine is { } engine)
            engine.RedirectedIn = reader == Console.In ? null : reader;
    }

    private sealed class Router(OutputStream stream, TextWriter original) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => Write(value.ToString());

        public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

        public override void Write(ReadOnlySpan<char> buffer) => Write(new string(buffer));

        public override void WriteLine() => Write("\n");

        public override void WriteLine(string? value) => Write(value + "\n");

        public override void Write(string? value)
        {
            if (value is null)
                return;

            if (CellRun.Current is not { } run)
                original.Write(value);
            else if ((stream == OutputStream.Out ? run.Engine.RedirectedOut : run.Engine.RedirectedError) is { } redirected)
                redirected.Write(value);
            else
                run.Write(stream, value);
        }

        public override void Flush()
        {
            if (CellRun.Current is null)
                original.Flush();
        }
    }

    private sealed class LineRouter(TextReader original) : TextReader
    {
        public override string? ReadLine() => CellRun.Current switch
        {
            null => original.ReadLine(),
            { Engine.RedirectedIn: { } redirected } => redirected.ReadLine(),
            var run => run.ReadLine("", password: false),
        };

        public override string ReadToEnd() => Elsewhere is { } reader ? reader.ReadToEnd() : ReadLine() ?? "";

        public override int Read() => Elsewhere is { } reader
            ? reader.Read()
            : throw new NotSupportedException("A notebook reads whole lines: use Console.ReadLine() in place of Console.Read().");

        public override int Peek() => Elsewhere?.Peek() ?? -1;

        private TextReader? Elsewhere => CellRun.Current is { } run ? run.Engine.RedirectedIn : original;
    }
}
