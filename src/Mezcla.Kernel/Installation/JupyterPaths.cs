using System.Diagnostics;

namespace Mezcla.Kernel.Installation;

/// <summary>Where Jupyter and the front ends that follow its rules look for kernels
/// (jupyter_core's documentation, "Directories").</summary>
public sealed class JupyterPaths
{
    private readonly Func<string, string?> _environment;
    private readonly Platform _platform;
    private readonly string _home;

    internal JupyterPaths(Func<string, string?> environment, Platform platform, string home)
    {
        _environment = environment;
        _platform = platform;
        _home = home;
    }

    internal enum Platform
    {
        Linux,
        MacOS,
        Windows,
    }

    /// <summary>The paths of this user on this machine.</summary>
    public static JupyterPaths Here { get; } = new(
        Environment.GetEnvironmentVariable,
        OperatingSystem.IsWindows() ? Platform.Windows : OperatingSystem.IsMacOS() ? Platform.MacOS : Platform.Linux,
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    /// <summary>The user's data folder: <c>JUPYTER_DATA_DIR</c>, or the platform's own.</summary>
    public string UserData => Variable("JUPYTER_DATA_DIR") ?? _platform switch
    {
        Platform.Windows => Path.Combine(Variable("APPDATA") ?? Path.Combine(_home, "AppData", "Roaming"), "jupyter"),
        Platform.MacOS => Path.Combine(_home, "Library", "Jupyter"),
        _ => Path.Combine(Variable("XDG_DATA_HOME") ?? Path.Combine(_home, ".local", "share"), "jupyter"),
    };

    /// <summary>Where connection files of running kernels are kept.</summary>
    public string Runtime => Variable("JUPYTER_RUNTIME_DIR") ?? Path.Combine(UserData, "runtime");

    /// <summary>The Python environment that is active, by <c>VIRTUAL_ENV</c> or <c>CONDA_PREFIX</c>; null where none is.</summary>
    public string? ActivePrefix => Variable("VIRTUAL_ENV") ?? Variable("CONDA_PREFIX");

    /// <summary>
    /// All data folders, first found first used: <c>JUPYTER_PATH</c>, the user's, those of Python environments, the system's.
    /// </summary>
    public IReadOnlyList<string> Search
    {
        get
        {
            var all = new List<string>();
            all.AddRange((Variable("JUPYTER_PATH") ?? "").Split(
                _platform == Platform.Windows ? ';' : ':', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            all.Add(UserData);
            if (ActivePrefix is { } active)
                all.Add(OfPrefix(active));
            if (_platform == Platform.Windows)
            {
                all.Add(Path.Combine(Variable("PROGRAMDATA") ?? @"C:\ProgramData", "jupyter"));
            }
            else
            {
                all.Add("/usr/local/share/jupyter");
                all.Add("/usr/share/jupyter");
                if (_platform == Platform.MacOS)
                    all.Add("/opt/homebrew/share/jupyter");
            }

            return [.. all.Distinct()];
        }
    }

    /// <summary>The data folder under a Python environment's prefix.</summary>
    /// <param name="prefix">The environment's folder, which holds <c>bin</c> or <c>Scripts</c>.</param>
    public static string OfPrefix(string prefix) => Path.Combine(Path.GetFullPath(prefix), "share", "jupyter");

    /// <summary>
    /// The prefix of the Python that <c>--sys-prefix</c> means: the active environment,
    /// else the <c>sys.prefix</c> of the first Python on the path.
    /// </summary>
    /// <returns>Null where there is no Python.</returns>
    public string? SysPrefix()
    {
        if (ActivePrefix is { } active)
            return active;
        foreach (var name in (ReadOnlySpan<string>)["python3", "python"])
        {
            if (Find(name) is { } python && Ask(python, "-c", "import sys; print(sys.prefix)") is { Length: > 0 } prefix
                && Directory.Exists(prefix))
                return prefix;
        }

        return null;
    }

    /// <summary>Looks for a program on the path.</summary>
    /// <param name="program">Its name without an ending.</param>
    /// <returns>Its full path, or null.</returns>
    public string? Find(string program)
    {
        var windows = _platform == Platform.Windows;
        string[] endings = windows ? [".exe", ".cmd", ".bat"] : [""];
        foreach (var folder in (Variable("PATH") ?? "").Split(windows ? ';' : ':', StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (var ending in endings)
            {
                var path = Path.Combine(folder, program + ending);
                if (File.Exists(path))
                    return path;
            }
        }

        return null;
    }

    private static string? Ask(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
            })!;
            process.StandardInput.Close();
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            Task<string> text = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
            {
                process.Kill();
                return null;
            }

            return process.ExitCode == 0 ? text.GetAwaiter().GetResult().Trim() : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // Windows puts a file named python.exe on the path that is no Python and cannot be started this way.
            return null;
        }
    }

    private string? Variable(string name) => _environment(name) is { Length: > 0 } value ? value : null;
}
