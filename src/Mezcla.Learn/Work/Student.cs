using System.Collections.Concurrent;
using System.Globalization;
using Mezcla.Notebooks.Html;
using Mezcla.Notebooks.Running;

namespace Mezcla.Learn.Work;

/// <summary>Somebody who learns: a folder of their own, progress, and the chapters that are open.</summary>
public sealed class Student : IAsyncDisposable
{
    private readonly CourseFolder _course;
    private readonly NotebookProcessStart _engine;
    private readonly IReadOnlyList<ScriptLibrary> _libraries;
    private readonly EngineLimits _limits;
    private readonly bool _oneEngine;
    private readonly ConcurrentDictionary<string, Lazy<ChapterWork>> _work = new(StringComparer.Ordinal);
    private EngineProcess? _spare;

    /// <summary>Makes a student.</summary>
    /// <param name="folder">The student's folder.</param>
    /// <param name="course">The course.</param>
    /// <param name="engine">How to start an engine.</param>
    /// <param name="libraries">The libraries of scripts that draw outputs.</param>
    /// <param name="limits">What an engine may take.</param>
    /// <param name="oneEngine">Whether the student has one engine at a time, as in a class, or one for each open chapter.</param>
    public Student(string folder, CourseFolder course, NotebookProcessStart engine, IReadOnlyList<ScriptLibrary> libraries,
        EngineLimits limits, bool oneEngine)
    {
        ArgumentNullException.ThrowIfNull(limits);
        (_course, _libraries, _limits, _oneEngine) = (course, libraries, limits, oneEngine);
        _engine = limits.Of(engine);
        Folder = new(folder, course);
        Progress = new(Folder.Path);
    }

    /// <summary>The student's folder.</summary>
    public StudentFolder Folder { get; }

    /// <summary>The student's progress.</summary>
    public ProgressFile Progress { get; }

    /// <summary>The chapters that were opened.</summary>
    public IEnumerable<ChapterWork> Open => _work.Values.Where(w => w.IsValueCreated).Select(w => w.Value);

    /// <summary>Starts the engine of the chapter that will be opened first, while the student still chooses it.</summary>
    /// <exception cref="IOException">The student's folder cannot be made.</exception>
    public void Prepare()
    {
        Directory.CreateDirectory(Folder.Path);
        _spare = EngineProcess.Start(_engine, Folder.Path);
    }

    /// <summary>The student's work on a chapter.</summary>
    /// <param name="chapter">The chapter's name.</param>
    /// <exception cref="IOException">The copy cannot be read or made.</exception>
    public ChapterWork Work(string chapter)
    {
        var work = _work.GetOrAdd(chapter, name => new(() =>
            new(name, Folder, _course, Progress, () => Start(name), _libraries, _limits.CellTime)));
        try
        {
            return work.Value;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next time may be better.
            _work.TryRemove(chapter, out _);
            throw;
        }
    }

    /// <summary>Ends engines that take more memory than they may, and those that nobody has used for long.</summary>
    public async Task Check()
    {
        foreach (var work in Open)
        {
            if (_limits.Memory is { } memory && work.Engine?.MemoryInUse > memory)
                await work.StopEngine("The engine was stopped because it took more memory than " +
                    $"{(memory >> 20).ToString(CultureInfo.InvariantCulture)} MB. Its variables are gone.", atOnce: true)
                    .ConfigureAwait(false);
            else if (_limits.Idle is { } idle && !work.IsBusy && work.Engine is not null && DateTime.UtcNow - work.LastUse > idle)
                await work.StopEngine("The engine was stopped because it was not used for a while. Run the cells again from the first one.")
                    .ConfigureAwait(false);
        }
    }

    /// <summary>Saves what is not saved yet, and ends all engines.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var work in Open)
            await work.DisposeAsync().ConfigureAwait(false);
        if (Interlocked.Exchange(ref _spare, null) is { } spare)
            await spare.DisposeAsync().ConfigureAwait(false);
    }

    private EngineProcess Start(string chapter)
    {
        if (_oneEngine)
        {
            foreach (var (other, work) in _work)
            {
                if (other != chapter && work.IsValueCreated)
                    _ = work.Value.StopEngine(
                        "The engine was stopped because you went on in another chapter: there is one for each student.");
            }
        }
        var folder = Path.GetDirectoryName(Folder.FileOf(chapter))!;
        Directory.CreateDirectory(folder);
        if (folder == Folder.Path && Interlocked.Exchange(ref _spare, null) is { Ended.IsCompleted: false } spare)
            return spare;
        return EngineProcess.Start(_engine, folder);
    }
}
