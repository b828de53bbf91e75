using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mezcla.Kernel.History;

/// <summary>
/// The input history of all sessions, in a JSON Lines file that several kernels may append to at the same time. Outputs are kept for the
/// running session only. If the file cannot be used, the history is kept in memory and ends with the kernel.
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
    /// <param name="log">Receives a warning if the file cannot be used.</param>
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

    /// <summary>Stores the value, as text, of the cell added last.</summary>
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
    /// <param name="session">A session's number; 0 for the running session; below 0 to count back from it.</param>
    /// <param name="start">The first number to return.</param>
    /// <param name="stop">The number after the last one to return, or null for no end.</param>
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
    /// <param name="count">The largest number of results, the latest ones; null for all.</param>
    /// <param name="unique">Whether to return each text only once, at its last position.</param>
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

    /// <summary>Matches a wildcard pattern. The time is at most proportional to the product of both lengths.</summary>
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

            // The file is locked while the session's number is chosen, so that two kernels never choose the same number.
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
                // An incomplete line was left by a kernel whose machine stopped while it wrote. The other lines are intact.
            }
        }

        return last;
    }

    private void Append(JsonObject line)
    {
        try
        {
            // Lock the file: .NET appends at the end that it looked up when it opened the file, so two kernels appending at once would
            // overwrite each other's lines.
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
