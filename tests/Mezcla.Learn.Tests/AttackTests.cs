using System.Net;
using System.Net.WebSockets;
using System.Text;

namespace Mezcla.Learn.Tests;

/// <summary>What others on this machine, on the network, and pages of other servers try, to have their code run here.</summary>
[Collection(nameof(OneAtATime))]
public sealed class AttackTests : IDisposable
{
    private readonly Classroom _room = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _room.Dispose();

    [Fact]
    public async Task Without_the_token_nothing_is_shown_or_run()
    {
        await using var server = await _room.Serve();
        using var browser = new Visitor(server);
        foreach (var path in (string[])["/", "/chapter/" + Classroom.Chapter, "/glossary", "/?token=", "/?token=0123", "/?token=a&token=b"])
            Assert.Equal(HttpStatusCode.Forbidden, (await browser.Get(path)).Status);
        Assert.False(await browser.CanConnect(browser.Origin));
        Assert.False(File.Exists(_room.Copy));

        Assert.Contains("content=\"0;url=/\"", (await browser.Get(server.Address)).Text);
        Assert.Equal(HttpStatusCode.OK, (await browser.Get("/")).Status);
        Assert.True(await browser.CanConnect(browser.Origin));
    }

    [Fact]
    public async Task The_cookie_is_for_this_site_and_no_script()
    {
        await using var server = await _room.Serve();
        using var browser = new Visitor(server);
        var (_, headers, _) = await browser.Get(server.Address);
        var cookie = Assert.Single(headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(server.Address.Split("token=")[1], cookie);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("127.0.0.1.nip.example")]
    [InlineData("localhost:1")]
    [InlineData("localhost")]
    public async Task A_name_that_was_made_to_point_here_is_refused(string host)
    {
        await using var server = await _room.Serve();
        using var browser = new Visitor(server);
        await browser.Get(server.Address);
        var (status, _, text) = await browser.Get("/chapter/" + Classroom.Chapter, host);
        Assert.Equal(HttpStatusCode.MisdirectedRequest, status);
        Assert.DoesNotContain("small chapter", text);
        // With the right token too.
        Assert.Equal(HttpStatusCode.MisdirectedRequest, (await browser.Get(server.Address, host)).Status);
    }

    [Theory]
    [InlineData("http://evil.example")]
    [InlineData("null")]
    [InlineData(null)]
    [InlineData("https://localhost")]
    [InlineData("http://localhost:1")]
    public async Task A_page_of_another_site_cannot_connect_with_the_cookie_of_the_browser(string? origin)
    {
        await using var server = await _room.Serve();
        using var browser = new Visitor(server);
        await browser.Get(server.Address);
        Assert.False(await browser.CanConnect(origin));
    }

    [Fact]
    public async Task Pages_run_only_the_servers_scripts_and_nobody_frames_them()
    {
        await using var server = await _room.Serve();
        using var browser = new Visitor(server);
        await browser.Get(server.Address);
        foreach (var path in (string[])["/", "/chapter/" + Classroom.Chapter, "/glossary", "/nothing"])
        {
            var (_, headers, text) = await browser.Get(path);
            var policy = Assert.Single(headers.GetValues("Content-Security-Policy"));
            Assert.Contains("default-src 'none'", policy);
            Assert.Contains("script-src 'self';", policy);
            Assert.Contains("frame-ancestors 'none'", policy);
            Assert.Equal("nosniff", Assert.Single(headers.GetValues("X-Content-Type-Options")));
            // No script stands in a page, so the policy needs no exception.
            Assert.DoesNotContain("<script>", text);
            Assert.DoesNotContain(" onclick=", text);
        }
        var frame = Assert.Single((await browser.Get("/frame")).Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("sandbox allow-scripts;", frame);
        Assert.DoesNotContain("allow-same-origin", frame);
        Assert.Contains("default-src 'none'", frame);
        Assert.DoesNotContain("connect-src", frame);
    }

    [Theory]
    [InlineData("/chapter/../../etc/passwd")]
    [InlineData("/chapter/..%2f..%2fetc%2fpasswd")]
    [InlineData("/assets/../LearnServer.cs")]
    [InlineData("/assets/%2e%2e/secret")]
    [InlineData("/live/none")]
    public async Task No_address_leads_out_of_the_course(string path)
    {
        await using var server = await _room.Serve();
        using var browser = new Visitor(server);
        await browser.Get(server.Address);
        Assert.Contains((await browser.Get(path)).Status, (HttpStatusCode[])[HttpStatusCode.NotFound, HttpStatusCode.Forbidden]);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("192.0.2.1")]
    public async Task Others_are_served_only_with_a_password(string host)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => _room.Serve(o => o with { Host = host }));
        Assert.Contains("--password", refused.Message);
        await Assert.ThrowsAsync<ArgumentException>(() => _room.Serve(o => o with { Host = host, Password = "" }));
    }

    [Fact]
    public async Task A_password_is_asked_for_and_wrong_ones_are_slow()
    {
        await using var server = await _room.Serve(o => o with { Host = "0.0.0.0", Password = "the right one" });
        using var browser = new Visitor(server);
        Assert.DoesNotContain("token", server.Address);
        Assert.Contains("type=\"password\"", (await browser.Get("/")).Text);
        Assert.False(await browser.CanConnect(browser.Origin));
        Assert.Equal(HttpStatusCode.Forbidden, await browser.Login("the right one", "http://evil.example"));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(i => browser.Login($"guess {i}", browser.Origin)));
        Assert.True(watch.ElapsedMilliseconds > 2000, "Three guesses at once should take three times as long as one.");
        Assert.False(await browser.CanConnect(browser.Origin));
        Assert.Equal(HttpStatusCode.Redirect, await browser.Login("the right one", browser.Origin));
        Assert.Contains("The small course", (await browser.Get("/")).Text);
        Assert.True(await browser.CanConnect(browser.Origin));
    }

    [Fact]
    public async Task Messages_that_make_no_sense_change_nothing()
    {
        await using var server = await _room.Serve();
        using var browser = new Visitor(server);
        await browser.Get(server.Address);
        var before = (await browser.Get("/chapter/" + Classroom.Chapter)).Text;
        using var socket = await browser.Connect(browser.Origin);
        foreach (var text in (string[])["", "{", "[]", "null", "7", "{\"type\":7}", "{\"type\":\"run\",\"cell\":7}", "{\"type\":\"edit\"}",
            "{\"type\":\"edit\",\"cell\":\"none\",\"source\":\"x\"}", "{\"type\":\"nonsense\",\"cell\":[],\"kind\":{}}",
            "{\"type\":\"complete\",\"id\":\"x\",\"code\":\"a\",\"cursor\":99999}", "{\"type\":\"complete\",\"code\":\"a\",\"cursor\":-5}",
            "{\"type\":\"delete\",\"cell\":\"none\"}", "{\"type\":\"restore\"}", "{\"type\":\"input\",\"text\":\"nobody asked\"}",
            "{\"type\":\"edit\",\"cell\":\"sum\",\"source\":\"overwritten\",\"base\":99}"])
            await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, Cancel);
        // The answer to the last one: it was made from another text, so the right one comes back.
        string? type = null;
        for (var i = 0; i < 200 && type != "conflict"; i++)
            type = (await Visitor.Receive(socket))["type"]?.ToString();
        Assert.Equal("conflict", type);
        Assert.Contains("var x = 20;", File.ReadAllText(_room.Copy));
        Assert.Contains("A small chapter", before);
    }
}
