using System.CommandLine;
using Mezcla.Cli.Commands;

var root = new RootCommand("Mezcla: GPT-4's rumoured architecture, a Mixture of Experts, built from scratch and taken apart.");
// In the order in which a student meets them: the course, one's own model, other programs' files, the laws, the kernel.
root.Subcommands.Add(CourseCommand.Create());
root.Subcommands.Add(RunCommand.Create());
root.Subcommands.Add(DoctorCommand.Create());
root.Subcommands.Add(TrainCommand.Create());
root.Subcommands.Add(GenerateCommand.Create());
root.Subcommands.Add(ReplayCommand.Create());
root.Subcommands.Add(TokenizeCommand.Create());
root.Subcommands.Add(InspectCommand.Create());
root.Subcommands.Add(ConvertCommand.Create());
root.Subcommands.Add(QuantizeCommand.Create());
root.Subcommands.Add(PruneCommand.Create());
root.Subcommands.Add(StudyCommand.Create());
root.Subcommands.Add(ScalingCommand.Create());
root.Subcommands.Add(ExperimentCommand.Create());
root.Subcommands.Add(ClaimsCommand.Create());
root.Subcommands.Add(KernelCommand.Create());
root.Subcommands.Add(NotebookHostCommand.Create());
return root.Parse(args).Invoke();
