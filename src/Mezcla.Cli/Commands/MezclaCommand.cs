using System.CommandLine;
using System.CommandLine.Help;

namespace Mezcla.Cli.Commands;

/// <summary>The command <c>mezcla</c>.</summary>
internal static class MezclaCommand
{
    /// <summary>The command with all below it.</summary>
    /// <remarks>A plain command, not a <see cref="RootCommand"/>: that one is called as its file is, and this is <c>mezcla</c> however it was started.</remarks>
    public static Command Create() => new("mezcla",
        "GPT-4's rumoured architecture, a Mixture of Experts, built from scratch and taken apart.\n\n" +
        "Where a message says 'mezcla ...', a clone without the command on its path understands: dotnet run -c Release --project src/Mezcla.Cli -- ...")
    {
        // In the order in which a student meets them: the course, one's own model, other programs' files, the laws, the kernel.
        CourseCommand.Create(),
        RunCommand.Create(),
        GradeCommand.Create(),
        DoctorCommand.Create(),
        TrainCommand.Create(),
        GenerateCommand.Create(),
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
        new HelpOption(),
        new VersionOption(),
    };
}
