namespace Mezcla.Notebooks;

/// <summary>
/// One execution of a cell, as seen from the code it runs: found from any thread or task the cell started.
/// </summary>
internal sealed class CellRun(CellEngine engine, OutputQueue queue, ICellOutput output, CellOptions options, string name)
{
    private static readonly AsyncLocal<CellRun?> s_current = new();
    private readonly CancellationTokenSource _stop = new();

    /// <summary>The run on whose behalf the calling code works, or null outside cells.</summary>
    public static CellRun? Current
    {
        get => s_current.Value;
        set => s_current.Value = value;
    }

    public CellEngine Engine => engine;

    public ICellOutput Output => output;

    public CellOptions Options => options;

    public string Name => name;

    public CancellationToken Stopping => _stop.Token;

    public void Write(OutputStream stream, string text)
    {
        _stop.Token.ThrowIfCancellationRequested();
        queue.Write(output, stream, text);
    }

    public void Post(Action<ICellOutput> call)
    {
        _stop.Token.ThrowIfCancellationRequested();
        queue.Post(output, call);
    }

    public string? ReadLine(string prompt, bool password)
    {
        if (!options.AllowInput)
            throw new NotSupportedException("This cell asked for input (Console.ReadLine), but nobody can answer here.");

        queue.FlushAsync().Wait(_stop.Token);
        Task<string?> answer;
        using (ExecutionContext.SuppressFlow())
            answer = Task.Run(() => output.ReadLineAsync(prompt, password, _stop.Token));

        try
        {
            answer.Wait(_stop.Token);
        }
        catch (AggregateException exception) when (exception.InnerException is NotSupportedException reason)
        {
            throw reason;
        }

        return answer.Result;
    }

    public void Interrupt() => _stop.Cancel();
}
