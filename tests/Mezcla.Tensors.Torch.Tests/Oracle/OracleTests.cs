using FsCheck;
using FsCheck.Fluent;
using Mezcla.Tensors.Tests.Reference;
using Mezcla.Tests;
using TorchSharp;
using Numbers = TorchSharp.torch.Tensor;

namespace Mezcla.Tensors.Torch.Tests.Oracle;

/// <summary>TorchSharp computes the same, and its tape gives the same gradients, on random shapes and on every device.</summary>
public sealed class OracleTests
{
    // Both sides compute in Float32, in orders of their own: some roundings apart, relative to the largest number.
    private const double Tolerance = 1e-5;

    private static readonly string[] DeviceNames = ["plain", "cpu", "opencl", "torch"];

    public static TheoryData<string, string> Names
    {
        get
        {
            var names = new TheoryData<string, string>();
            foreach (var device in DeviceNames)
                foreach (var name in OracleCases.All.Keys)
                    names.Add(device, name);
            return names;
        }
    }

    public static TheoryData<string> Devices => [.. DeviceNames];

    [Theory]
    [MemberData(nameof(Names))]
    public void Values_and_gradients_are_those_of_TorchSharp(string deviceName, string name)
    {
        var (device, operation) = (OpenDevice(deviceName), OracleCases.All[name]);
        // Each new shape is a new kernel to launch for OpenCL, as in its own tests.
        var tests = deviceName == "opencl" ? 4 : 15;
        Prop.ForAll(Shapes.Any(), shaped => Compare(device, operation, shaped))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(tests).WithQuietOnSuccess(true));
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Steps_of_AdamW_with_clipping_are_those_of_TorchSharp(string deviceName)
    {
        var device = OpenDevice(deviceName);
        using var scope = new TensorScope();
        var check = new GradientCheck(device, 5);
        Array64[] start = [check.Random([3, 4]), check.Random([5])];
        Tensor[] ours = [.. start.Select(check.Place)], m = [.. ours.Select(Zeros)], v = [.. ours.Select(Zeros)];
        var theirs = start.Select(values => new TorchSharp.Modules.Parameter(Given(values))).ToArray();
        var optimizer = torch.optim.AdamW(theirs, 0.02, 0.9, 0.95, 1e-8, 0.1);
        for (var step = 1; step <= 4; step++)
        {
            // The third gradient is small enough to stay whole.
            Array64[] gradients = [.. start.Select(values => check.Random(values.Shape, step == 3 ? 0.1 : 3))];
            for (var i = 0; i < ours.Length; i++)
            {
                ours[i].Grad = check.Place(gradients[i]);
                theirs[i].grad = Given(gradients[i]);
            }

            var norm = torch.nn.utils.clip_grad_norm_(theirs, 1);
            optimizer.step();
            var measured = Gradients.Measure(ours, 1);
            Optimizers.AdamWStep(ours, [.. ours.Select(tensor => tensor.Grad)], m, v, step, 0.02f, 0.9f, 0.95f, 1e-8f, 0.1f,
                scale: measured.Slice(0, 1));
            Assert.Equal(norm, measured.ToArray()[0], 1e-5);
            for (var i = 0; i < ours.Length; i++)
                GradientCheck.Same($"parameter {i} after step {step}", Taken(theirs[i]), ours[i], Tolerance);
        }

        Tensor Zeros(Tensor like) => Tensor.Zeros(DType.Float32, device, like.Shape);
    }

    private static void Compare(Device device, OracleCase operation, Shaped shaped)
    {
        using var scope = new TensorScope();
        using var theirScope = torch.NewDisposeScope();
        var check = new GradientCheck(device, shaped.Seed);
        var (floats, integers) = operation.Inputs(check, shaped);
        Tensor[] ours = [.. floats.Select(check.Place)];
        Numbers[] theirs = [.. floats.Select(Given)];
        foreach (var tensor in ours)
            tensor.RequiresGrad = true;
        foreach (var tensor in theirs)
            tensor.requires_grad = true;
        var obtained = operation.Ours(ours, [.. integers.Select(ids => Tensor.From(ids.Values, ids.Shape).To(device))]);
        var expected = operation.Theirs(theirs,
            [.. integers.Select(ids => torch.tensor(ids.Values, Long(ids.Shape), torch.ScalarType.Int64))]);
        GradientCheck.Same("value", Taken(expected), obtained, Tolerance);
        var weights = check.Random([.. expected.shape.Select(size => (int)size)], 1);
        obtained.Backward(check.Place(weights));
        expected.backward([Given(weights)]);
        for (var i = 0; i < ours.Length; i++)
        {
            // What a choice depends on has none in TorchSharp.
            if (theirs[i].grad is { } gradient)
                GradientCheck.Same($"gradient of input {i}", Taken(gradient), ours[i].Grad!, Tolerance);
            else
                Assert.All(ours[i].Grad?.ToArray() ?? [], slope => Assert.Equal(0, slope));
        }
    }

    private static Device OpenDevice(string name)
    {
        TorchDevice.Require();
        Assert.SkipWhen(name == "opencl" && !Device.Described.Any(device => device.Name == "opencl:0"),
            "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");
        return name switch
        {
            "opencl" => Device.OpenCl(0),
            "torch" => TorchDevice.Tested,
            _ => Device.Parse(name),
        };
    }

    private static Numbers Given(Array64 values) => torch.tensor([.. values.Values.Select(v => (float)v)], Long(values.Shape));

    private static Array64 Taken(Numbers tensor)
        => new([.. tensor.shape.Select(size => (int)size)],
            tensor.numel() == 0 ? [] : [.. tensor.contiguous().data<float>().ToArray().Select(v => (double)v)]);

    private static long[] Long(int[] shape) => [.. shape.Select(size => (long)size)];
}
