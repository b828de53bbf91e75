using Mezcla.Training;

namespace Mezcla.Cli.Training;

/// <summary>The file of a run record while the training writes it, a line for each step.</summary>
internal sealed class TrainingRecord : IDisposable
{
    private readonly StreamWriter _writer;

    private TrainingRecord(StreamWriter writer) => _writer = writer;

    /// <summary>Opens the file. A resumed training appends to the record that it wrote before; any other file is replaced.</summary>
    /// <param name="file">The file; null for no record.</param>
    /// <param name="run">The head of the record.</param>
    /// <param name="resumed">Whether the training continues from a checkpoint.</param>
    /// <returns>The record, or null if none is wanted.</returns>
    public static TrainingRecord? Open(FileInfo? file, RunRecord run, bool resumed)
    {
        if (file is null)
            return null;
        var append = resumed && file.Exists && RunRecord.Read(file.FullName) is var before && before.DataSha256 == run.DataSha256
            && before.Training == run.Training;
        // Flushed after every line, so that a crash loses no step.
        var writer = new StreamWriter(file.FullName, append) { AutoFlush = true };
        if (!append)
            run.WriteHead(writer);
        return new(writer);
    }

    /// <summary>Writes the line of a step.</summary>
    public void Write(TrainingStep step) => RunRecord.WriteStep(_writer, step);

    /// <summary>Closes the file.</summary>
    public void Dispose() => _writer.Dispose();
}
