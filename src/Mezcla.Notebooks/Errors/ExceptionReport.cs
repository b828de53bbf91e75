using System.Diagnostics;
using System.Reflection;

namespace Mezcla.Notebooks;

/// <summary>Writes an exception for the person who wrote the cell: their frames with line and column, none of the engine's.</summary>
internal sealed class ExceptionReport(string cell, Func<string, string?> sourceOf)
{
    private const int FramesAtStart = 10;
    private const int FramesAtEnd = 4;
    private readonly List<string> _lines = [];
    private SourcePlace? _place;
    private SourcePlace? _innermost;

    public static CellError Make(Exception exception, string cell, Func<string, string?> sourceOf)
    {
        var report = new ExceptionReport(cell, sourceOf);
        report.Add(exception, depth: 0);
        return new CellError(
            CellErrorKind.Exception,
            TypeNames.Full(exception.GetType()),
            MessageOf(exception),
            report._lines,
            report._place?.Line,
            report._place?.Column);
    }

    private void Add(Exception exception, int depth)
    {
        var lead = depth == 0 ? "" : " ---> ";
        _lines.Add($"{lead}{Ansi.Red(TypeNames.Full(exception.GetType()))}: {MessageOf(exception)}");
        var frames = Frames(exception);
        if (depth == 0 && _innermost is { } place && sourceOf(place.Document) is { } source)
            _lines.AddRange(Excerpt.Of(source, place));

        AddFrames(frames);
        if (depth >= 8)
            return;

        var inner = exception is AggregateException aggregate
            ? aggregate.InnerExceptions.Take(5)
            : new[] { exception.InnerException }.OfType<Exception>();
        foreach (var cause in inner)
            Add(cause, depth + 1);
    }

    private static string MessageOf(Exception exception)
    {
        try
        {
            return exception.Message;
        }
        catch (Exception thrown)
        {
            return $"(its Message property threw {TypeNames.Full(thrown.GetType())})";
        }
    }

    private void AddFrames(List<string> frames)
    {
        var groups = Grouped(frames);
        var left = groups.Count - FramesAtStart - FramesAtEnd;
        for (var i = 0; i < groups.Count; i++)
        {
            if (left > 1 && i == FramesAtStart)
            {
                _lines.Add(
                    Ansi.Dim(FormattableString.Invariant($"   … {groups.Skip(i).Take(left).Sum(group => group.Count):N0} more calls …")));
                i += left;
            }

            _lines.Add(groups[i].Frame);
            if (groups[i].Count > 1)
                _lines.Add(Ansi.Dim(FormattableString.Invariant($"   … the same {groups[i].Count - 1:N0} more times")));
        }
    }

    /// <summary>A method that calls itself appears once, with a count.</summary>
    private static List<(string Frame, int Count)> Grouped(List<string> frames)
    {
        var groups = new List<(string Frame, int Count)>();
        foreach (var frame in frames)
        {
            if (groups.Count > 0 && groups[^1].Frame == frame)
                groups[^1] = (frame, groups[^1].Count + 1);
            else
                groups.Add((frame, 1));
        }

        return groups;
    }

    private List<string> Frames(Exception exception)
    {
        var frames = new StackTrace(exception, fNeedFileInfo: false).GetFrames();
        var last = Array.FindLastIndex(frames, frame => frame.GetMethod()?.Module.Assembly.IsDynamicCell() == true);
        var kept = frames.Take(last < 0 ? frames.Length : last + 1).Where(frame => !IsPlumbing(frame.GetMethod())).ToList();
        var texts = new List<string>(kept.Count);
        var known = new Dictionary<(MethodBase, int), string>();
        foreach (var frame in kept)
        {
            var method = frame.GetMethod()!;
            var offset = frame.GetILOffset();
            if (!known.TryGetValue((method, offset), out var text))
                known[(method, offset)] = text = Describe(method, offset);

            texts.Add(text);
        }

        return texts;
    }

    private string Describe(MethodBase method, int offset)
    {
        var name = FrameNames.Of(method);
        if (CellAssemblies.Find(method, offset) is not { } place)
            return Ansi.Dim("   at " + (name ?? "cell"));

        _innermost ??= place;
        if (place.Document == cell)
            _place ??= place;

        var where = $"{place.Document}, line {place.Line}";
        return name is null ? $"   at {Ansi.Cyan(where)}" : $"   at {Ansi.Bold(name)} in {Ansi.Cyan(where)}";
    }

    private static bool IsPlumbing(MethodBase? method)
    {
        if (method is null)
            return true;

        var assembly = method.Module.Assembly;
        if (assembly == typeof(ExceptionReport).Assembly)
            return true;

        if (assembly.IsDynamicCell())
            return method.Name is "<Initialize>" or "<Factory>";

        var type = method.DeclaringType;
        return method.IsDefined(typeof(StackTraceHiddenAttribute), inherit: false)
            || type?.IsDefined(typeof(StackTraceHiddenAttribute), inherit: false) == true
            || type?.Namespace is "System.Runtime.ExceptionServices" or "System.Runtime.CompilerServices"
            || (type?.Namespace == "System.Threading" && type.Name is "ExecutionContext" or "Thread" or "ThreadPoolWorkQueue");
    }
}
