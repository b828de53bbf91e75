using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Devices.Gpu;

// All parameters at once. A launch finds them in a table of addresses in the device's memory, where a driver has such addresses (CUDA); OpenCL 1.2 has none, and every parameter
// is launched by itself.
internal sealed unsafe partial class GpuKernels
{
    // Elements that a group does: see training.cl.
    private const int AdamWChunk = 4096, SquaresChunk = 16384, AdamWNumbers = 8, MostTables = 8;

    // Built once and kept while parameters, gradients and moments stay where they are; the last used stands first.
    private readonly List<(long[] Content, Storage Table)> tables = [];
    private readonly Lazy<Storage> stepNumbers;

    internal override void AdamW(ReadOnlySpan<AdamWTensor> tensors, in AdamWStep step, Handle gradientScale)
    {
        lock (gate)
        {
            // What is captured reads the numbers that are set before each replay.
            if (capture is null)
                SetStep(step);
            LaunchAdamW(tensors, gradientScale);
        }
    }

    /// <summary>The numbers of a step alone: what launches that are replayed read.</summary>
    internal override void SetStep(in AdamWStep step)
    {
        ReadOnlySpan<float> numbers = [step.LearningRate / step.Correction1, step.Beta1, step.Beta2, step.Epsilon, 1 - step.LearningRate * step.WeightDecay, 1 / MathF.Sqrt(step.Correction2), step.GradientScale];
        Upload(MemoryMarshal.AsBytes(numbers), new Handle(stepNumbers.Value, 0));
    }

    /// <summary>The launches of a step alone, with the numbers that <see cref="SetStep"/> left.</summary>
    internal void LaunchAdamW(ReadOnlySpan<AdamWTensor> tensors, Handle gradientScale)
    {
        var numbers = new Handle(stepNumbers.Value, 0);
        if (!driver.HasAddresses)
        {
            foreach (var t in tensors)
                Each("adamw", t.Count, numbers, gradientScale, t.Parameter, t.Gradient, t.M, t.V, t.Count, t.Decays);
            return;
        }
        var rows = new long[7 * tensors.Length];
        long chunks = 0;
        for (int i = 0; i < tensors.Length; i++)
        {
            var t = tensors[i];
            ((ReadOnlySpan<long>)[chunks, Place(t.Parameter), Place(t.Gradient), Place(t.M), Place(t.V), t.Count, t.Decays ? 1 : 0]).CopyTo(rows.AsSpan(7 * i));
            chunks += (t.Count + AdamWChunk - 1) / AdamWChunk;
        }
        Groups("adamw_all", chunks, numbers, gradientScale, Table(rows), (long)tensors.Length);
    }

    internal override void GradientNorm(ReadOnlySpan<(Handle Gradient, long Count)> gradients, float most, Handle measured, int losses)
    {
        // The sums of squares, of chunks or of whole gradients, and then theirs.
        long parts = driver.HasAddresses ? 0 : gradients.Length;
        var rows = new long[3 * gradients.Length];
        for (int i = 0; driver.HasAddresses && i < gradients.Length; i++)
        {
            ((ReadOnlySpan<long>)[parts, Place(gradients[i].Gradient), gradients[i].Count]).CopyTo(rows.AsSpan(3 * i));
            parts += (gradients[i].Count + SquaresChunk - 1) / SquaresChunk;
        }
        var squares = Rent(parts);
        if (driver.HasAddresses)
            Groups("squares_all", parts, Table(rows), (long)gradients.Length, squares);
        else
            for (int i = 0; i < gradients.Length; i++)
                Sum(gradients[i].Gradient, squares.Plus(i * sizeof(float)), 1, gradients[i].Count, 1, 1, squares: true, accumulate: false);
        Groups("gradient_norm", 1, squares, parts, most, measured, (long)losses, Record);
        squares.Storage!.Release();
    }

    private Handle Table(long[] content)
    {
        lock (gate)
        {
            if (capture is not null)
                return capture.Constant(Own(Math.Max(content.Length, 1) * sizeof(long)), MemoryMarshal.AsBytes(content.AsSpan()).ToArray());
            int at = tables.FindIndex(table => table.Content.AsSpan().SequenceEqual(content));
            var found = at >= 0 ? tables[at] : default;
            if (at >= 0)
                tables.RemoveAt(at);
            else
            {
                // The memory of the table least used serves again where it is large enough: launches that read it come before the upload.
                if (tables.Count == MostTables && tables[^1].Table.Bytes >= content.Length * sizeof(long))
                    found = (content, tables[^1].Table);
                else
                    found = (content, Own(Math.Max(content.Length, 1) * sizeof(long)));
                if (tables.Count == MostTables)
                {
                    if (tables[^1].Table != found.Table)
                        driver.Free(tables[^1].Table.Address);
                    tables.RemoveAt(MostTables - 1);
                }
                driver.Upload(MemoryMarshal.AsBytes(content.AsSpan()), found.Table.Address, 0);
            }
            tables.Insert(0, found);
            return new Handle(found.Table, 0);
        }
    }

    private static long Place(Handle handle) => handle.IsNull ? 0 : handle.Storage!.Address + handle.Offset;
}
