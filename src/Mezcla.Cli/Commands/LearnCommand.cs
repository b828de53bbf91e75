using System.CommandLine;
using System.Diagnostics;
using System.Net;
using Mezcla.Cli.Shared;
using Mezcla.Interactive;
using Mezcla.Learn.Server;
using Mezcla.Learn.Work;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla learn</c>: opens the course in the browser, where its cells can be changed and run.</summary>
internal static class LearnCommand
{
    private static readonly Option<DirectoryInfo?> Folder = new("--folder")
    {
        Description = "Your own folder: copies of the chapters that you open, with all your work. [default: mezcla in your home folder]",
    };

    private static readonly Option<int> Port = new("--port")
    {
        Description = "The port to listen on; 0 for any that is free. [default: 0]",
    };

    private static readonly Option<string> Host = new("--host")
    {
        Description = "The address to listen on; 0.0.0.0 for all of this machine, which needs --password.",
        DefaultValueFactory = _ => "localhost",
    };

    private static readonly Option<string?> Password = new("--password")
    {
        Description = "The password that a browser must give. Without one, the address holds a token.",
    };

    private static readonly Option<DirectoryInfo?> Class = new("--class")
    {
        Description = "Serve a class: each student enters with a name and gets a folder of that name in this one. It needs --password. " +
            "A cell may run for five minutes, if --timeout says nothing else.",
    };

    private static readonly Option<int> Memory = new("--memory")
    {
        Description = "In a class: the memory that a student's cells may use, in MB.",
        DefaultValueFactory = _ => 2048,
    };

    private static readonly Option<bool> NoBrowser = new("--no-browser") { Description = "Open no browser: only show the address." };

    private static readonly TimeSpan ClassCellTime = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan ClassIdle = TimeSpan.FromMinutes(20);

    public static Command Create()
    {
        var command = new Command("learn", "Open the course in the browser: read it, change its cells and run them.")
        {
            Folder, Port, Host, Password, Class, Memory, RunCommand.Timeout, NoBrowser, RunCommand.Device,
        };
        command.SetAction((parse, cancellation) => Failures.Report(() => Run(parse, cancellation)));
        return command;
    }

    private static async Task<int> Run(ParseResult parse, CancellationToken cancellation)
    {
        var notebooks = CourseCommand.FindNotebooks(Directory.GetCurrentDirectory());
        var classFolder = parse.GetValue(Class)?.FullName;
        if (classFolder is not null && parse.GetValue(Folder) is not null)
            throw new ArgumentException("--class names the folder of the class, so --folder has no meaning beside it: give one of both.");
        if (parse.GetValue(Memory) < 256)
            throw new ArgumentException($"--memory {parse.GetValue(Memory)} is too little: an engine needs 256 MB before it runs a cell.");
        var folder = classFolder ?? parse.GetValue(Folder)?.FullName
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), "mezcla");
        if (IsInside(folder, notebooks))
            throw new ArgumentException($"--folder {folder} is where the course's own notebooks are: name another folder for your copies.");
        await using var server = await LearnServer.StartAsync(new()
        {
            Course = new CourseFolder(notebooks),
            Folder = folder,
            Engine = EngineHostCommand.Start(parse.GetValue(RunCommand.Device), Path.GetDirectoryName(notebooks)!),
            Cover = CourseCommand.Cover(),
            Libraries = [PlotlyLibrary.Script],
            Host = parse.GetValue(Host)!,
            Port = parse.GetValue(Port),
            Password = parse.GetValue(Password),
            IsClass = classFolder is not null,
            IsPrepared = classFolder is null,
            Limits = new()
            {
                Memory = classFolder is null ? null : (long)parse.GetValue(Memory) << 20,
                CellTime = RunCommand.CellTimeout(parse) ?? (classFolder is null ? null : ClassCellTime),
                Idle = classFolder is null ? null : ClassIdle,
            },
        });
        // Not wrapped at the width of the terminal: it has to be copied whole.
        Console.WriteLine($"The course: {server.Address}");
        if (parse.GetValue(Host) is "0.0.0.0" or "::")
            Console.WriteLine(
                $"From other machines: http://{Dns.GetHostName()}:{new Uri(server.Address).Port}/, or this machine's IP address.");
        Console.WriteLine($"{(classFolder is null ? "Your work" : "The class's work")} is saved in {server.Folder}. Stop with Ctrl+C.");
        var door = parse.GetValue(NoBrowser) || classFolder is not null ? null : WriteDoor(server.Address);
        try
        {
            if (door is not null)
                Open(door);
            await server.WaitAsync(cancellation);
        }
        finally
        {
            if (door is not null)
                File.Delete(door);
        }
        return 0;
    }

    private static bool IsInside(string folder, string other) =>
        (Path.GetFullPath(folder) + Path.DirectorySeparatorChar).StartsWith(Path.GetFullPath(other) + Path.DirectorySeparatorChar,
            OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    // Others on this machine see with which arguments a browser is started, so the token stands in a file that only its owner can read.
    private static string WriteDoor(string address)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var path = Path.Combine(Path.GetTempPath(), $"mezcla-learn-{Guid.NewGuid():N}.html");
        using var file = new StreamWriter(path, options);
        file.Write($"<!DOCTYPE html><meta http-equiv=\"refresh\" content=\"0;url={address}\"><title>Mezcla</title>\n");
        return path;
    }

    // Where no browser can be opened the address is on the screen all the same.
    private static void Open(string page)
    {
        try
        {
            var start = OperatingSystem.IsWindows() ? new ProcessStartInfo(page) { UseShellExecute = true }
                : new ProcessStartInfo(OperatingSystem.IsMacOS() ? "open" : "xdg-open", [page])
                {
                    RedirectStandardError = true,
                    RedirectStandardOutput = true,
                };
            using var browser = Process.Start(start);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
        }
    }
}
