using System.Collections.Concurrent;
using System.Net;
using Mezcla.Learn.Pages;
using Mezcla.Learn.Work;
using Mezcla.Notebooks.Documents;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Mezcla.Learn.Server;

/// <summary>Serves the course to a browser as pages whose cells can be changed and run.</summary>
public sealed class LearnServer : IAsyncDisposable
{
    private readonly LearnOptions _options;
    private readonly Access _access;
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Student> _students = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _checking;
    private Task _preparing = Task.CompletedTask;

    private LearnServer(LearnOptions options)
    {
        _options = options;
        _access = new(options);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 64 << 10;
            foreach (var address in Access.Addresses(options.Host))
                kestrel.Listen(address, options.Port);
        });
        _app = builder.Build();
        _app.UseWebSockets(new() { KeepAliveInterval = TimeSpan.FromSeconds(20) });
        _app.Run(Handle);
        _checking = Check();
    }

    /// <summary>The address to open in a browser, with the token.</summary>
    public string Address { get; private set; } = "";

    /// <summary>The folder of the student, or of the class.</summary>
    public string Folder => Path.GetFullPath(_options.Folder);

    /// <summary>Starts a server.</summary>
    /// <param name="options">What it serves and where.</param>
    /// <exception cref="ArgumentException">The host is no address of this machine, or others could use the server without a
    /// password.</exception>
    /// <exception cref="IOException">The port is in use.</exception>
    public static async Task<LearnServer> StartAsync(LearnOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!options.IsLocal && string.IsNullOrEmpty(options.Password))
            throw new ArgumentException(
                $"On {options.Host} others can reach this server, and it runs the code that it is given: add --password.");
        if (options.IsClass && string.IsNullOrEmpty(options.Password))
            throw new ArgumentException("A class needs a password, which its students are told: add --password.");
        var server = new LearnServer(options);
        await server._app.StartAsync().ConfigureAwait(false);
        var bound = server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        server._access.Port = new Uri(bound).Port;
        var host = options.Host is "localhost" or "0.0.0.0" or "::" ? "localhost" : options.Host.Contains(':') ? $"[{options.Host}]"
            : options.Host;
        server.Address = $"http://{host}:{server._access.Port}/{(options.Password is null ? $"?token={server._access.Token}" : "")}";
        if (options.IsPrepared)
            server._preparing = Task.Run(server.Prepare);
        return server;
    }

    /// <summary>Waits until the server is stopped.</summary>
    /// <param name="cancellation">Stops it.</param>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }

    /// <summary>Saves what is not saved yet, ends all engines, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _checking.ConfigureAwait(false);
        await _preparing.ConfigureAwait(false);
        foreach (var student in _students.Values)
            await student.DisposeAsync().ConfigureAwait(false);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(patience.Token).ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private void Prepare()
    {
        try
        {
            Of("").Prepare();
            var html = new CellHtml(_options.Course.Folder, _options.Libraries);
            foreach (var cell in _options.Course.Chapters.Take(1).SelectMany(name => _options.Course.Read(name).Cells))
                html.Cell(cell, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Opening a chapter meets the same trouble, and says so.
        }
    }

    private async Task Check()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var student in _students.Values)
                await student.Check().ConfigureAwait(false);
        }
    }

    private async Task Handle(HttpContext context)
    {
        var request = context.Request;
        SecurityHeaders.Set(context);
        if (!_access.IsOwnHost(request))
        {
            await Refuse(context, HttpStatusCode.MisdirectedRequest,
                "This address is not the server's: open the one that mezcla learn shows.");
            return;
        }
        var path = request.Path.Value ?? "/";
        // The frame and the assets hold nothing of the student's.
        if (HttpMethods.IsGet(request.Method) && path == "/frame")
        {
            SecurityHeaders.SetForFrame(context);
            await Answer(context, LearnPage.Frame);
            return;
        }
        if (HttpMethods.IsGet(request.Method) && path.StartsWith("/assets/", StringComparison.Ordinal))
        {
            await Asset(context, path["/assets/".Length..]);
            return;
        }
        if (_access.TakeToken(context))
        {
            // The token leaves the address, so that it stands in no history and on no screen. A page of this server leads on, since a
            // redirection would still count as the doing of the page that the address was opened from, and get no cookie.
            await Answer(context, LearnPage.Door);
            return;
        }
        if (HttpMethods.IsPost(request.Method) && path == "/login")
        {
            await Login(context);
            return;
        }
        if (_access.Student(request) is not { } name)
        {
            if (_options.Password is not null && HttpMethods.IsGet(request.Method) && !context.WebSockets.IsWebSocketRequest)
                await Answer(context, LearnPage.Login(_options.IsClass));
            else
                await Refuse(context, HttpStatusCode.Forbidden, "Open the address that mezcla learn shows, with its token.");
            return;
        }
        var student = Of(name);
        if (path.StartsWith("/live/", StringComparison.Ordinal))
            await Live(context, student, path["/live/".Length..]);
        else if (HttpMethods.IsGet(request.Method))
            await Page(context, student, name, path);
        else if (HttpMethods.IsPost(request.Method) && path == "/leave" && Access.IsOwnOrigin(request))
            Leave(context);
        else
            await Refuse(context, HttpStatusCode.MethodNotAllowed, "Only pages are served here.");
    }

    private async Task Page(HttpContext context, Student student, string name, string path)
    {
        if (path == "/")
            await Answer(context, LearnPage.Cover(_options.Cover, _options.Course, student.Progress, _options.IsClass
                ? $"You are {name}."
                : $"Your work is saved in `{student.Folder.Path}`. The notebooks there open in Jupyter and VS Code too.",
                _options.IsClass));
        else if (path == "/glossary")
            await Answer(context, LearnPage.Prose("Glossary", Glossary.Of(_options.Course.Chapters
                .Select(name => (name + ".ipynb", _options.Course.Read(name)))).ToMarkdown()));
        else if (path.StartsWith("/chapter/", StringComparison.Ordinal) && _options.Course.Has(path["/chapter/".Length..]))
            await Chapter(context, student, path["/chapter/".Length..]);
        else
            await Refuse(context, HttpStatusCode.NotFound, "There is no such page. The [chapters](/) are here.");
    }

    private async Task Chapter(HttpContext context, Student student, string name)
    {
        string page;
        try
        {
            page = LearnPage.Chapter(student.Work(name), _options.Course, name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Refuse(context, HttpStatusCode.InternalServerError, $"The chapter cannot be opened: {e.Message}");
            return;
        }
        await Answer(context, page);
    }

    private async Task Live(HttpContext context, Student student, string name)
    {
        if (!context.WebSockets.IsWebSocketRequest || !Access.IsOwnOrigin(context.Request))
        {
            await Refuse(context, HttpStatusCode.Forbidden, "Only pages of this server may connect.");
            return;
        }
        if (!_options.Course.Has(name))
        {
            await Refuse(context, HttpStatusCode.NotFound, "There is no such chapter.");
            return;
        }
        using var socket = await context.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false);
        await PageSocket.ServeAsync(socket, student.Work(name), context.RequestAborted).ConfigureAwait(false);
    }

    private async Task Login(HttpContext context)
    {
        if (!Access.IsOwnOrigin(context.Request))
        {
            await Refuse(context, HttpStatusCode.Forbidden, "The password must come from this server's own page.");
            return;
        }
        IFormCollection form;
        try
        {
            form = await context.Request.ReadFormAsync(context.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or BadHttpRequestException)
        {
            await Refuse(context, HttpStatusCode.Forbidden, "This is no form of this server's page.");
            return;
        }
        var name = _options.IsClass ? StudentName.Of(form["name"].ToString()) : "";
        var wrong = name is null ? "A name has 1 to 60 letters, digits, spaces, dots and hyphens, and begins with a letter or a digit."
            : "This is not the password.";
        if (name is not null && await _access.TakePassword(context, form["password"].ToString(), name).ConfigureAwait(false))
        {
            context.Response.Redirect("/");
            return;
        }
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        await Answer(context, LearnPage.Login(_options.IsClass, wrong));
    }

    private void Leave(HttpContext context)
    {
        _access.Leave(context);
        context.Response.Redirect("/");
    }

    private Student Of(string name) => _students.GetOrAdd(name, _ => new(
        _options.IsClass ? Path.Combine(_options.Folder, name) : _options.Folder, _options.Course, _options.Engine, _options.Libraries,
        _options.Limits, oneEngine: _options.IsClass));

    private static async Task Asset(HttpContext context, string name)
    {
        if (Assets.Find(name) is not var (content, type))
        {
            await Refuse(context, HttpStatusCode.NotFound, "There is no such file.");
            return;
        }
        // A frame of outputs has an origin of its own, and may load these.
        context.Response.Headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(content, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task Answer(HttpContext context, string html)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync(html, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task Refuse(HttpContext context, HttpStatusCode status, string why)
    {
        context.Response.StatusCode = (int)status;
        await Answer(context, LearnPage.Prose("Not here", $"# Not here\n\n{why}\n")).ConfigureAwait(false);
    }
}
