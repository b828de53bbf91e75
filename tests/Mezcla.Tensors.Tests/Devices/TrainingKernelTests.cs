using Mezcla.Tensors.OpenCl;

namespace Mezcla.Tensors.Tests.Devices;

/// <summary>The norm of all gradients and the step of all parameters, as on the processor.</summary>
public sealed class TrainingKernelTests
{
    private static readonly int[][] Shapes = [[3], [0], [70, 300], [1], [4097], [16385], [2, 0]];

    private static readonly Lazy<Device> Alone = new(() => OpenCl(1)), Groups = new(() => OpenCl(256));

    public static TheoryData<string, float> Devices =>
        new() { { "cpu", 1 }, { "cpu", 1e9f }, { "alone", 1 }, { "groups", 1 }, { "groups", 1e9f } };

    [Theory]
    [MemberData(nameof(Devices))]
    public void Steps_of_all_parameters_follow_the_formula(string on, float most)
    {
        var device = On(on);
        var random = new RandomStream(3);
        using var scope = new TensorScope();
        Tensor[] parameters = [.. Shapes.Select(shape => Tensor.Normal(random, 0, 1, shape).To(device))],
            m = [.. Shapes.Select(shape => Tensor.Zeros(DType.Float32, device, shape))],
            v = [.. Shapes.Select(shape => Tensor.Zeros(DType.Float32, device, shape))];
        bool[] decays = [true, true, false, true, false, true, false];
        double[][] p = [.. parameters.Select(Doubles)], first = [.. p.Select(x => new double[x.Length])],
            second = [.. p.Select(x => new double[x.Length])];
        for (var step = 1; step <= 3; step++)
        {
            foreach (var parameter in parameters)
                parameter.Grad = Tensor.Normal(random, 0, 1, parameter.Shape).To(device);
            // The fourth has none in the second step: it stays.
            if (step == 2)
                parameters[3].Grad = null;
            double[]?[] g = [.. parameters.Select(parameter => parameter.Grad is { } gradient ? Doubles(gradient) : null)];
            double norm = Math.Sqrt(g.Sum(x => x?.Sum(y => y * y) ?? 0)), factor = norm > most ? most / norm : 1;
            var measured = Gradients.Measure(parameters, most, Tensor.Full(2.5f).To(device));
            Optimizers.AdamWStep(parameters, [.. parameters.Select(parameter => parameter.Grad)], m, v, step, 0.05f, 0.9f, 0.95f, 1e-8f,
                0.1f, decays: decays, scale: measured.Slice(0, 2, 1));
            Assert.Equal(2.5f, measured.ToArray()[0]);
            Assert.Equal(norm, measured.ToArray()[1], norm * 1e-6);
            Assert.Equal(factor, measured.ToArray()[2], factor * 1e-6);
            for (var i = 0; i < p.Length; i++)
                for (var j = 0; g[i] is { } gradient && j < p[i].Length; j++)
                {
                    first[i][j] = 0.9 * first[i][j] + 0.1 * factor * gradient[j];
                    second[i][j] = 0.95 * second[i][j] + 0.05 * factor * factor * gradient[j] * gradient[j];
                    p[i][j] = p[i][j] * (decays[i] ? 1 - 0.05 * 0.1 : 1)
                        - 0.05 * first[i][j] / (1 - Math.Pow(0.9, step)) / (Math.Sqrt(second[i][j] / (1 - Math.Pow(0.95, step))) + 1e-8);
                }
        }
        for (var i = 0; i < p.Length; i++)
            foreach (var (expected, obtained) in p[i].Zip(parameters[i].ToArray()))
                Assert.Equal(expected, obtained, 2e-5);
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void A_step_without_numbers_changes_nothing(string on, float most)
    {
        var device = On(on);
        using var scope = new TensorScope();
        Tensor parameter = Tensor.Ones(5000).To(device), m = Tensor.Ones(5000).To(device), v = Tensor.Ones(5000).To(device);
        foreach (var (gradient, loss) in new[] { (float.NaN, 1f), (float.PositiveInfinity, 1), (1, float.NaN),
            (1, float.NegativeInfinity) })
        {
            parameter.Grad = Tensor.Full(gradient, 5000).To(device);
            var measured = Gradients.Measure([parameter], most, Tensor.Full(1).To(device), Tensor.Full(loss).To(device));
            Optimizers.AdamWStep([parameter], [parameter.Grad], [m], [v], 1, 0.1f, scale: measured.Slice(0, 3, 1));
            Assert.Equal(float.NaN, measured.ToArray()[3]);
            Assert.All((Tensor[])[parameter, m, v], tensor => Assert.All(tensor.ToArray(), value => Assert.Equal(1, value)));
        }
    }

    private static double[] Doubles(Tensor tensor) => [.. tensor.ToArray().Select(x => (double)x)];

    private static Device On(string name) => name switch { "cpu" => Device.Cpu, "alone" => Alone.Value, _ => Groups.Value };

    private static Device OpenCl(int group)
    {
        Assert.SkipWhen(OpenClDevices.All.Count == 0, "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");
        return new Device(new OpenClKernels(new OpenClDriver(0, group)));
    }
}
