using Mezcla.Tests;

namespace Mezcla.Tensors.Torch.Tests.Library;

/// <summary>Names of libtorch's devices, and what is said where one is not there.</summary>
public sealed class TorchFamilyTests
{
    [Theory]
    [InlineData("torch:cpu", "torch:cpu")]
    [InlineData("torch:mps", "torch:mps")]
    [InlineData("mps", "torch:mps")]
    [InlineData("cuda", "torch:cuda:0")]
    [InlineData("torch:cuda", "torch:cuda:0")]
    [InlineData("cuda:3", "torch:cuda:3")]
    [InlineData("torch:cuda:3", "torch:cuda:3")]
    [InlineData("cpu", null)]
    [InlineData("torch", null)]
    [InlineData("cuda:", null)]
    [InlineData("cuda:-1", null)]
    [InlineData("opencl:0", null)]
    public void A_name_means_one_device(string name, string? full) => Assert.Equal(full, new TorchFamily().Resolve(name));

    [Fact]
    public void The_same_name_is_the_same_device()
    {
        TorchDevice.Require();
        Assert.Same(Device.Parse("torch:cpu"), Device.Torch("cpu"));
        Assert.Equal("torch:cpu", Device.Torch("cpu").Name);
    }

    [Fact]
    public void A_device_that_libtorch_does_not_have_is_refused_with_those_it_has()
        => Assert.Contains("torch:cpu, cuda, cuda:1, mps", Assert.Throws<ArgumentException>(() => Device.Torch("abacus")).Message);

    [Fact]
    public void Where_the_build_for_Nvidia_is_missing_the_error_names_the_command_that_fetches_it()
    {
        Assert.SkipWhen(TorchLibrary.Find(cuda: true).IsComplete, "libtorch's build for CUDA is here.");
        var message = Assert.Throws<DeviceException>(() => Device.Torch()).Message;
        Assert.StartsWith("libtorch 2.10.0 for CUDA 12.8 is not here", message);
        Assert.Contains("Type: mezcla doctor --install torch --cuda (several GB", message);
        Assert.Equal(message, Assert.Throws<DeviceException>(() => Device.Parse("cuda")).Message);
    }

    [Fact]
    public void The_GPU_of_a_Mac_is_refused_elsewhere()
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "This is a Mac.");
        Assert.Contains("this machine is not a Mac", Assert.Throws<DeviceException>(() => Device.Torch("mps")).Message);
    }

    // A GPU is taken unasked, a second way to use the CPU is not.
    [Fact]
    public void The_CPU_of_libtorch_is_listed_and_never_preferred()
    {
        TorchDevice.Require();
        Assert.Contains(Device.Described, device => device is { Name: "torch:cpu", IsProcessor: true });
        Assert.NotEqual("torch:cpu", new TorchFamily().Preferred);
        Assert.SkipWhen(new TorchFamily().Found.Any(device => !device.IsProcessor), "libtorch has a GPU here.");
        Assert.Null(new TorchFamily().Preferred);
    }
}
