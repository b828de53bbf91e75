using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mezcla.Kernel.History;

/// <summary>
/// The input history of all sessions, in a file of JSON lines that several kernels may append to at the same time. Output texts are
/// kept for the running session only. Where the file cannot be used, history lasts as long as the kernel.
/// </summary>
internal sealed class HistoryStore
{
    private const long LargestFile = 8 << 20;
    private const int LongestOutput = 10_000;
    private readonly string? _path;
    private readonly KernelLog _log;
    private readonly Lock _lock = new();
    private readonly Lazy<List<HistoryEntry>> _entries;
    private int _session = 1;
    private bool _writable;

    /// <param name="path">The file, or null for a history in memory only.</param>
    /// <param name="log">Hears why a file cannot be used.</param>
    public HistoryStore(string? path, KernelLog log)
    {
        _path = path;
        _log = log;
        _entries = new Lazy<List<HistoryEntry>>(Open);
    }

    /// <summary>The number of the running session.</summary>
    public int Session
    {
        get
        {
            _ = _entries.Value;
            return _session;
        }
    }

    /// <summary>Adds a cell and appends it to the file.</summary>
    public void Add(int line, string input)
    {
        lock (_lock)
        {
            List<HistoryEntry> entries = _entries.Value;
            entries.Add(new HistoryEntry(_session, line, input));
            if (_writable)
                Append(new JsonObject { ["session"] = _session, ["line"] = line, ["input"] = input });
        }
    }

    /// <summary>Remembers what the cell added last evaluated to.</summary>
    public void SetOutput(int line, string output)
    {
        lock (_lock)
        {
            var at = _entries.Value.FindLastIndex(e => e.Session == _session && e.Line == line);
            if (at >= 0)
                _entries.Value[at] = _entries.Value[at] with { Output = output.Length > LongestOutput ? output[..LongestOutput] : output };
        }
    }

    /// <summary>The last <paramref name="count"/> cells of all sessions, oldest first.</summary>
    public IReadOnlyList<HistoryEntry> Tail(int count)
    {
        lock (_lock)
            return [.. _entries.Value.TakeLast(Math.Max(0, count))];
    }

    /// <summary>Cells of one session by number.</summary>
    /// <param name="session">Which: above 0 that one, 0 the running one, below 0 counted back from it.</param>
    /// <param name="start">The first number.</param>
    /// <param name="stop">The first number no longer wanted; null for all that follow.</param>
    public IReadOnlyList<HistoryEntry> Range(int session, int start, int? stop)
    {
        lock (_lock)
        {
            List<HistoryEntry> entries = _entries.Value;
            var wanted = session > 0 ? session : _session + session;
            return [.. entries.Where(e => e.Session == wanted && e.Line >= start && (stop is null || e.Line < stop))];
        }
    }

    /// <summary>Cells whose whole text matches a pattern, in which <c>*</c> stands for any text and <c>?</c> for one character.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="count">Only the last so many; null for all.</param>
    /// <param name="unique">Each text once, where it was last.</param>
    public IReadOnlyList<HistoryEntry> Search(string pattern, int? count, bool unique)
    {
        lock (_lock)
        {
            IEnumerable<HistoryEntry> found = _entries.Value.Where(e => Matches(e.Input, pattern));
            if (unique)
                found = found.Reverse().DistinctBy(e => e.Input).Reverse();
            return [.. count is { } n ? found.TakeLast(Math.Max(0, n)) : found];
        }
    }

    /// <summary>Matches in time proportional to the product of both lengths, whatever the pattern.</summary>
    internal static bool Matches(string text, string pattern)
    {
        int t = 0, p = 0, star = -1, mark = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                mark = t;
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == text[t]))
            {
                p++;
                t++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                t = ++mark;
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).TrimStart('*').IsEmpty;
    }

    private List<HistoryEntry> Open()
    {
        var entries = new List<HistoryEntry>();
        if (_path is null)
            return entries;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(_path))!);

            // Held alone while the session's number is chosen, so that two kernels do not choose the same.
            using FileStream file = OpenExclusively(_path);
            var last = Read(file, entries);
            _session = last + 1;
            if (file.Length > LargestFile)
            {
                entries.RemoveRange(0, entries.Count / 2);
                file.SetLength(0);
                foreach (HistoryEntry e in entries)
                    Write(file, new JsonObject { ["session"] = e.Session, ["line"] = e.Line, ["input"] = e.Input });
            }

            Write(file, new JsonObject { ["session"] = _session, ["started"] = DateTime.UtcNow.ToString("O") });
            _writable = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.Warn($"history is kept in memory only: {e.Message}");
        }

        return entries;
    }

    private static FileStream OpenExclusively(string path)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
                if (!OperatingSystem.IsWindows())
                    options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
                return new FileStream(path, options);
            }
            catch (IOException) when (attempt < 200)
            {
                Thread.Sleep(1 + Random.Shared.Next(Math.Min(attempt, 20)));
            }
        }
    }

    private static int Read(FileStream file, List<HistoryEntry> entries)
    {
        var last = 0;
        using var reader = new StreamReader(file, Encoding.UTF8, leaveOpen: true);
        while (reader.ReadLine() is { } line)
        {
            try
            {
                using var json = JsonDocument.Parse(line);
                var session = json.RootElement.GetProperty("session").GetInt32();
                last = Math.Max(last, session);
                if (json.RootElement.TryGetProperty("input", out JsonElement input))
                    entries.Add(new HistoryEntry(session, json.RootElement.GetProperty("line").GetInt32(), input.GetString() ?? ""));
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                // A line that a kernel did not finish writing when its machine stopped. The others are whole.
            }
        }

        return last;
    }

    private void Append(JsonObject line)
    {
        try
        {
            // Alone: .NET appends by seeking to an end that it looked up when it opened
            // the file, so two at once would overwrite each other.
            using FileStream file = OpenExclusively(_path!);
            file.Seek(0, SeekOrigin.End);
            Write(file, line);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.Warn($"a cell was not added to the history file: {e.Message}");
        }
    }

    private static void Write(FileStream file, JsonObject line) => file.Write(Encoding.UTF8.GetBytes(line.ToJsonString() + "\n"));
}
