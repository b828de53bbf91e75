namespace Mezcla.Tensors.Torch;

/// <summary>The GPUs that libtorch sees, where its build for them is there.</summary>
internal static class TorchGpus
{
    private static readonly Lazy<IReadOnlyList<DeviceDescription>> Looked = new(Look);

    internal static IReadOnlyList<DeviceDescription> Found => Looked.Value;

    private static IReadOnlyList<DeviceDescription> Look()
    {
        var driver = $"libtorch {TorchPlaces.Version}";
        try
        {
            if (OperatingSystem.IsMacOS() && TorchLibrary.Find(cuda: false).IsComplete)
                return [new DeviceDescription("torch:mps", "Apple GPU (MPS)", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, driver,
                    IsProcessor: false)];
            if (!TorchLibrary.Find(cuda: true).IsComplete)
                return [];
            TorchLibrary.Load(cuda: true);
            return [
                .. Enumerable.Range(0, TorchSharp.torch.cuda.device_count())
                    .Select(i => new DeviceDescription($"torch:cuda:{i}", $"NVIDIA GPU {i}", 0, $"{driver}, CUDA {TorchPlaces.CudaVersion}",
                        IsProcessor: false))];
        }
        catch (DeviceException)
        {
            // The report says why; a device that is opened says it again.
            return [];
        }
    }
}
