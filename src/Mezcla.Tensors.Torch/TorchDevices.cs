using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Torch;

/// <summary>The devices that libtorch has on this machine, and what it lacks. Only a build for GPUs is loaded to look.</summary>
internal static class TorchDevices
{
    private static readonly Lazy<IReadOnlyList<DeviceDescription>> Listed = new(List);

    private static readonly Lazy<string?> FirstSound =
        new(() => Found.Where(device => !device.IsProcessor).Select(device => device.Name).FirstOrDefault(IsSound));

    /// <summary>GPUs, then the CPU; nothing where the library is not there.</summary>
    internal static IReadOnlyList<DeviceDescription> Found => Listed.Value;

    /// <summary>The first GPU that computes correctly; null where there is none.</summary>
    internal static string? Preferred => FirstSound.Value;

    /// <summary>What is missing and how to get it; null where nothing is.</summary>
    internal static string? Missing
    {
        get
        {
            var (processor, nvidia) = (TorchLibrary.Any, TorchLibrary.Find(cuda: true));
            return !nvidia.IsComplete && HasNvidiaDriver ? $"This machine has an NVIDIA driver. {nvidia.Report}"
                : !processor.IsComplete ? processor.Report : null;
        }
    }

    private static bool HasNvidiaDriver
    {
        get
        {
            if (!NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out var driver))
                return false;
            NativeLibrary.Free(driver);
            return true;
        }
    }

    private static IReadOnlyList<DeviceDescription> List()
    {
        var library = TorchLibrary.Find(cuda: true) is { IsComplete: true } nvidia ? nvidia : TorchLibrary.Any;
        if (!library.IsComplete)
            return [];
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        List<DeviceDescription> found = [];
        if (OperatingSystem.IsMacOS())
            found.Add(new DeviceDescription("torch:mps", "Apple GPU (MPS)", memory, library.Report, IsProcessor: false));
        for (var i = 0; i < (library.IsCuda ? CountNvidiaGpus() : 0); i++)
            found.Add(new DeviceDescription($"torch:cuda:{i}", $"NVIDIA GPU {i}", 0, library.Report, IsProcessor: false));
        found.Add(new DeviceDescription("torch:cpu", "the CPU", memory, library.Report, IsProcessor: true));
        return found;
    }

    // Apart, so that TorchSharp is loaded only where this is called.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int CountNvidiaGpus()
    {
        try
        {
            TorchLibrary.Load(cuda: true);
            return TorchSharp.torch.cuda.device_count();
        }
        catch (DeviceException)
        {
            // A device that is opened says why.
            return 0;
        }
    }

    private static bool IsSound(string name)
    {
        try
        {
            SmokeTest.Run(Device.Parse(name));
            return true;
        }
        catch (Exception exception) when (exception is DeviceException or InvalidDataException)
        {
            // mezcla doctor says why.
            return false;
        }
    }
}
