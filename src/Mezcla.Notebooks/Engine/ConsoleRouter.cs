using System.Text;

namespace Mezcla.Notebooks;

/// <summary>
/// Puts one writer and one reader in the process's console that pass everything on to the cell that is printing, and to the console that was there
/// before when no cell is.
/// </summary>
internal static class ConsoleRouter
{
    private static readonly Lock s_lock = new();
    private static bool s_installed;

    public static void Install()
    {
        lock (s_lock)
        {
            if (s_installed)
                return;

            Console.SetOut(new Router(OutputStream.Out, Console.Out));
            Console.SetError(new Router(OutputStream.Error, Console.Error));
            Console.SetIn(new LineRouter(Console.In));
            s_installed = true;
        }
    }

    private sealed class Router(OutputStream stream, TextWriter original) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => Write(value.ToString());

        public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

        public override void Write(ReadOnlySpan<char> buffer) => Write(new string(buffer));

        public override void WriteLine() => Write(CoreNewLine.AsSpan());

        public override void WriteLine(string? value) => Write(value + "\n");

        public override void Write(string? value)
        {
            if (value is null)
                return;

            if (CellRun.Current is { } run)
                run.Write(stream, value);
            else
                original.Write(value);
        }

        public override void Flush()
        {
            if (CellRun.Current is null)
                original.Flush();
        }
    }

    private sealed class LineRouter(TextReader original) : TextReader
    {
        public override string? ReadLine() =>
            CellRun.Current is { } run ? run.ReadLine("", password: false) : original.ReadLine();

        public override string ReadToEnd() => ReadLine() ?? "";

        public override int Read() => CellRun.Current is null
            ? original.Read()
            : throw new NotSupportedException("A notebook reads whole lines: use Console.ReadLine() in place of Console.Read().");

        public override int Peek() => CellRun.Current is null ? original.Peek() : -1;
    }
}
