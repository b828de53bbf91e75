using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Learn.Server;

namespace Mezcla.Learn.Tests;

/// <summary>A browser without manners: it sends what headers it likes.</summary>
internal sealed class Visitor : IDisposable
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private readonly CookieContainer _cookies = new();
    private readonly HttpClient _client;
    private readonly Uri _base;
    private readonly Dictionary<string, int> _revisions = [];

    public Visitor(LearnServer server)
    {
        _base = new Uri(new Uri(server.Address), "/");
        _client = new(new HttpClientHandler { CookieContainer = _cookies, AllowAutoRedirect = false }) { BaseAddress = _base };
    }

    public string Origin => $"http://{_base.Authority}";

    public async Task<(HttpStatusCode Status, System.Net.Http.Headers.HttpResponseHeaders Headers, string Text)> Get(
        string path, string? host = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { Host = host } };
        using var response = await _client.SendAsync(request, Cancel);
        return (response.StatusCode, response.Headers, await response.Content.ReadAsStringAsync(Cancel));
    }

    public async Task<HttpStatusCode> Login(string password, string origin, string? name = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/login")
        {
            Content = new FormUrlEncodedContent([KeyValuePair.Create("password", password), KeyValuePair.Create("name", name ?? "")]),
            Headers = { { "Origin", origin } },
        };
        using var response = await _client.SendAsync(request, Cancel);
        return response.StatusCode;
    }

    public async Task<ClientWebSocket> Connect(string? origin)
    {
        var socket = new ClientWebSocket();
        socket.Options.Cookies = _cookies;
        if (origin is not null)
            socket.Options.SetRequestHeader("Origin", origin);
        await socket.ConnectAsync(new Uri($"ws://{_base.Authority}/live/{Classroom.Chapter}"), Cancel);
        return socket;
    }

    public async Task<bool> CanConnect(string? origin)
    {
        try
        {
            using var socket = await Connect(origin);
            return (await Receive(socket))["type"]?.ToString() == "state";
        }
        catch (WebSocketException)
        {
            return false;
        }
    }

    public static async Task<JsonNode> Receive(ClientWebSocket socket)
    {
        var buffer = new byte[1 << 20];
        var count = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(count), Cancel);
            count += part.Count;
            if (part.EndOfMessage)
                return JsonNode.Parse(Encoding.UTF8.GetString(buffer, 0, count))!;
        }
    }

    /// <summary>Changes a cell and runs it, and gives the HTML of its outputs.</summary>
    public async Task<string> Run(ClientWebSocket socket, string cell, string code)
    {
        var revision = _revisions[cell] = _revisions.GetValueOrDefault(cell) + 1;
        await Send(socket, new { type = "edit", cell, source = code, @base = revision });
        await Send(socket, new { type = "run", cell });
        var shown = new List<string>();
        while (true)
        {
            var message = await Receive(socket);
            switch (message["type"]!.ToString())
            {
                case "outputs" when message["cell"]!.ToString() == cell:
                    shown = [.. shown.Take((int)message["from"]!), .. message["html"]!.AsArray().Select(h => h!.ToString())];
                    break;
                case "ran":
                    return string.Concat(shown);
                case "conflict" or "told":
                    Assert.Fail(message.ToJsonString());
                    break;
            }
        }
    }

    public static Task Send(ClientWebSocket socket, object message) =>
        socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, true, Cancel);

    public void Dispose() => _client.Dispose();
}
