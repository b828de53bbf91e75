using Mezcla.Tensors.OpenCl;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>Attention in float32 by tiles of many queries, as on a graphics card: by OpenCL in groups of 256.</summary>
public sealed class AttentionTilesTests
{
    private static readonly Lazy<Device> OpenCl = new(() => new Device(new OpenClKernels(new OpenClDriver(0, 256))));

    private static Device Tiled()
    {
        Assert.SkipWhen(OpenClDevices.All.Count == 0, "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");
        return OpenCl.Value;
    }

    public static TheoryData<int, int, int, int, int, int, bool, int?, bool> Cases()
    {
        var cases = new TheoryData<int, int, int, int, int, int, bool, int?, bool>();
        // Size, value size, heads, key heads, queries, keys, causal, window, sinks.
        cases.Add(16, 16, 2, 2, 70, 70, true, null, false);
        cases.Add(128, 128, 2, 1, 65, 65, true, null, false);
        cases.Add(40, 24, 4, 2, 40, 90, true, 33, true);
        cases.Add(7, 100, 1, 1, 130, 130, false, null, false);
        cases.Add(64, 64, 3, 1, 9, 200, true, 70, true);
        cases.Add(33, 33, 1, 1, 100, 20, false, 15, false);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Results_and_derivatives_are_those_of_the_definition(int size, int valueSize, int heads, int keyHeads, int queries, int keys,
        bool causal, int? window, bool sinks)
    {
        using var scope = new TensorScope();
        Tensor[] made = [Normal(1, 2, heads, queries, size), Normal(2, 2, keyHeads, keys, size), Normal(3, 2, keyHeads, keys, valueSize),
            Normal(4, heads)];
        var dO = Normal(5, 2, heads, queries, valueSize);
        Tensor[] Run(Device device, Func<Tensor, Tensor, Tensor, AttentionOptions, Tensor> attention)
        {
            Tensor[] given = [.. made.Select(x => x.To(device).Detach().Clone())];
            foreach (var x in given)
                x.RequiresGrad = true;
            Tensor? sum = null;
            // Twice, so that gradients are added to as well.
            for (var i = 0; i < 2; i++)
            {
                sum = attention(given[0], given[1], given[2],
                    new AttentionOptions
                    {
                        Causal = causal,
                        Window = window,
                        QueryOffset = causal && keys < queries ? 0 : null,
                        Sinks = sinks ? given[3] : null
                    });
                sum.Backward(dO.To(device));
            }
            return [sum!, .. given.Select(x => x.Grad).OfType<Tensor>()];
        }
        Tensor[] expected = Run(Device.Cpu, Attention.Naive), obtained = Run(Tiled(), Attention.ScaledDotProduct);
        Assert.Equal(sinks ? 5 : 4, obtained.Length);
        foreach (var (wanted, got) in expected.Zip(obtained))
        {
            float[] right = wanted.ToArray(), here = got.ToArray();
            var largest = right.Max(MathF.Abs);
            for (var i = 0; i < right.Length; i++)
                Assert.True(MathF.Abs(right[i] - here[i]) <= 1e-4f * largest,
                    $"{i}: {right[i]} expected, {here[i]} obtained; the largest is {largest}");
        }
    }

    private static Tensor Normal(int seed, params int[] shape) => Tensor.Normal(new RandomStream((ulong)seed), 0, 1, shape);
}
