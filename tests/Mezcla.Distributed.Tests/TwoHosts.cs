using System.Diagnostics;
using Mezcla.Tests;

namespace Mezcla.Distributed.Tests;

/// <summary>
/// Two hosts made of network namespaces of this machine, with a cable between them. Each has an address of its own, and nothing else of the
/// network. It needs the rights of an administrator.
/// </summary>
internal sealed class TwoHosts : IDisposable
{
    private static readonly Dictionary<string, string> NoVariables = [];
    private readonly string _name = $"mz{Environment.ProcessId % 100_000}";
    private readonly string _folder;

    private TwoHosts(string folder) => _folder = folder;

    /// <summary>Makes the hosts. The test is skipped where that is not possible.</summary>
    /// <param name="folder">Where a script may be written.</param>
    public static TwoHosts Create(string folder)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            Assert.Skip("Two hosts made of network namespaces need Linux and the rights of an administrator.");
        var hosts = new TwoHosts(folder);
        try
        {
            foreach (var host in (int[])[1, 2])
            {
                hosts.Ip($"netns add {hosts.Namespace(host)}");
                hosts.Ip($"-n {hosts.Namespace(host)} link set lo up");
            }

            hosts.Ip($"link add eth1 netns {hosts.Namespace(1)} type veth peer name eth1 netns {hosts.Namespace(2)}");
            foreach (var host in (int[])[1, 2])
            {
                hosts.Ip($"-n {hosts.Namespace(host)} addr add {Address(host)}/24 dev eth1");
                hosts.Ip($"-n {hosts.Namespace(host)} link set eth1 up");
            }

            hosts.Crossed();
            // A link needs up to a second before messages find their way.
            var clock = Stopwatch.StartNew();
            foreach (var host in (int[])[1, 2])
                while (hosts.State(host) != "up")
                    if (clock.Elapsed > TimeSpan.FromSeconds(10))
                        throw new InvalidOperationException("The link between the hosts does not come up.");
        }
        catch (Exception e)
        {
            hosts.Dispose();
            Assert.Skip($"This machine makes no network namespaces (apt install iproute2, and not in every container): {e.Message}");
        }

        return hosts;
    }

    /// <summary>Runs a program of two processes, one on each host, that MPI's launcher starts from the first.</summary>
    public (int Code, string Log) Run(string mpiexec, params string[] program)
    {
        // The launcher calls this where it would call ssh: with options, an address and a command.
        var enter = Path.Combine(_folder, "enter.sh");
        File.WriteAllText(enter, $"""
            #!/bin/sh
            while [ "$(printf %.1s "$1")" = - ]; do shift; done
            host=$1; shift
            exec ip netns exec {_name}-$(echo "$host" | sed 's/.*\.//') sh -c "$*"
            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(enter, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        // Both hosts have the memory of this machine in common: without this, numbers would cross there and not on the cable.
        var environment = new Dictionary<string, string> { ["MEZCLA_THREADS"] = "1", ["UCX_TLS"] = "tcp,self" };
        string[] launch = [mpiexec, "-localhost", Address(1), "-launcher", "ssh", "-launcher-exec", enter,
            "-hosts", $"{Address(1)},{Address(2)}", "-n", "2", "-ppn", "1"];
        return Programs.Run("ip", ["netns", "exec", Namespace(1), .. launch, .. program], _folder, environment);
    }

    /// <summary>Bytes that have crossed the cable, in both directions, with the headers of their packets.</summary>
    public long Crossed() => new[] { "rx_bytes", "tx_bytes" }.Sum(counter => long.Parse(
        Programs.Run("ip", ["netns", "exec", Namespace(1), "cat", $"/sys/class/net/eth1/statistics/{counter}"], _folder, NoVariables).Log));

    public void Dispose()
    {
        foreach (var host in (int[])[1, 2])
            Programs.Run("ip", ["netns", "del", Namespace(host)], _folder, NoVariables);
    }

    private static string Address(int host) => $"10.77.0.{host}";

    private string State(int host) =>
        Programs.Run("ip", ["netns", "exec", Namespace(host), "cat", "/sys/class/net/eth1/operstate"], _folder, NoVariables).Log.Trim();

    private string Namespace(int host) => $"{_name}-{host}";

    private void Ip(string arguments)
    {
        var (code, log) = Programs.Run("ip", arguments.Split(' '), _folder, NoVariables);
        if (code != 0)
            throw new InvalidOperationException($"ip {arguments}: {log}");
    }
}
