using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Mezcla.Cli.Shared;
using Mezcla.Distributed;
using Mezcla.Notebooks;
using Mezcla.Tensors;
using Mezcla.Tensors.Torch;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla doctor</c>: lists the devices, tests whether they compute correctly, says what is missing, and fetches it.</summary>
internal static class DoctorCommand
{
    private static readonly Option<string?> Install = new Option<string?>("--install")
    {
        Description = "First download this library and make it ready: torch (libtorch, for NVIDIA's and Apple's GPUs). The .NET SDK " +
            "does it, from your NuGet sources.",
        HelpName = "LIBRARY",
    }.AcceptOnlyFromAmong("torch");

    private static readonly Option<bool> Cuda = new("--cuda") { Description = "With --install torch: the build for NVIDIA's GPUs." };

    public static Command Create()
    {
        var command = new Command("doctor", "List the devices that were found, test each of them, and say what is missing for others.")
        {
            Install,
            Cuda,
        };
        command.SetAction((parse, cancellation) => Failures.Report(() =>
        {
            var cuda = parse.GetValue(Cuda);
            if (parse.GetValue(Install) is not null)
                InstallTorch(cuda, cancellation);
            else if (cuda)
                throw new ArgumentException("--cuda belongs to --install torch: it has no effect without it.");
            return Task.FromResult(Run());
        }));
        return command;
    }

    private static void InstallTorch(bool cuda, CancellationToken cancellation)
    {
        var installation = new TorchInstallation(cuda);
        var library = TorchLibrary.Find(cuda);
        if (!library.IsComplete)
        {
            Console.WriteLine($"Restoring {installation.Package} {installation.Version}: {installation.Size}.");
            library = installation.Complete(
                NuGetPackage.RestoreNativeFiles(installation.Package, installation.Version, installation.Target, cancellation));
        }

        Console.WriteLine(library.Report);
        // Loading makes the repaired copy where one is needed, and tells what does not work.
        TorchLibrary.Load(cuda);
    }

    private static int Run()
    {
        Console.WriteLine(
            $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSArchitecture}");
        var sound = Show("cpu", $"{Environment.ProcessorCount} threads", Device.Cpu.MemoryLimit, "no driver needed");
        foreach (var found in Device.Described)
            sound &= Show(found.Name, found.Hardware, found.Memory, found.Driver);
        foreach (var report in Device.Reports)
            Console.WriteLine(report);
        if (Device.Described.Any(d => !d.IsProcessor))
            Console.WriteLine(
                "Mezcla's tests have run on CPUs only. Before a long training on a GPU, compare a short one with --device cpu.");
        Console.WriteLine(MpiLibrary.Name is { } mpi
            ? $"MPI: {mpi}, {MpiLibrary.Version}. Several processes train together with: mpiexec -n 4 mezcla train ..."
            : "MPI: not found. Only training by several processes needs it (Debian, Ubuntu: apt install mpich).");
        var name = Environment.GetEnvironmentVariable("MEZCLA_DEVICE");
        Console.WriteLine(
            name is { Length: > 0 } ? $"MEZCLA_DEVICE is '{name}', which is {Device.FromEnvironment}." : "MEZCLA_DEVICE is not set.");
        return sound ? 0 : 1;
    }

    private static bool Show(string name, string hardware, long memory, string driver)
    {
        var size = memory == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {memory / 1e9:F1} GB");
        Console.WriteLine($"{name}: {hardware}{size}, {driver}");
        try
        {
            var device = Device.Parse(name);
            SmokeTest.Run(device, 1e-4);
            Console.WriteLine("  smoke test: passed (a matrix product and its gradient equal the CPU's)");
            if (device != Device.Cpu)
                ShowTensorCores(device);
            return true;
        }
        catch (Exception e) when (e is DeviceException or InvalidDataException or OutOfMemoryException)
        {
            Console.WriteLine($"  smoke test: FAILED. {e.Message}");
            return false;
        }
    }

    // A device without tensor cores passes; one whose tensor cores compute wrongly fails.
    private static void ShowTensorCores(Device device)
    {
        var before = device.ProductPrecision;
        try
        {
            device.ProductPrecision = ProductPrecision.BFloat16;
        }
        catch (DeviceException e)
        {
            Console.WriteLine($"  bfloat16: no. {e.Message}");
            return;
        }

        try
        {
            SmokeTest.Run(device, 2e-2);
            Console.WriteLine("  bfloat16: passed (for --precision bfloat16; equal to two digits)");
        }
        finally
        {
            device.ProductPrecision = before;
        }
    }
}
