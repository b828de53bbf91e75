using System.Text;

namespace Mezcla.Notebooks;

/// <summary>
/// Puts one writer and one reader in the process's console that pass everything on to the cell that is printing, and to the console that
/// was there before when no cell is.
/// </summary>
internal static class ConsoleRouter
{
    private static readonly Lock Lock = new();
    private static bool _installed;

    public static void Install()
    {
        lock (Lock)
        {
            if (_installed)
                return;

            Console.SetOut(new Router(OutputStream.Out, Console.Out));
            Console.SetError(new Router(OutputStream.Error, Console.Error));
            Console.SetIn(new LineRouter(Console.In));
            _installed = true;
        }
    }

    /// <summary>Sends what the calling cell's engine prints elsewhere, or back again if the writer is the console's own.</summary>
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

    /// <summary>Takes what the calling cell's engine reads from elsewhere, or from the
    /// user again if the reader is the console's own.</summary>
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
