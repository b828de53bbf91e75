using System.Globalization;
using System.Runtime.ExceptionServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>Work that can be cut into independent chunks, numbered from 0, which may run in any order and on any thread.</summary>
public interface IParallelJob
{
    /// <summary>Does chunk <paramref name="chunk"/>.</summary>
    void Run(int chunk);
}

/// <summary>
/// The threads behind the CPU kernels. A job is cut into chunks; threads claim the next chunk whenever they are free, and the
/// calling thread takes part, so that it can finish alone where the others are asleep or busy elsewhere. How a job is cut must depend
/// on its shape alone, never on <see cref="Count"/>: then results are the same to the bit for any number of threads.
/// </summary>
public static unsafe class CpuThreads
{
    // Rounds of looking for work before an idle thread goes to sleep: about 0.2 ms, longer than the pause between two kernels of a model.
    private const int IdleRounds = 400;

    private static readonly Lock Owner = new();
    private static readonly SemaphoreSlim Wake = new(0);
    private static int _count, _workers, _sleeping;

    // The current job. A ticket is (job number << 32 | chunks not yet claimed): fields are written before their ticket and stay until
    // all chunks are done, so whoever swaps a ticket with chunks left has read the fields that belong to it.
    private static long _ticket;
    private static int _chunks, _pending, _helpers;
    private static void* _job;
    private static delegate*<void*, int, void> _body;
    private static Exception? _failure;

    [ThreadStatic] private static bool _inside;

    /// <summary>
    /// Threads that take part, the caller included: at first MEZCLA_THREADS, or the number of processors. Setting it is safe
    /// between jobs; jobs already running keep theirs.
    /// </summary>
    public static int Count
    {
        get
        {
            if (_count == 0)
                _count = InitialCount();
            return _count;
        }
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            _count = value;
        }
    }

    /// <summary>
    /// Runs chunks 0 to <paramref name="chunks"/> - 1 of a job and returns when all are done. Inside another job, or while another thread
    /// uses the pool, they run on the calling thread. The first exception of a chunk is thrown here once the others have ended.
    /// </summary>
    public static void Run<TJob>(int chunks, ref TJob job) where TJob : unmanaged, IParallelJob
    {
        if (chunks <= 1 || Count == 1 || _inside || !Owner.TryEnter())
        {
            for (var i = 0; i < chunks; i++)
                job.Run(i);
            return;
        }
        try
        {
            _inside = true;
            fixed (TJob* pinned = &job)
                RunShared(chunks, pinned, &Invoke<TJob>);
        }
        finally
        {
            _inside = false;
            Owner.Exit();
        }
    }

    private static void Invoke<TJob>(void* job, int chunk) where TJob : unmanaged, IParallelJob => (*(TJob*)job).Run(chunk);

    private static void RunShared(int chunks, void* job, delegate*<void*, int, void> body)
    {
        var helpers = Math.Min(Count, chunks) - 1;
        for (; _workers < helpers; _workers++)
        {
            var number = _workers;
            new Thread(() => Work(number), maxStackSize: 4 << 20) { IsBackground = true, Name = $"Mezcla CPU {number + 1}" }.Start();
        }
        _job = job;
        _body = body;
        _chunks = chunks;
        _helpers = helpers;
        Volatile.Write(ref _pending, chunks);
        // A full fence: a worker that is about to sleep either sees the ticket or is counted among the sleepers.
        Interlocked.Exchange(ref _ticket, (((_ticket >>> 32) + 1) << 32) | (uint)chunks);
        var sleeping = Math.Min(Volatile.Read(ref _sleeping), _workers);
        if (sleeping > 0)
            Wake.Release(sleeping);

        while (TryChunk(-1))
        { }
        for (var round = 0; Volatile.Read(ref _pending) != 0; round++)
            Pause(round);
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>Claims and runs one chunk of the current job; false where none is left for this worker.</summary>
    private static bool TryChunk(int worker)
    {
        var ticket = Volatile.Read(ref _ticket);
        while (true)
        {
            var left = (int)(uint)ticket;
            if (left == 0)
                return false;
            if (worker >= _helpers)
                return false;
            var (job, body, chunk) = ((nint)_job, (nint)_body, _chunks - left);
            var seen = Interlocked.CompareExchange(ref _ticket, ticket - 1, ticket);
            if (seen != ticket)
            {
                ticket = seen;
                continue;
            }
            try
            {
                ((delegate*<void*, int, void>)body)((void*)job, chunk);
            }
            catch (Exception failure)
            {
                Interlocked.CompareExchange(ref _failure, failure, null);
            }
            Interlocked.Decrement(ref _pending);
            return true;
        }
    }

    private static void Work(int number)
    {
        _inside = true;
        for (var idle = 0; ; idle++)
        {
            if (TryChunk(number))
            {
                idle = 0;
                continue;
            }
            if (idle < IdleRounds)
            {
                Pause(idle);
                continue;
            }
            Interlocked.Increment(ref _sleeping);
            if ((int)(uint)Volatile.Read(ref _ticket) == 0 || number >= Volatile.Read(ref _helpers))
                Wake.Wait();
            Interlocked.Decrement(ref _sleeping);
            idle = 0;
        }
    }

    // A few pause instructions, then the processor is offered to others: a pure spin on a shared core starves the thread it waits for.
    private static void Pause(int round)
    {
        if (round < 64)
            Thread.SpinWait(8);
        else
            Thread.Yield();
    }

    private static int InitialCount()
    {
        var text = Environment.GetEnvironmentVariable("MEZCLA_THREADS");
        if (string.IsNullOrWhiteSpace(text))
            return Environment.ProcessorCount;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= 1
            ? count
            : throw new ArgumentException($"MEZCLA_THREADS is \"{text}\": it must be a whole number of threads, 1 or more.");
    }
}
