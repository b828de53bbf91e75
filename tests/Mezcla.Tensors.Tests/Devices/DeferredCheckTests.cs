using Mezcla.Tensors.OpenCl;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>A GPU says of a wrong index what the processor says, where results are read, and goes on.</summary>
public sealed class DeferredCheckTests
{
    private static readonly Lazy<Device> Alone = new(() => OpenCl(1)), Groups = new(() => OpenCl(256));

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var device in (string[])["alone", "groups"])
                foreach (var operation in Wrong.Keys)
                    cases.Add(device, operation);
            return cases;
        }
    }

    private static Dictionary<string, Func<Device, Tensor>> Wrong { get; } = new()
    {
        ["Embedding: index 5 at position 1 of [3] is not in 0 to 4"] = device => F(device, 5, 3).Embedding(I(device, 4, 5, 9)),
        ["Embedding: index -1 at position 2 of [3]"] = device => F(device, 5, 3).To(DType.BFloat16).Embedding(I(device, 4, 0, -1)),
        ["IndexSelect: index 3 at position 0 of [1] is not in 0 to 2"] = device => F(device, 2, 3).IndexSelect(1, I(device, 3)),
        ["IndexSelect: index 0 at position 0 of [2] is not in 0 to -1"] = device => F(device, 0, 3).IndexSelect(0, I(device, 0, 7)),
        ["IndexSelect: index 7 at position 1 of [2] is not in 0 to 4"] = device => F(device, 5, 0).IndexSelect(0, I(device, 0, 7)),
        ["Gather: index 2 at position 1 of [1, 3] is not in 0 to 1"] = device => F(device, 2, 3)
            .Gather(0, I(device, 0, 2, -1).Reshape(1, 3)),
        ["ScatterAdd: index 7 at position 3 of [2, 2]"] = device => F(device, 2, 3)
            .ScatterAdd(1, I(device, 0, 1, 2, 7).Reshape(2, 2), F(device, 2, 2)),
        ["CrossEntropy: label 3 at position 1 of [2] is neither in 0 to 2 nor the ignored -100"] = device => F(device, 2, 3)
            .CrossEntropy(I(device, -100, 3)),
        ["CrossEntropy: label -5 at position 0 of [2]"] = device => F(device, 2, 3).CrossEntropy(I(device, -5, 3)),
        ["GroupByIndex: the id 4 at position 2 of [2, 2] is not below the number of groups, 4"] = device => I(device, 0, 1, 4, -1)
            .Reshape(2, 2).GroupByIndex(4).Kept,
        ["CountByIndex: the id 9 at position 1 of [3] is not below the number of groups, 4"] = device => I(device, -1, 9, 4)
            .CountByIndex(4),
        ["SegmentSum: the id 2 at position 2 of [3] is not below the number of groups, 2"] = device => F(device, 3, 4)
            .SegmentSum(I(device, 0, 1, 2), 2),
        ["GroupedMatMul: the offset 5 at position 2 of [3]: offsets must rise from 0 to at most the number of rows, 4"] = device =>
            F(device, 4, 3).GroupedMatMul(F(device, 2, 3, 5), I(device, 0, 2, 5)),
        ["GroupedMatMul: the offset 2 at position 2 of [4]"] = device => F(device, 4, 3)
            .GroupedMatMul(F(device, 3, 3, 5), I(device, 0, 3, 2, 4)),
        ["GroupedMatMul: the offset -1000000 at position 0 of [3]"] = device => F(device, 4, 3)
            .GroupedMatMul(F(device, 2, 3, 5), I(device, -1000000, 2, 1000000)),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_wrong_index_is_named_where_results_are_read(string on, string expected)
    {
        var device = On(on);
        using var scope = new TensorScope();
        var result = Wrong[expected](device);
        var failure = Assert.Throws<ArgumentException>(() => F(device, 2).ToArray());
        Assert.StartsWith(expected, failure.Message);
        Assert.EndsWith($"({device} reports this when results are read, not when the operation is called.)", failure.Message);
        // The device goes on, and what the operation made is there to be read.
        result.ToArray();
        Assert.Equal([1f, 1, 1], F(device, 4, 3).IndexSelect(0, I(device, 3)).ToArray());
    }

    [Theory]
    [InlineData("alone")]
    [InlineData("groups")]
    public void Of_many_wrong_indices_the_first_of_the_first_operation_is_named(string on)
    {
        var device = On(on);
        using var scope = new TensorScope();
        int[] ids = [.. Enumerable.Range(0, 5000).Select(i => i < 1234 ? 0 : i)];
        F(device, 5, 3).Embedding(I(device, ids));
        F(device, 2, 3).IndexSelect(1, I(device, 9));
        // The position always; with thousands of wrong ones the number may be missing.
        Assert.Matches(@"^Embedding: index (1234 )?at position 1234 of \[5000\]",
            Assert.Throws<ArgumentException>(() => device.Kernels.Synchronize()).Message);
        device.Kernels.Synchronize();
    }

    [Theory]
    [InlineData("alone")]
    public void Nothing_waits_but_who_reads(string on)
    {
        var device = On(on);
        var kernels = (OpenClKernels)device.Kernels;
        using var scope = new TensorScope();
        Tensor table = F(device, 5, 3), ids = I(device, 0, 4, 2, 2);
        table.RequiresGrad = true;
        table.Embedding(ids).CrossEntropy(I(device, 0, 1, 2, -100)).Backward();
        table.ClearGrad();
        var before = kernels.Waits;
        var loss = table.Embedding(ids).CrossEntropy(I(device, 0, 1, 2, -100));
        loss.Backward();
        var measured = Gradients.Measure([table], 1, loss);
        Assert.Equal(before, kernels.Waits);
        Assert.Equal(MathF.Log(3), measured.ToArray()[0], 1e-6);
        Assert.Equal(before + 1, kernels.Waits);
    }

    private static Device On(string name) => name switch { "alone" => Alone.Value, _ => Groups.Value };

    private static Device OpenCl(int group)
    {
        Assert.SkipWhen(OpenClDevices.All.Count == 0, "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");
        return new Device(new OpenClKernels(new OpenClDriver(0, group)));
    }

    private static Tensor F(Device device, params ReadOnlySpan<int> shape) => Tensor.Ones(shape).To(device);

    private static Tensor I(Device device, params int[] values) => Tensor.From(values).To(device);
}
