using Mezcla.Tensors;
using Mezcla.Tensors.Torch;

namespace Mezcla.Tests;

/// <summary>
/// The device of libtorch that tests compute on: its processor, or the GPU that MEZCLA_DEVICE names. Where its library is not here the
/// tests are skipped and say what is missing.
/// </summary>
internal static class TorchDevice
{
    private static readonly string Name =
        new TorchFamily().Resolve(Environment.GetEnvironmentVariable("MEZCLA_DEVICE") ?? "") ?? "torch:cpu";

    private static readonly Lazy<Device> Opened = new(Open);

    internal static Device Tested
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
        var library = TorchLibrary.Find(Name.StartsWith("torch:cuda", StringComparison.Ordinal));
        Assert.SkipUnless(library.IsComplete, library.Report);
        _ = Opened.Value;
    }

    // What the tests compute is small: several threads would only wait for each other.
    private static Device Open()
    {
        var device = Device.Parse(Name);
        TorchSharp.torch.set_num_threads(1);
        return device;
    }
}
