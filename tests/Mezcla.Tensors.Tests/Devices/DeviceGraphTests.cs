using Mezcla.Tensors.Devices.Gpu;
using Mezcla.Tensors.Devices.Gpu.Cuda;
using Mezcla.Tensors.Devices.Gpu.OpenCl;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>Steps that are captured and replayed do what they did when each launch was asked for, to the bit: by OpenCL, by CUDA's graphs in the stand-in, and on the first NVIDIA GPU.</summary>
public sealed class DeviceGraphTests
{
    private const int Rows = 12, Width = 32, Steps = 6;

    private static Device Named(string name)
    {
        if (name == "opencl")
        {
            Assert.SkipWhen(OpenClDevices.All.Count == 0, "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");
            return new Device(new GpuKernels(new OpenClDriver(0)));
        }
        bool gpu = name.StartsWith("gpu", StringComparison.Ordinal);
        Assert.SkipWhen(gpu && CudaInstallation.Here.Devices.Count == 0, $"No CUDA device: {Device.CudaReport}.");
        var driver = (gpu ? CudaInstallation.Here : new CudaStandIn().WithProducts).Open(0);
        bool narrow = name.EndsWith("bfloat16", StringComparison.Ordinal);
        Assert.SkipWhen(narrow && driver.NoTensorCores is not null, $"No tensor cores: {driver.NoTensorCores}.");
        return new Device(new GpuKernels(driver)) { ProductPrecision = narrow ? ProductPrecision.BFloat16 : ProductPrecision.Float32 };
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    [InlineData("gpu")]
    [InlineData("bfloat16")]
    [InlineData("gpu bfloat16")]
    public void A_training_step_is_the_same_to_the_bit(string name)
    {
        var device = Named(name);
        float[] expected = Train(device, replayed: false), obtained = Train(device, replayed: true);
        Assert.Equal(expected, obtained);
        Assert.True(expected[Steps - 1] < expected[0]);
    }

    // Losses of each step, then the weights, then where the stream of dropout stands.
    private static float[] Train(Device device, bool replayed)
    {
        using var scope = new TensorScope();
        RandomStream random = new(3), noise = new(4, 7) { Position = 5 };
        Tensor w1 = Leaf(Normal(random, Width, Width)), b1 = Leaf(Normal(random, Width)), w2 = Leaf(Normal(random, 7, Width));
        Tensor[] parameters = [w1, b1, w2], first = [.. parameters.Select(Zeros)], second = [.. parameters.Select(Zeros)];
        Tensor x = Normal(random, Rows, Width).To(device), labels = Tensor.From(new int[Rows], Rows).To(device), measured = null!;
        var losses = new List<float>();
        DeviceGraph? graph = null;
        for (int step = 1; step <= Steps; step++)
        {
            float rate = 0.02f / step;
            int[] drawn = [.. Enumerable.Range(0, Rows).Select(i => (i * step) % 7)];
            labels.CopyFrom(Tensor.From(drawn, Rows));
            if (step == 2 && replayed)
                graph = device.Capture(() => Step(99, 99));
            if (graph is not null)
            {
                Optimizers.SetAdamWStep(device, step, rate);
                graph.Replay();
            }
            else
                Step(step, rate);
            losses.Add(measured.ToArray()[0]);
            // What else goes on between steps neither changes nor sees what the graph works with.
            using var between = new TensorScope();
            Assert.Equal(Rows * Width, Tensor.Full(1, Rows, Width).To(device).Sum().Item());
        }
        Assert.Equal(replayed, graph is not null);
        var result = new[] { losses.ToArray(), w1.ToArray(), b1.ToArray(), w2.ToArray(), [noise.Position] }.SelectMany(part => part).ToArray();
        graph?.Dispose();
        return result;

        void Step(int step, float rate)
        {
            using var inner = new TensorScope();
            Gradients.Clear(parameters);
            var loss = x.Linear(w1, b1).Gelu().Dropout(0.25f, noise).Linear(w2).Dropout(0.1f, noise).CrossEntropy(labels);
            loss.Backward();
            measured = inner.Keep(Gradients.Measure(parameters, 0.5f, loss));
            using var recordNothing = new NoGrad();
            Optimizers.AdamWStep(parameters, [.. parameters.Select(p => p.Grad)], first, second, step, rate, scale: measured.Slice(0, 2, 1));
        }

        Tensor Zeros(Tensor like) => Tensor.Zeros(DType.Float32, device, like.Shape);

        Tensor Leaf(Tensor made)
        {
            var leaf = made.To(device);
            leaf.RequiresGrad = true;
            return leaf;
        }
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    [InlineData("gpu")]
    public void What_cannot_be_replayed_is_refused_and_the_device_goes_on(string name)
    {
        using var scope = new TensorScope();
        var device = Named(name);
        var x = Tensor.Full(2, 10).To(device);
        Assert.Contains("cannot be replayed: a result is read", Refused(() => x.Exp().ToArray()));
        Assert.Contains("cannot be replayed: numbers come from the processor", Refused(() => Tensor.Full(1, 3).To(device)));
        Assert.Contains("captured on", Refused(() => device.Capture(() => { })));
        Assert.Equal(20, x.Sum().Item());
        Assert.Throws<InvalidOperationException>(() => device.Capture(() => throw new InvalidOperationException()));
        Assert.Equal(20, x.Sum().Item());

        string Refused(Action step) => Assert.Throws<DeviceException>(() => device.Capture(step)).Message;
    }

    [Theory]
    [InlineData("opencl")]
    [InlineData("cuda")]
    [InlineData("gpu")]
    public void Nothing_is_done_before_the_first_replay_and_memory_comes_back(string name)
    {
        var device = Named(name);
        using var x = Tensor.Full(2, 1000).To(device);
        using var y = Tensor.Full(0, 1000).To(device);
        using (var warm = x + 1) { }
        for (int i = 0; i < 3; i++)
        {
            var graph = device.Capture(() => { using var made = x + 1; y.CopyFrom(made); });
            Assert.Equal(0, y.Sum().Item());
            graph.Replay();
            Assert.Equal(3000, y.Sum().Item());
            y.CopyFrom(new float[1000]);
            graph.Replay();
            Assert.Equal(3000, y.Sum().Item());
            y.CopyFrom(new float[1000]);
            graph.Dispose();
            Assert.Throws<ObjectDisposedException>(graph.Replay);
        }
        Assert.InRange(device.Memory.Live, 8000, 9000);
    }

    [Fact]
    public void The_processor_captures_nothing()
    {
        Assert.False(Device.Cpu.CanCapture);
        Assert.Contains("cpu captures no steps", Assert.Throws<DeviceException>(() => Device.Cpu.Capture(() => { })).Message);
    }

    private static Tensor Normal(RandomStream random, params int[] shape) => Tensor.Normal(random, 0, 0.3f, shape);
}
