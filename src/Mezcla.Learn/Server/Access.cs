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
    private readonly string _session = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
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

    /// <summary>Whether the browser has shown the token or the password.</summary>
    public bool IsKnown(HttpRequest request) => request.Cookies[Cookie] is { } cookie && Same(cookie, _session);

    /// <summary>Lets a browser in that shows the right token in its address.</summary>
    public bool TakeToken(HttpContext context)
    {
        if (options.Password is not null || context.Request.Query["token"] is not [{ } token] || !Same(token, Token))
            return false;
        Remember(context);
        return true;
    }

    /// <summary>Lets a browser in that gives the right password. Wrong ones are slow, one after another.</summary>
    public async Task<bool> TakePassword(HttpContext context, string password)
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
        Remember(context);
        return true;
    }

    // Compares in a time that does not tell how much is right: of two digests of one length.
    private static bool Same(string given, string right) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(given)), SHA256.HashData(Encoding.UTF8.GetBytes(right)));

    private void Remember(HttpContext context) =>
        context.Response.Cookies.Append(Cookie, _session, new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/" });

    /// <summary>The addresses to listen on.</summary>
    public static IPAddress[] Addresses(string host) => host == "localhost" ? [IPAddress.Loopback]
        : IPAddress.TryParse(host, out var address) ? [address]
        : throw new ArgumentException($"'{host}' is not an address of this machine: give localhost, an IP address, or 0.0.0.0 for all.");
}
