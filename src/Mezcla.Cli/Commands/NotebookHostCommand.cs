using System.CommandLine;
using Mezcla.Notebooks.Running;

namespace Mezcla.Cli.Commands;

/// <summary>The process in which one notebook runs; <c>mezcla run</c> and <c>mezcla course</c> start it.</summary>
internal static class NotebookHostCommand
{
    private const string Name = "notebook-host";

    public static Command Create()
    {
        var command = new Command(Name, "Runs one notebook for another mezcla.") { Hidden = true };
        command.SetAction(async (_, cancellation) =>
            await NotebookHost.ServeAsync(folder => CourseHost.Options(folder), Console.In, Console.Out, cancellation));
        return command;
    }

    /// <summary>How to start this very program as a host.</summary>
    /// <param name="device">The device that cells compute on; if null, what MEZCLA_DEVICE says, else the processor.</param>
    public static NotebookProcessStart Start(string? device)
    {
        var environment = new Dictionary<string, string?>();
        // Asked here, not first by a cell in the middle of a chapter.
        if (device is not null)
            environment["MEZCLA_DEVICE"] = Devices.Chosen(device).Name;
        var dll = typeof(NotebookHostCommand).Assembly.Location;
        var program = Environment.ProcessPath ?? "dotnet";
        // Started as `dotnet mezcla.dll` (or from a test) the program is dotnet and needs the library's path; its own executable needs nothing.
        var own = Path.GetFileNameWithoutExtension(program).Equals(Path.GetFileNameWithoutExtension(dll), StringComparison.OrdinalIgnoreCase);
        return own
            ? new(program, [Name], environment)
            : new(Path.GetFileNameWithoutExtension(program) == "dotnet" ? program : "dotnet", [dll, Name], environment);
    }
}
