using System.CommandLine;
using Mezcla.Cli.Notebooks;
using Mezcla.Cli.Shared;
using Mezcla.Interactive;
using Mezcla.Kernel;
using Mezcla.Kernel.Installation;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla kernel</c>: installs and runs the C# kernel for Jupyter's front ends.</summary>
internal static class KernelCommand
{
    private static readonly KeyValuePair<string, string>[] DefaultNames = [new(".net-csharp", ".NET (C#)"), new("csharp", "C# (Mezcla)")];

    public static Command Create()
    {
        var command = new Command("kernel", "Install, list, uninstall or run the C# kernel for Jupyter, JupyterLab and VS Code.");
        command.Subcommands.Add(Install());
        command.Subcommands.Add(List());
        command.Subcommands.Add(Uninstall());
        command.Subcommands.Add(Start());
        return command;
    }

    private static Command Install()
    {
        var place = new DataFolderOptions();
        var name = new Option<string?>(
            "--name")
        { Description = "Register the kernel under this name only. [default: the two names .net-csharp and csharp]" };
        var display =
            new Option<string?>("--display-name") { Description = "With --name: the name that menus show. [default: C# (Mezcla)]" };
        var copy = new Option<bool>(
            "--copy")
        { Description = "Copy the program that is running now, instead of building one that starts faster." };
        var command = new Command("install", "Install the kernel in a folder where Jupyter and VS Code find it.") { name, display, copy };
        place.AddTo(command);
        command.SetAction(parse => Failures.Report(() =>
        {
            var data = place.Of(parse);
            KeyValuePair<string, string>[] names = parse.GetValue(name) is { } wanted
                ? [new(wanted, parse.GetValue(display) ?? "C# (Mezcla)")] : DefaultNames;
            foreach (var (called, _) in names)
                KernelInstaller.RequireName(called);
            using KernelBuild build = parse.GetValue(copy) ? KernelBuild.Running() : KernelBuild.Publish(Console.Out);
            var (installed, aside) = KernelInstaller.Install(new KernelInstallOptions
            {
                DataFolder = data,
                Program = build.Folder,
                Assembly = "Mezcla.Cli.dll",
                Arguments = ["kernel", "start"],
                Names = names,
                Version = new KernelOptions().Version,
            });
            foreach (InstalledKernel kernel in installed)
                Console.WriteLine($"Installed '{kernel.DisplayName}' as {kernel.Name}: {kernel.Folder}");
            foreach (var other in aside)
                Console.WriteLine($"The kernel that had the name {other} before was set aside; 'mezcla kernel uninstall' brings it back.");
            Console.WriteLine();
            Advise(data, installed[0]);
            return 0;
        }));
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "List the kernels that front ends find on this machine.");
        command.SetAction(_ => Failures.Report(() =>
        {
            IReadOnlyList<InstalledKernel> kernels = KernelInstaller.List(JupyterPaths.Here.Search);
            var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            foreach (InstalledKernel kernel in kernels)
            {
                var note = (kernel.Application is null ? "" : "  (Mezcla)")
                    + (seen.Add(kernel.Name) ? "" : "  (hidden by the kernel of the same name above)");
                Console.WriteLine($"{kernel.Name,-20} {kernel.DisplayName,-28} {kernel.Folder}{note}");
            }

            if (kernels.Count == 0)
                Console.WriteLine("No kernel is installed. 'mezcla kernel install' installs this one.");
            return 0;
        }));
        return command;
    }

    private static Command Uninstall()
    {
        var place = new DataFolderOptions();
        var name = new Option<string?>(
            "--name")
        { Description = "Remove the kernel of this name only. [default: all kernels of Mezcla in the folder]" };
        var command = new Command("uninstall", "Remove the kernel, and bring back kernels that it had replaced.") { name };
        place.AddTo(command);
        command.SetAction(parse => Failures.Report(() =>
        {
            var data = place.Of(parse);
            string[] names = parse.GetValue(name) is { } wanted
                ? [wanted] : [.. KernelInstaller.List([data]).Where(k => k.Application is not null).Select(k => k.Name)];
            var (removed, back) = KernelInstaller.Uninstall(data, names);
            foreach (var kernel in removed)
                Console.WriteLine($"Removed {kernel}." + (back.Contains(kernel) ? " The kernel that had this name before is back." : ""));
            if (removed.Count > 0)
                return 0;
            Console.Error.WriteLine(
                $"There is no kernel of Mezcla {(names.Length == 1 ? $"named {names[0]} " : "")}in {data}. 'mezcla kernel list' shows " +
                    $"where kernels are installed.");
            return 1;
        }));
        return command;
    }

    private static Command Start()
    {
        var file = new Option<string?>("--connection-file",
            "-f")
        { Description = "The connection file that a front end wrote. [default: write a new one and print its path]" };
        var verbose = new Option<bool>("--verbose") { Description = "Also log connections." };
        var command = new Command("start", "Run the kernel. Front ends do this by themselves.") { file, verbose };

        // Not an asynchronous action, because System.CommandLine ends those at Ctrl+C, and here Ctrl+C is for the cell.
        command.SetAction(parse => Failures.Report(() =>
        {
            using IDisposable? held = KernelInstaller.Hold(AppContext.BaseDirectory);
            var path = parse.GetValue(file);
            ConnectionFile connection = path is not null && File.Exists(path) ? ConnectionFile.Load(path) : ConnectionFile.Create();
            var target = path ?? Path.Combine(JupyterPaths.Here.Runtime, $"kernel-{Environment.ProcessId}.json");
            var ours = path is null || !File.Exists(path);
            var options = new KernelOptions
            {
                Engine = CourseHost.Options(),
                HistoryFile = KernelOptions.DefaultHistoryFile,
                Libraries = [PlotlyLibrary.Script],
                Verbose = parse.GetValue(verbose),
            };
            TextWriter console = Console.Out;
            try
            {
                return KernelProcess.RunAsync(connection, options, bound =>
                {
                    if (!ours && bound == connection)
                        return;
                    bound.Save(target);
                    console.WriteLine($"Connection file: {target}");
                    console.WriteLine($"To connect another client to this kernel: jupyter console --existing {target}");
                }).GetAwaiter().GetResult();
            }
            finally
            {
                if (ours)
                    File.Delete(target);
            }
        }));
        return command;
    }

    private static void Advise(string data, InstalledKernel kernel)
    {
        JupyterPaths paths = JupyterPaths.Here;
        string[] found = [.. new[] { "jupyter-lab", "jupyter-notebook", "jupyter-console", "jupyter-nbconvert", "jupyter" }
            .Select(paths.Find).OfType<string>()];
        Console.WriteLine(found.Length > 0
            ? $"Jupyter found: {string.Join(", ", found)}. Choose '{kernel.DisplayName}' for a new notebook."
            : "Jupyter was not found on the path. VS Code and 'mezcla run' do not need it.");
        Console.WriteLine(
            $"VS Code{(paths.Find("code") is { } code ? $" ({code})" : "")}: install the extension 'Jupyter', open a notebook, "
            + $"then Select Kernel > Jupyter Kernel... > {kernel.DisplayName}. Python is not needed.");
        if (!paths.Search.Contains(data))
        {
            Console.WriteLine(
                $"Front ends look in {data} only if they run in that environment, or if the environment variable JUPYTER_PATH is set " +
                    $"to {data}.");
        }
    }

    /// <summary>The options that choose one of Jupyter's data folders.</summary>
    private sealed class DataFolderOptions
    {
        private readonly Option<bool> _user = new("--user") { Description = "Use the data folder of this user. This is the default." };
        private readonly Option<bool> _sysPrefix =
            new("--sys-prefix") { Description = "Use the data folder of the active Python environment." };
        private readonly Option<string?> _prefix = new("--prefix") { Description = "Use the folder share/jupyter below this folder." };

        public void AddTo(Command command)
        {
            command.Options.Add(_user);
            command.Options.Add(_sysPrefix);
            command.Options.Add(_prefix);
            command.Validators.Add(result =>
            {
                var given = (result.GetValue(_user) ? 1 : 0) + (result.GetValue(_sysPrefix) ? 1 : 0)
                    + (result.GetResult(_prefix) is null ? 0 : 1);
                if (given > 1)
                    result.AddError("Only one of --user, --sys-prefix and --prefix can be given.");
            });
        }

        public string Of(ParseResult parse)
        {
            if (parse.GetValue(_prefix) is { } prefix)
                return JupyterPaths.OfPrefix(prefix);
            if (!parse.GetValue(_sysPrefix))
                return JupyterPaths.Here.UserData;
            return JupyterPaths.OfPrefix(JupyterPaths.Here.SysPrefix() ?? throw new InvalidOperationException(
                "--sys-prefix needs Python, and neither an active environment nor python3 on the path was found. Leave the option out to " +
                    "install the kernel for this user."));
        }
    }
}
