using Mezcla.Tensors.Devices.Gpu;

namespace Mezcla.Tensors;

/// <summary>
/// A step that a GPU does again and again without being told how: all its launches, with the memory they work in, asked for by one call. It pays where a step is many small launches.
/// </summary>
/// <remarks>
/// What is replayed is what was captured, to the address and the number. New input comes in tensors made before the capture and overwritten (<see cref="Tensor.CopyFrom(Tensor)"/>) before each
/// replay; positions of a <see cref="RandomStream"/> move on by themselves for <c>Dropout</c>; numbers of AdamW are set by <see cref="Optimizers.SetAdamWStep"/>. Any other number that C# computes,
/// such as a factor of <c>x * 0.5f</c>, stays what it was. Tensors that the step leaves (a loss, gradients) hold the newest numbers after each replay.
/// </remarks>
public sealed class DeviceGraph : IDisposable
{
    private readonly GpuKernels kernels;
    private readonly MemoryPool pool;
    private readonly GpuCapture capture;
    private readonly ulong[] advances;
    private GpuGraph? graph;

    internal DeviceGraph(GpuKernels kernels, MemoryPool pool, (GpuGraph Graph, GpuCapture Capture, ulong[] Advances) taken)
    {
        (this.kernels, this.pool) = (kernels, pool);
        (graph, capture, advances) = taken;
    }

    /// <summary>Asks for the whole step once more. Like any operation it does not wait.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    /// <exception cref="DeviceException">Another step is being captured.</exception>
    public void Replay()
    {
        ObjectDisposedException.ThrowIf(graph is null, this);
        kernels.Replay(graph, capture, advances);
    }

    /// <summary>Gives its memory back, but for that of tensors that the step left, which stay.</summary>
    public void Dispose()
    {
        if (graph is null)
            return;
        kernels.Release(graph, capture);
        graph = null;
        pool.Close();
    }
}
