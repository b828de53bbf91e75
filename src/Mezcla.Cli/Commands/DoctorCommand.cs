using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Mezcla.Cli.Shared;
using Mezcla.Tensors;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla doctor</c>: lists the devices, tests whether they compute correctly, and says what is missing.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var command = new Command("doctor", "List the devices that were found, test each of them, and say what is missing for others.");
        command.SetAction(_ => Failures.Report(Run));
        return command;
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
