using System.Security.Cryptography;
using System.Text;
using Mpi = MPI.Unsafe;

namespace Mezcla.Distributed;

/// <summary>The processes of one run, from the start of MPI to its end.</summary>
public sealed unsafe class MpiSession : IDisposable
{
    private const int Serialized = 2; // MPI_THREAD_SERIALIZED: any thread calls MPI, but only one at a time

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private MpiSession(MpiLaunch launch, MpiGroup world) => (Launch, World) = (launch, world);

    /// <summary>How this process was started.</summary>
    public MpiLaunch Launch { get; }

    /// <summary>All processes.</summary>
    public MpiGroup World { get; }

    /// <summary>Starts MPI in a process that a launcher started, and makes sure that all processes run the same build.</summary>
    /// <exception cref="DllNotFoundException">There is no MPI on this machine.</exception>
    /// <exception cref="ProcessesDifferException">Another process runs another build of Mezcla.</exception>
    public static MpiSession Start(MpiLaunch launch)
    {
        MpiLibrary.Bind();
        var argc = 0;
        byte** argv = null;
        Mpi.MPI_Init_thread(ref argc, ref argv, Serialized, out _);
        var session = new MpiSession(launch,
            new MpiGroup(Mpi.MPI_COMM_WORLD, polite: launch.LocalCount >= Environment.ProcessorCount));
        if (session.World.Count != launch.Count)
            throw new InvalidOperationException($"The launcher started {launch.Count} processes, and MPI sees {session.World.Count}: is " +
                $"{MpiLibrary.Name} of another MPI than the launcher?");
        session.RequireSame("build of Mezcla", Build());
        return session;
    }

    /// <summary>Throws in every process if one of them has another value than process 0.</summary>
    /// <param name="what">What the value is, for the message.</param>
    /// <param name="value">The value of this process.</param>
    /// <exception cref="ProcessesDifferException">A value differs.</exception>
    public void RequireSame(string what, string value) => RequireSame(what, SHA256.HashData(Encoding.UTF8.GetBytes(value)));

    /// <summary>The same, for the hash of a value.</summary>
    public void RequireSame(string what, byte[] hash)
    {
        var all = World.AllGather(BitConverter.ToInt64(hash));
        var differ = Enumerable.Range(0, all.Length).Where(rank => all[rank] != all[0]).ToArray();
        if (differ.Length > 0)
            throw new ProcessesDifferException(
                $"Rank {string.Join(", ", differ)} has another {what} than rank 0: all processes must run with the same.");
    }

    /// <summary>Ends all processes of the run with an exit code, this one too.</summary>
    public static void Abort(int code) => Mpi.MPI_Abort(Mpi.MPI_COMM_WORLD, code);

    /// <summary>Ends MPI, after all processes have come to this point.</summary>
    public void Dispose()
    {
        // All must be here before the seconds are counted: one may still write a checkpoint.
        World.AllGather(0);
        // Between machines joined by TCP, MPI_Finalize of MPICH 4.0 waits for ever in some runs (3 of 40), with one process in a barrier
        // and another that closes its connections. Nothing is left to do, so the processes then end without it.
        Task.Run(static () => Mpi.MPI_Finalize()).Wait(Patience);
    }

    // Each build of an assembly has an identity of its own, equal for equal sources.
    private static string Build()
    {
        var text = new StringBuilder();
        foreach (var path in Directory.GetFiles(AppContext.BaseDirectory, "Mezcla*.dll").Order(StringComparer.Ordinal))
        {
            using var file = File.OpenRead(path);
            using var image = new System.Reflection.PortableExecutable.PEReader(file);
            var metadata = System.Reflection.Metadata.PEReaderExtensions.GetMetadataReader(image);
            text.Append(Path.GetFileName(path)).Append(metadata.GetGuid(metadata.GetModuleDefinition().Mvid));
        }

        return text.ToString();
    }
}

/// <summary>Thrown in every process when one of them differs from the first in what all must have in common.</summary>
public sealed class ProcessesDifferException(string message) : InvalidOperationException(message);
