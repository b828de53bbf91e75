using System.CommandLine;
using System.CommandLine.Help;

namespace Mezcla.Cli.Commands;

/// <summary>The command <c>mezcla</c>.</summary>
internal static class MezclaCommand
{
    /// <summary>The command with all its subcommands.</summary>
    /// <remarks>A plain command and not a <see cref="RootCommand"/>, whose name would be that of the
    /// executable: help and messages say <c>mezcla</c> however it was started.</remarks>
    public static Command Create() => new("mezcla",
        "A course on GPT-4's rumoured architecture, a Mixture of Experts, built from scratch in C#: run its notebooks, and train, " +
            "measure and convert models.\n\n" +
        "In a clone of the repository where the command is not installed, type 'dotnet run -c Release --project src/Mezcla.Cli -- ...' " +
        "instead of 'mezcla ...'. 'mezcla COMMAND --help' explains a command.")
    {
        // In the order in which a student meets them: the course, models of one's own, files of other programs, scaling laws, the kernel.
        CourseCommand.Create(),
        LearnCommand.Create(),
        RunCommand.Create(),
        GradeCommand.Create(),
        DoctorCommand.Create(),
        TrainCommand.Create(),
        GenerateCommand.Create(),
        ObserveCommand.Create(),
        ReplayCommand.Create(),
        TokenizeCommand.Create(),
        InspectCommand.Create(),
        ConvertCommand.Create(),
        QuantizeCommand.Create(),
        PruneCommand.Create(),
        StudyCommand.Create(),
        ScalingCommand.Create(),
        ExperimentCommand.Create(),
        ClaimsCommand.Create(),
        KernelCommand.Create(),
        NotebookHostCommand.Create(),
        EngineHostCommand.Create(),
        new HelpOption(),
        new VersionOption(),
    };
}
