using System.Runtime.InteropServices;
using Mezcla.Tensors.Devices;
using Mezcla.Tensors.Torch.Native;

namespace Mezcla.Tensors.Torch;

// A kernel that meets an integer outside its range writes it into a record on the device and goes on with another one: nothing waits. The
// record comes along with the next results that are read.
internal sealed unsafe partial class TorchKernels
{
    // The number of the check or 0, the position, the integer: int64.
    private const int RecordLength = 3;

    // By number, from 1 on. Operations differ by name, shape and limit, of which a program has a limited number.
    private readonly List<IndexCheck> _checks = [default];
    private readonly Dictionary<IndexCheck, int> _numbers = [];
    private readonly Lock _gate = new();

    private Argument Record => Argument.View(Strided(_record.As(Block.Int64), [RecordLength], [1], 0));

    private int Number(in IndexCheck check)
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

    private void CheckRecord()
    {
        lock (_gate)
        {
            Span<long> noted = stackalloc long[RecordLength];
            Reads--;
            Read(_record, 0, MemoryMarshal.AsBytes(noted));
            if (noted[0] == 0)
                return;
            Write(_record, 0, stackalloc byte[sizeof(long) * RecordLength]);
            throw _checks[(int)noted[0]].Error(noted[1], (int)noted[2], Name);
        }
    }
}
