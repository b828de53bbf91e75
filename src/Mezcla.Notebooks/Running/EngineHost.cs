using System.Threading.Channels;

namespace Mezcla.Notebooks.Running;

/// <summary>The child process of <see cref="EngineProcess"/>: a cell engine that is asked over standard input.</summary>
public static class EngineHost
{
    /// <summary>Serves requests until the input ends, which means that the parent process has ended or wants this one to end.</summary>
    /// <param name="options">The engine's options.</param>
    /// <param name="input">The process's standard input.</param>
    /// <param name="output">The process's original standard output, before cells' prints are redirected.</param>
    public static async Task ServeAsync(CellEngineOptions options, TextReader input, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        var gate = new Lock();
        var answers = Channel.CreateUnbounded<string?>();
        await using var engine = new CellEngine(options);
        await engine.WarmUpAsync().ConfigureAwait(false);
        Tell(new EngineEvent.Ready());
        // Reading must not wait for a thread of the pool, which cells may have taken all.
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(Read) { IsBackground = true, Name = "requests" }.Start();
        await done.Task.ConfigureAwait(false);

        void Read()
        {
            while (input.ReadLine() is { } line)
            {
                if (ProcessLine.Parse<EngineRequest>(line) is { } request)
                    Take(request);
            }
            engine.Interrupt();
            done.SetResult();
        }

        void Take(EngineRequest request)
        {
            switch (request)
            {
                case EngineRequest.Run run:
                    _ = Task.Run(async () =>
                    {
                        // Answers to questions of earlier cells, which nobody waits for any more.
                        while (answers.Reader.TryRead(out _))
                        {
                        }
                        var result = await engine.RunAsync(run.Code, new Output(run.Id, Tell, answers.Reader), run.Options)
                            .ConfigureAwait(false);
                        Tell(new EngineEvent.Ran(run.Id, BundleForm.Of(result.Value), result.Error, result.Elapsed.TotalSeconds));
                    });
                    break;
                case EngineRequest.Interrupt:
                    engine.Interrupt();
                    break;
                case EngineRequest.Complete complete:
                    _ = Task.Run(async () => Tell(new EngineEvent.Completed(complete.Id,
                        await engine.CompleteAsync(complete.Code, complete.Cursor).ConfigureAwait(false))));
                    break;
                case EngineRequest.Inspect inspect:
                    _ = Task.Run(async () => Tell(new EngineEvent.Inspected(inspect.Id,
                        BundleForm.Of(await engine.InspectAsync(inspect.Code, inspect.Cursor).ConfigureAwait(false)))));
                    break;
                case EngineRequest.Answer answer:
                    answers.Writer.TryWrite(answer.Text);
                    break;
            }
        }

        void Tell(EngineEvent what)
        {
            lock (gate)
            {
                output.WriteLine(ProcessLine.Of(what));
                output.Flush();
            }
        }
    }

    private sealed class Output(int run, Action<EngineEvent> tell, ChannelReader<string?> answers) : ICellOutput
    {
        public void Write(OutputStream stream, string text) => tell(new EngineEvent.Printed(run, stream, text));

        public void Display(MimeBundle bundle, string? displayId) =>
            tell(new EngineEvent.Displayed(run, BundleForm.Of(bundle)!, displayId));

        public void UpdateDisplay(string displayId, MimeBundle bundle) =>
            tell(new EngineEvent.Updated(displayId, BundleForm.Of(bundle)!));

        public void Clear(bool wait) => tell(new EngineEvent.Cleared(run, wait));

        public async Task<string?> ReadLineAsync(string prompt, bool password, CancellationToken cancellation)
        {
            tell(new EngineEvent.Asked(run, prompt, password));
            return await answers.ReadAsync(cancellation).ConfigureAwait(false);
        }
    }
}
