using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mezcla.Kernel;

/// <summary>
/// What a Jupyter connection file says: where the five channels are and how messages are signed
/// (Jupyter's documentation, "Making kernels", section "Connection files").
/// </summary>
public sealed record ConnectionFile
{
    /// <summary><c>tcp</c>, or <c>ipc</c> for Unix domain sockets.</summary>
    public string Transport { get; init; } = "tcp";

    /// <summary>The address to listen on; for <c>ipc</c> the beginning of the sockets'
    /// paths. The loopback address unless told otherwise.</summary>
    public string Ip { get; init; } = "127.0.0.1";

    /// <summary>The port of the shell channel; 0 lets the system choose.</summary>
    public int ShellPort { get; init; }

    /// <summary>The port of the iopub channel; 0 lets the system choose.</summary>
    public int IoPubPort { get; init; }

    /// <summary>The port of the stdin channel; 0 lets the system choose.</summary>
    public int StdinPort { get; init; }

    /// <summary>The port of the control channel; 0 lets the system choose.</summary>
    public int ControlPort { get; init; }

    /// <summary>The port of the heartbeat; 0 lets the system choose.</summary>
    public int HeartbeatPort { get; init; }

    /// <summary>The key that signs messages; empty turns signing off.</summary>
    public string Key { get; init; } = "";

    /// <summary>How messages are signed: <c>hmac-sha256</c>.</summary>
    public string SignatureScheme { get; init; } = "hmac-sha256";

    /// <summary>The kernel's name, for front ends that list running kernels.</summary>
    public string KernelName { get; init; } = "";

    /// <summary>A connection on the loopback address, with a new random key and ports that the system chooses.</summary>
    public static ConnectionFile Create() => new()
    {
        Key = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)),
    };

    /// <summary>Reads a connection file.</summary>
    /// <param name="path">Where it is.</param>
    /// <exception cref="IOException">It is not there or cannot be read.</exception>
    /// <exception cref="FormatException">It is not a connection file; the message says what is missing or wrong.</exception>
    public static ConnectionFile Load(string path)
    {
        var text = File.ReadAllText(path);
        try
        {
            if (JsonNode.Parse(text) is not JsonObject json)
                throw new FormatException($"{path}: a connection file holds one JSON object.");
            return new ConnectionFile
            {
                Transport = Text(json, "transport", "tcp"),
                Ip = Text(json, "ip", "127.0.0.1"),
                ShellPort = Port(path, json, "shell_port"),
                IoPubPort = Port(path, json, "iopub_port"),
                StdinPort = Port(path, json, "stdin_port"),
                ControlPort = Port(path, json, "control_port"),
                HeartbeatPort = Port(path, json, "hb_port"),
                Key = Text(json, "key", ""),
                SignatureScheme = Text(json, "signature_scheme", "hmac-sha256"),
                KernelName = Text(json, "kernel_name", ""),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException($"{path}: not a connection file: {e.Message}", e);
        }
    }

    /// <summary>Writes the file so that only this user can read it: whoever knows the key can run code.</summary>
    /// <param name="path">Where to write; folders that are missing are made.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var json = new JsonObject
        {
            ["shell_port"] = ShellPort,
            ["iopub_port"] = IoPubPort,
            ["stdin_port"] = StdinPort,
            ["control_port"] = ControlPort,
            ["hb_port"] = HeartbeatPort,
            ["ip"] = Ip,
            ["key"] = Key,
            ["transport"] = Transport,
            ["signature_scheme"] = SignatureScheme,
            ["kernel_name"] = KernelName,
        };
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new StreamWriter(path, options);
        file.WriteLine(json.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    /// <summary>The address of one channel, for binding or connecting.</summary>
    /// <exception cref="FormatException">The transport is neither <c>tcp</c> nor <c>ipc</c>, or the address is not one.</exception>
    internal EndPoint EndPoint(int port)
    {
        switch (Transport)
        {
            case "ipc":
                return new UnixDomainSocketEndPoint($"{Ip}-{port}");
            case "tcp" when Ip is "*" or "0.0.0.0":
                return new IPEndPoint(IPAddress.Any, port);
            case "tcp" when IPAddress.TryParse(Ip, out IPAddress? address):
                return new IPEndPoint(address, port);
            case "tcp":
                try
                {
                    IPAddress[] found = Dns.GetHostAddresses(Ip);
                    return new IPEndPoint(found.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) ?? found[0], port);
                }
                catch (SocketException e)
                {
                    throw new FormatException($"The connection file's ip '{Ip}' is not an address of this machine: {e.Message}", e);
                }

            default:
                throw new FormatException($"The connection file asks for the transport '{Transport}'; this kernel speaks tcp and ipc.");
        }
    }

    private static string Text(JsonObject json, string name, string fallback) => json[name]?.GetValue<string>() ?? fallback;

    private static int Port(string path, JsonObject json, string name)
    {
        if (json[name] is not JsonValue value || !value.TryGetValue(out int port))
            throw new FormatException($"{path}: '{name}' is missing or no number.");
        return port is >= 0 and <= 65535 ? port : throw new FormatException($"{path}: '{name}' is {port}, not a port.");
    }
}
