using System.Globalization;

namespace Mezcla.Distributed;

/// <summary>How this process was started by a launcher of MPI, as its environment variables say. Reading them loads nothing.</summary>
/// <param name="Rank">The number of this process, from 0.</param>
/// <param name="Count">The number of processes.</param>
/// <param name="LocalRank">The number of this process among those on its machine.</param>
/// <param name="LocalCount">The number of processes on this machine; 0 if the launcher does not say.</param>
public sealed record MpiLaunch(int Rank, int Count, int LocalRank, int LocalCount)
{
    /// <summary>
    /// What the environment says; null if no launcher of MPI started this process. MPICH's <c>mpiexec</c>, Intel's, MVAPICH's, Microsoft's
    /// and <c>srun --mpi=pmi2</c> all set PMI_RANK and PMI_SIZE.
    /// </summary>
    /// <exception cref="NotSupportedException">A launcher started it whose MPI cannot be used; the message says what to do.</exception>
    public static MpiLaunch? Detect() => Detect(Environment.GetEnvironmentVariable);

    /// <summary>The same, for any variables.</summary>
    /// <param name="variable">The value of an environment variable, or null.</param>
    public static MpiLaunch? Detect(Func<string, string?> variable)
    {
        if (Number("PMI_RANK") is { } rank && Number("PMI_SIZE") is { } count)
            return new(rank, count, Number("MPI_LOCALRANKID") ?? Number("SLURM_LOCALID") ?? rank, Number("MPI_LOCALNRANKS") ?? 0);
        if (Number("OMPI_COMM_WORLD_SIZE") is > 1)
            throw new NotSupportedException("Open MPI started this process. Mezcla calls MPI as MPICH defines it, where handles are " +
                "integers; Open MPI's are pointers. Install MPICH (Debian, Ubuntu: apt install mpich) and start with mpiexec.mpich.");
        if (Number("SLURM_PROCID") is not null && Number("SLURM_STEP_NUM_TASKS") is > 1 and var tasks)
            throw new NotSupportedException($"srun started this process as one of {tasks}, without MPI: each would train alone and write " +
                "the same files. Add --mpi=pmi2 to srun, or -n 1 for one process.");
        return null;

        int? Number(string name) =>
            int.TryParse(variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
    }
}
