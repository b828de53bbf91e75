using System.Runtime.InteropServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.OpenCl;

// Kernels that meet an index outside its range write it into a record on the device (see note_outside in prelude.cl) and go on without it:
// nothing waits. The record comes along with the next results that are read.
internal sealed unsafe partial class OpenClKernels
{
    // The record: the number of the operation or 0, the smallest position, how many notes;
    // behind them the notes, each a position and the number that stood there.
    private const int RecordHead = 4, Notes = 30;

    private static readonly int[] Nothing = [0, int.MaxValue, 0, 0];

    // By number, from 1 on. They stay: a launch that is replayed knows its number only. Operations
    // differ by name, shape and limit, of which a program has a limited number.
    private readonly List<IndexCheck> _checks = [default];
    private readonly Dictionary<IndexCheck, int> _numbers = [];
    private readonly Storage _record;

    /// <summary>How often the program has waited for the device.</summary>
    internal long Waits => _driver.Waits;

    private Handle Record => new(_record, 0);

    /// <summary>The number that a kernel records if the check fails; 0 for no check.</summary>
    private long Number(in IndexCheck check)
    {
        if (check.Operation is null)
            return 0;
        lock (_gate)
        {
            ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_numbers, check, out var known);
            if (!known)
            {
                number = _checks.Count;
                _checks.Add(check);
            }
            return number;
        }
    }

    /// <summary>Reads and waits; throws what an operation before found.</summary>
    private void Read(nint from, long offset, Span<byte> to)
    {
        Span<int> head = stackalloc int[RecordHead];
        lock (_gate)
        {
            // Neither moves in memory while the driver waits: one is on the stack, the other is pinned.
            fixed (byte* bytes = to)
            fixed (int* noted = head)
            {
                _driver.Read(_record.Address, 0, (byte*)noted, RecordHead * sizeof(int));
                if (to.Length > 0)
                    _driver.Read(from, offset, bytes, to.Length);
                _driver.Synchronize();
            }
            if (head[0] != 0)
                throw ErrorOf(head);
        }
    }

    private ArgumentException ErrorOf(ReadOnlySpan<int> head)
    {
        Span<int> notes = stackalloc int[2 * Notes];
        fixed (int* to = notes)
        {
            _driver.Read(_record.Address, RecordHead * sizeof(int), (byte*)to, notes.Length * sizeof(int));
            _driver.Synchronize();
        }
        _driver.Upload(MemoryMarshal.AsBytes(Nothing.AsSpan()), _record.Address, 0);
        // The smallest position is always right; the number that stood there may be missing, where very many were wrong.
        int? number = null;
        for (var i = 0; i < Math.Min(head[2], Notes); i++)
            if (notes[2 * i] == head[1])
                number = notes[2 * i + 1];
        return _checks[head[0]].Error(head[1], number, Name);
    }
}
