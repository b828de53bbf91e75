namespace Mezcla.Tensors.Torch.Tests;

/// <summary>libtorch's processor, where its library is; else tests are skipped and say what is missing.</summary>
internal static class TorchDevice
{
    internal static Device Cpu
    {
        get
        {
            Require();
            return Device.Parse("torch:cpu");
        }
    }

    internal static void Require() => Assert.SkipUnless(TorchLibrary.Find(cuda: false).IsComplete, $"{TorchLibrary.Find(cuda: false).Report}");
}
