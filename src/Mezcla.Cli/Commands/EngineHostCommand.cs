using System.CommandLine;
using Mezcla.Cli.Notebooks;
using Mezcla.Datasets;
using Mezcla.Notebooks.Running;

namespace Mezcla.Cli.Commands;

/// <summary>The process of a cell engine, which <c>mezcla learn</c> starts for each chapter that is open.</summary>
internal static class EngineHostCommand
{
    private const string Name = "engine-host";

    public static Command Create()
    {
        var command = new Command(Name, "Run cells on behalf of another mezcla process.") { Hidden = true };
        command.SetAction(async (_, _) =>
        {
            await EngineHost.ServeAsync(CourseHost.Options(), Console.In, Console.Out);
            return 0;
        });
        return command;
    }

    /// <summary>How to start this program as the process of an engine.</summary>
    /// <param name="device">The device that cells compute on; if null, the best one.</param>
    /// <param name="repository">The folder of the course, whose data the cells read wherever their own folder is.</param>
    /// <exception cref="ArgumentException">There is no such device.</exception>
    public static NotebookProcessStart Start(string? device, string repository)
    {
        var start = NotebookHostCommand.Start(device, Name);
        var environment = new Dictionary<string, string?>(start.Environment!)
        {
            [DatasetFolder.Variable] = Environment.GetEnvironmentVariable(DatasetFolder.Variable) ?? Path.Combine(repository, "datasets"),
        };
        return start with { Environment = environment };
    }
}
