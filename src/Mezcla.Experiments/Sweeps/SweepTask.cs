using System.Globalization;

namespace Mezcla.Experiments.Sweeps;

/// <summary>What became of one task of a sweep.</summary>
public enum SweepTaskState
{
    /// <summary>It has not begun.</summary>
    Waiting,

    /// <summary>It is training.</summary>
    Running,

    /// <summary>It ended without a record: it threw an exception, or its process was killed.</summary>
    Failed,

    /// <summary>Its record is written.</summary>
    Done,
}

/// <summary>
/// The sign of life of a task: a small file beside its record, which is there while the task trains and after it failed. The task touches
/// the file every few seconds. So any machine that sees the folder can tell what became of the task, without asking a scheduler.
/// </summary>
internal sealed class SweepTask : IDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(60);

    private readonly string _path;
    private readonly Timer _beats;

    /// <summary>Begins a task.</summary>
    public SweepTask(string path)
    {
        _path = path;
        File.WriteAllText(path, $"{Environment.MachineName}, process {Environment.ProcessId}, began {DateTime.UtcNow:u}\n");
        _beats = new(_ => Touch(), null, Beat, Beat);
    }

    /// <summary>Notes why the task failed.</summary>
    public void Fail(string message)
    {
        Dispose();
        File.WriteAllText(_path, $"failed: {message}\n");
    }

    /// <summary>Notes that the task ended as it should.</summary>
    public void End()
    {
        Dispose();
        File.Delete(_path);
    }

    /// <inheritdoc/>
    public void Dispose() => _beats.Dispose();

    /// <summary>What the file of a task without a record says.</summary>
    public static (SweepTaskState State, string Detail) Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path).Trim();
        }
        catch (FileNotFoundException)
        {
            return (SweepTaskState.Waiting, "");
        }

        if (text.StartsWith("failed: ", StringComparison.Ordinal))
            return (SweepTaskState.Failed, text["failed: ".Length..]);
        var silent = DateTime.UtcNow - File.GetLastWriteTimeUtc(path);
        return silent < Silence ? (SweepTaskState.Running, text)
            : (SweepTaskState.Failed, string.Create(CultureInfo.InvariantCulture,
                $"killed: no sign of life for {silent.TotalMinutes:F0} min; {text}"));
    }

    private void Touch()
    {
        try
        {
            File.SetLastWriteTimeUtc(_path, DateTime.UtcNow);
        }
        catch (IOException)
        {
            // A full or absent disk is the training's to report; a missed beat is none of its concern.
        }
    }
}
