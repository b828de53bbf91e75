using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Mezcla.Learn.Server;

/// <summary>
/// Who may use the server. It runs the code that it is given, so each request must come from its own pages, in a browser that was shown
/// the token or knows the password.
/// </summary>
internal sealed class Access(LearnOptions options)
{
    private static readonly TimeSpan AfterWrong = TimeSpan.FromMilliseconds(700);
    // By the digest of what the browser shows, so that looking one up takes no longer for a value that is nearly right.
    private readonly ConcurrentDictionary<string, string> _students = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);

    /// <summary>The token of the address that is opened.</summary>
    public string Token { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));

    /// <summary>The port that the server listens on.</summary>
    public int Port { get; set; }

    // Cookies do not know ports: another server on this machine must not take this one's away.
    private string Cookie => $"mezcla-{Port}";

    /// <summary>
    /// Whether the address that the browser asked for is this server's. A page whose name was made to point here (DNS rebinding) has
    /// another.
    /// </summary>
    public bool IsOwnHost(HttpRequest request)
    {
        if (!options.IsLocal)
            // Whoever listens on all addresses knows not by which names others call this machine. There the password stands guard.
            return request.Host.HasValue;
        return (request.Host.Port ?? 80) == Port && (request.Host.Host is "localhost" or "127.0.0.1" or "[::1]"
            || request.Host.Host == options.Host);
    }

    /// <summary>Whether a request that changes something comes from a page of this server.</summary>
    public static bool IsOwnOrigin(HttpRequest request) =>
        request.Headers.Origin is [{ } origin] && origin == $"{request.Scheme}://{request.Host}";

    /// <summary>Who is in front of a browser that has shown the token or the password, or null; empty where there is no class.</summary>
    public string? Student(HttpRequest request) =>
        request.Cookies[Cookie] is { } cookie ? _students.GetValueOrDefault(Digest(cookie)) : null;

    /// <summary>Lets a browser in that shows the right token in its address.</summary>
    public bool TakeToken(HttpContext context)
    {
        if (options.Password is not null || context.Request.Query["token"] is not [{ } token] || !Same(token, Token))
            return false;
        Remember(context, "");
        return true;
    }

    /// <summary>Lets a browser in that gives the right password. Wrong ones are slow, one after another.</summary>
    /// <param name="context">The request.</param>
    /// <param name="password">What was given.</param>
    /// <param name="student">Who it is; empty where there is no class.</param>
    public async Task<bool> TakePassword(HttpContext context, string password, string student)
    {
        if (options.Password is not { } right)
            return false;
        await _oneAtATime.WaitAsync(context.RequestAborted).ConfigureAwait(false);
        try
        {
            if (!Same(password, right))
            {
                await Task.Delay(AfterWrong, context.RequestAborted).ConfigureAwait(false);
                return false;
            }
        }
        finally
        {
            _oneAtATime.Release();
        }
        Remember(context, student);
        return true;
    }

    /// <summary>Forgets a browser.</summary>
    public void Leave(HttpContext context)
    {
        if (context.Request.Cookies[Cookie] is { } cookie)
            _students.TryRemove(Digest(cookie), out _);
        context.Response.Cookies.Delete(Cookie);
    }

    // Compares in a time that does not tell how much is right: of two digests of one length.
    private static bool Same(string given, string right) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(Encoding.UTF8.GetBytes(right)));

    private static string Digest(string cookie) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(cookie)));

    private void Remember(HttpContext context, string student)
    {
        var cookie = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        _students[Digest(cookie)] = student;
        context.Response.Cookies.Append(Cookie, cookie, new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/" });
    }

    /// <summary>The addresses to listen on.</summary>
    public static IPAddress[] Addresses(string host) => host == "localhost" ? [IPAddress.Loopback]
        : IPAddress.TryParse(host, out var address) ? [address]
        : throw new ArgumentException($"'{host}' is not an address of this machine: give localhost, an IP address, or 0.0.0.0 for all.");
}
