using Mezcla.Tensors;
using Mezcla.Tensors.Torch;

namespace Mezcla.Tests;

/// <summary>libtorch's processor, where its library is; else tests are skipped and say what is missing.</summary>
internal static class TorchDevice
{
    private static readonly Lazy<Device> Opened = new(Open);

    internal static Device Cpu
    {
        get
        {
            Require();
            return Opened.Value;
        }
    }

    /// <summary>Loads libtorch, for tests that use TorchSharp, or skips the test.</summary>
    internal static void Require()
    {
        var library = TorchLibrary.Find(cuda: false);
        Assert.SkipUnless(library.IsComplete, library.Report);
        _ = Opened.Value;
    }

    // What the tests compute is small: several threads would only wait for each other.
    private static Device Open()
    {
        var device = Device.Parse("torch:cpu");
        TorchSharp.torch.set_num_threads(1);
        return device;
    }
}
