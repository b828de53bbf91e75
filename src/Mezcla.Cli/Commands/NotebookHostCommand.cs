using System.CommandLine;
using Mezcla.Cli.Notebooks;
using Mezcla.Cli.Shared;
using Mezcla.Notebooks.Running;

namespace Mezcla.Cli.Commands;

/// <summary>The process that runs one notebook. <c>mezcla run</c>, <c>course</c> and <c>grade</c> start one for each notebook.</summary>
internal static class NotebookHostCommand
{
    private const string Name = "notebook-host";

    public static Command Create()
    {
        var command = new Command(Name, "Run one notebook on behalf of another mezcla process.") { Hidden = true };
        command.SetAction(async (_, cancellation) =>
            await NotebookHost.ServeAsync(folder => CourseHost.Options(folder), Console.In, Console.Out, cancellation));
        return command;
    }

    /// <summary>How to start this program as the process of a notebook.</summary>
    /// <param name="device">The device that cells compute on; if null, the best one.</param>
    /// <param name="command">The hidden command of that process.</param>
    /// <exception cref="ArgumentException">There is no such device.</exception>
    public static NotebookProcessStart Start(string? device, string command = Name)
    {
        var environment = new Dictionary<string, string?>();
        // A wrong name is reported here, and not only by a cell in the middle of a chapter.
        if (device is not null)
            environment["MEZCLA_DEVICE"] = Devices.Chosen(device).Name;
        var dll = typeof(NotebookHostCommand).Assembly.Location;
        var program = Environment.ProcessPath ?? "dotnet";
        // If this was started as `dotnet mezcla.dll`, or by a test, the program is dotnet and
        // needs the path of the library; the executable itself does not.
        var isExecutable = Path.GetFileNameWithoutExtension(program)
            .Equals(Path.GetFileNameWithoutExtension(dll), StringComparison.OrdinalIgnoreCase);
        return isExecutable
            ? new(program, [command], environment)
            : new(Path.GetFileNameWithoutExtension(program) == "dotnet" ? program : "dotnet", [dll, command], environment);
    }
}
