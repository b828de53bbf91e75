using System.Diagnostics;
using System.Numerics.Tensors;
using Mpi = MPI.Unsafe;

namespace Mezcla.Distributed;

/// <summary>
/// Some of the processes of a run, which call the same members in the same order. It counts what it sends, and how long its calls took.
/// Numbers are sent as 4-byte words, so what crosses is a copy, bit for bit. An error inside MPI ends all processes.
/// </summary>
public sealed unsafe class MpiGroup
{
    // Questions whether messages have crossed, before a process that waits sleeps for a millisecond.
    private const int Patience = 64;

    // Two threads of a process exchange numbers at the same time, and only one of them may be inside MPI. No call under this lock waits
    // for another process.
    private static readonly Lock Calls = new();

    private readonly int _handle;
    private readonly bool _polite;
    private volatile bool _pausing;
    private long _bytes, _ticks;

    /// <summary>Wraps a communicator.</summary>
    /// <param name="handle">MPI's handle of it.</param>
    /// <param name="polite">Whether to pause while waiting, and so let others compute: to ask again and again takes a processor. Where
    /// there are no more processors than processes, those that wait would keep the others from computing what they wait for.</param>
    internal MpiGroup(int handle, bool polite)
    {
        (_handle, _polite) = (handle, polite);
        Mpi.MPI_Comm_rank(handle, out var rank);
        Mpi.MPI_Comm_size(handle, out var count);
        (Rank, Count) = (rank, count);
    }

    /// <summary>The number of this process in the group, from 0.</summary>
    public int Rank { get; }

    /// <summary>The number of processes in the group.</summary>
    public int Count { get; }

    /// <summary>Whether calls pause between questions even if there are processors to spare: this process computes meanwhile.</summary>
    internal bool Pausing { set => _pausing = value; }

    /// <summary>Bytes that this process has sent to others.</summary>
    public long BytesSent => _bytes;

    /// <summary>Seconds that this process has spent in calls: waiting for others, and moving bytes.</summary>
    public double Seconds => _ticks / (double)Stopwatch.Frequency;

    /// <summary>Divides the group: those with the same color become a group, numbered in the order of their numbers here.</summary>
    public MpiGroup Split(int color)
    {
        Mpi.MPI_Comm_split(_handle, color, Rank, out var part);
        return new(part, _polite);
    }

    /// <summary>The same processes once more, for calls from another thread, which lets this one compute while it waits.</summary>
    public MpiGroup Beside()
    {
        Mpi.MPI_Comm_split(_handle, 0, Rank, out var same);
        return new(same, _polite) { Pausing = true };
    }

    /// <summary>Sends to each process a part of a buffer, and receives a part from each (all-to-all).</summary>
    /// <param name="send">The parts for process 0, 1, ...</param>
    /// <param name="sendCounts">The number of elements in each.</param>
    /// <param name="receive">Filled with the parts from process 0, 1, ...</param>
    /// <param name="receiveCounts">The number of elements in each.</param>
    public void AllToAll<T>(ReadOnlySpan<T> send, int[] sendCounts, Span<T> receive, int[] receiveCounts) where T : unmanaged
    {
        var began = Stopwatch.GetTimestamp();
        int[] outgoing = Words<T>(sendCounts), incoming = Words<T>(receiveCounts);
        fixed (T* from = send, to = receive)
        {
            Cross((int*)from, outgoing, Starts(outgoing), (int*)to, incoming);
        }

        Counted(began, 4L * (outgoing.Sum(count => (long)count) - outgoing[Rank]));
    }

    /// <summary>Gives each process the parts of all.</summary>
    /// <param name="own">The part of this process.</param>
    /// <param name="all">Filled with the parts of process 0, 1, ...</param>
    /// <param name="counts">The number of elements in each.</param>
    public void AllGather<T>(ReadOnlySpan<T> own, Span<T> all, int[] counts) where T : unmanaged
    {
        var began = Stopwatch.GetTimestamp();
        var words = Words<T>(counts);
        fixed (T* from = own, to = all)
        {
            Cross((int*)from, [.. words.Select(_ => words[Rank])], new int[Count], (int*)to, words);
        }

        Counted(began, 4L * words[Rank] * (Count - 1));
    }

