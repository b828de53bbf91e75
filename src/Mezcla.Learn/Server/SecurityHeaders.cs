using Microsoft.AspNetCore.Http;

namespace Mezcla.Learn.Server;

/// <summary>Headers that say what a page may load and who may show it.</summary>
internal static class SecurityHeaders
{
    /// <summary>The headers of all answers. Pages run only scripts of this server; styles stand in formulas and in the editor.</summary>
    public static void Set(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
            $"font-src 'self'; connect-src 'self' ws://{context.Request.Host}; frame-src 'self'; base-uri 'none'; form-action 'self'; " +
            "frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
    }

    /// <summary>
    /// The headers of the frame of outputs. Scripts of outputs run there, under an origin that is nobody's, and can neither ask this
    /// server nor any other.
    /// </summary>
    public static void SetForFrame(HttpContext context)
    {
        var self = $"http://{context.Request.Host}";
        context.Response.Headers.ContentSecurityPolicy = "sandbox allow-scripts; default-src 'none'; " +
            $"script-src 'unsafe-inline' 'unsafe-eval' {self}/assets/; style-src 'unsafe-inline' {self}/assets/; img-src data: blob:; " +
            "font-src data:; media-src data:; frame-ancestors 'self'";
    }
}
