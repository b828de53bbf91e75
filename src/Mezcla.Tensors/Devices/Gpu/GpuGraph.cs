namespace Mezcla.Tensors.Devices.Gpu;

/// <summary>Launches and copies that a driver wrote down, with the addresses and numbers they had.</summary>
internal abstract class GpuGraph : IDisposable
{
    /// <summary>Asks for all of them again, in their order.</summary>
    internal abstract void Replay();

    public abstract void Dispose();
}