    /// <summary>One value of each process, in the order of their numbers.</summary>
    public T[] AllGather<T>(T own) where T : unmanaged
    {
        var all = new T[Count];
        AllGather<T>([own], all, [.. all.Select(_ => 1)]);
        return all;
    }

    /// <summary>
    /// Adds up, in place, a buffer over all processes (all-reduce): each process gets everybody's numbers for its part of the buffer,
    /// adds them in the order of the processes, and gives the sums to all. So the result depends on nothing but the numbers, and
    /// all have the same bits; MPI_Allreduce promises neither. Each number crosses to others 2·(n - 1)/n times for each of n processes,
    /// the least possible (Patarasuk and Yuan 2009).
    /// </summary>
    public void Sum(Span<float> values)
    {
        if (Count == 1)
            return;
        var parts = Parts(values.Length, Count);
        var own = parts[Rank];
        var pieces = new float[own * Count];
        AllToAll(values, parts, pieces.AsSpan(), [.. parts.Select(_ => own)]);
        var sum = pieces.AsSpan(0, own);
        for (var rank = 1; rank < Count; rank++)
            TensorPrimitives.Add(sum, pieces.AsSpan(rank * own, own), sum);
        AllGather(sum, values, parts);
    }

    /// <summary>Bytes that all n processes together send for the sum of so many numbers: 2·(n - 1)·numbers·4.</summary>
    public static long BytesOfSum(long numbers, int processes) => 2 * (processes - 1) * numbers * sizeof(float);

    /// <summary>The sizes of n parts that follow each other and differ by one at most.</summary>
    internal static int[] Parts(int length, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (int)((long)length * (i + 1) / count - (long)length * i / count))];

    // Each part is a message of its own. Both sides know which parts are empty.
    private void Cross(int* from, int[] sent, int[] starts, int* to, int[] received)
    {
        var requests = stackalloc int[2 * Count];
        var (count, at) = (0, 0);
        for (var rank = 0; rank < Count; at += received[rank++])
        {
            if (rank == Rank)
                new ReadOnlySpan<int>(from + starts[rank], sent[rank]).CopyTo(new(to + at, received[rank]));
            else if (received[rank] > 0)
                lock (Calls)
                    Mpi.MPI_Irecv((nint)(to + at), received[rank], Mpi.MPI_INT, rank, 0, _handle, out requests[count++]);
        }

        for (var rank = 0; rank < Count; rank++)
            if (rank != Rank && sent[rank] > 0)
                lock (Calls)
                    Mpi.MPI_Isend((nint)(from + starts[rank]), sent[rank], Mpi.MPI_INT, rank, 0, _handle, out requests[count++]);
        var statuses = new Mpi.MPI_Status[2 * Count];
        for (var (done, asked) = (0, 0); ; asked++)
        {
            lock (Calls)
                Mpi.MPI_Testall(count, requests, out done, statuses);
            if (done != 0)
                return;
            // Each question also moves what has come meanwhile, but only a few packets: they are asked in series.
            if (!(_polite || _pausing) || asked < Patience)
                Thread.Yield();
            else if (asked % Patience == 0)
                Thread.Sleep(1);
        }
    }

    private void Counted(long began, long bytes)
    {
        _ticks += Stopwatch.GetTimestamp() - began;
        _bytes += bytes;
    }

    private static int[] Words<T>(int[] counts) where T : unmanaged => [.. counts.Select(count => checked(count * (sizeof(T) / 4)))];

    private static int[] Starts(int[] counts)
    {
        var starts = new int[counts.Length];
        for (var i = 1; i < counts.Length; i++)
            starts[i] = checked(starts[i - 1] + counts[i - 1]);
        return starts;
    }
}
