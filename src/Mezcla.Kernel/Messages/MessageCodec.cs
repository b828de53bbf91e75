using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Mezcla.Kernel.Messages;

/// <summary>
/// Messages to frames and back, by the wire protocol of Jupyter: routing identities, the delimiter <c>&lt;IDS|MSG&gt;</c>, the signature
/// in hexadecimal, then header, parent header, metadata and content as JSON, then buffers. The signature is the HMAC of those four
/// under the key of the connection file; an empty key turns signing off, as the specification says.
/// </summary>
internal sealed class MessageCodec
{
    public const string ProtocolVersion = "5.5";

    // JSON from a peer may nest deeper than the default of 64 (widget states do), but not so deep that reading it could end the process.
    private const int Depth = 256;

    /// <summary>For everything the kernel writes: what need not be escaped is not, HTML travels as it is.</summary>
    public static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = Depth };

    private static readonly JsonDocumentOptions Parsing = new() { MaxDepth = Depth };
    private static readonly byte[] Delimiter = "<IDS|MSG>"u8.ToArray();
    private readonly HashAlgorithmName _algorithm;
    private readonly byte[] _key;
    private readonly string _user = Environment.UserName;

    /// <param name="key">The key of the connection file.</param>
    /// <param name="scheme"><c>hmac-sha256</c>, or another hash of .NET's after <c>hmac-</c>.</param>
    /// <exception cref="NotSupportedException">The scheme is none of these.</exception>
    public MessageCodec(string key, string scheme)
    {
        _key = Encoding.UTF8.GetBytes(key);
        _algorithm = scheme.ToLowerInvariant() switch
        {
            "hmac-sha256" or "" => HashAlgorithmName.SHA256,
            "hmac-sha1" => HashAlgorithmName.SHA1,
            "hmac-sha384" => HashAlgorithmName.SHA384,
            "hmac-sha512" => HashAlgorithmName.SHA512,
            "hmac-md5" => HashAlgorithmName.MD5,
            _ => throw new NotSupportedException(
                $"The signature scheme '{scheme}' of the connection file is not known here; use hmac-sha256."),
        };
    }

    /// <summary>The session of this side: new for each kernel that starts.</summary>
    public string Session { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Reads a message that came over a ROUTER socket (which has no identity frames left) or any other.</summary>
    /// <param name="frames">All frames of the message.</param>
    /// <param name="problem">Why the frames hold no message, in words for the log.</param>
    public JupyterMessage? Decode(ReadOnlyMemory<byte>[] frames, out string problem)
    {
        var at = Array.FindIndex(frames, f => f.Span.SequenceEqual(Delimiter));
        if (at < 0)
            return Fail("it has no delimiter <IDS|MSG>", out problem);
        if (frames.Length < at + 6)
            return Fail($"it has {frames.Length - at - 1} frames after the delimiter, 5 are the least", out problem);
        if (_key.Length > 0 && !CryptographicOperations.FixedTimeEquals(Sign(frames.AsSpan(at + 2, 4)), frames[at + 1].Span))
            return Fail("its signature is wrong", out problem);
        try
        {
            JsonElement header = ParseObject(frames[at + 2]);
            var type = Required(header, "msg_type");
            problem = "";
            return new JupyterMessage
            {
                Header = new MessageHeader(Required(header, "msg_id"), Optional(header, "session"), type, frames[at + 2]),
                ParentHeader = ParseObject(frames[at + 3]),
                Metadata = ParseObject(frames[at + 4]),
                Content = ParseObject(frames[at + 5]),
                Buffers = frames[(at + 6)..],
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            // InvalidOperationException: half a surrogate pair, or bytes that are not UTF-8, in a string.
            return Fail($"its JSON cannot be read: {e.Message}", out problem);
        }
    }

    /// <summary>The frames of a message from the kernel.</summary>
    /// <param name="prefix">Routing identities, or the topic on iopub; none on a ROUTER, which knows the connection.</param>
    /// <param name="type">The message type.</param>
    /// <param name="parent">The header it answers.</param>
    /// <param name="content">The content.</param>
    /// <param name="metadata">The metadata, empty where null.</param>
    /// <param name="buffers">Binary buffers that follow.</param>
    public ReadOnlyMemory<byte>[] Encode(
        ReadOnlySpan<ReadOnlyMemory<byte>> prefix, string type, MessageHeader parent, JsonObject content,
        JsonObject? metadata = null, IReadOnlyList<ReadOnlyMemory<byte>>? buffers = null)
    {
        var header = new JsonObject
        {
            ["msg_id"] = Guid.NewGuid().ToString("N"),
            ["session"] = Session,
            ["username"] = _user,
            ["date"] = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
            ["msg_type"] = type,
            ["version"] = ProtocolVersion,
        };
        var frames = new ReadOnlyMemory<byte>[prefix.Length + 6 + (buffers?.Count ?? 0)];
        prefix.CopyTo(frames);
        var at = prefix.Length;
        frames[at] = Delimiter;
        frames[at + 2] = JsonSerializer.SerializeToUtf8Bytes(header, Json);
        frames[at + 3] = parent.Json;
        frames[at + 4] = metadata is null ? "{}"u8.ToArray() : JsonSerializer.SerializeToUtf8Bytes(metadata, Json);
        frames[at + 5] = JsonSerializer.SerializeToUtf8Bytes(content, Json);
        frames[at + 1] = _key.Length == 0 ? ReadOnlyMemory<byte>.Empty : Sign(frames.AsSpan(at + 2, 4));
        for (var i = 0; i < (buffers?.Count ?? 0); i++)
            frames[at + 6 + i] = buffers![i];
        return frames;
    }

    private byte[] Sign(ReadOnlySpan<ReadOnlyMemory<byte>> parts)
    {
        using var hmac = IncrementalHash.CreateHMAC(_algorithm, _key);
        foreach (ReadOnlyMemory<byte> part in parts)
            hmac.AppendData(part.Span);
        return Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hmac.GetHashAndReset()));
    }

    private static JsonElement ParseObject(ReadOnlyMemory<byte> json)
    {
        // A string is looked at only when it is asked for; bytes that are not UTF-8 are better found here.
        if (!System.Text.Unicode.Utf8.IsValid(json.Span))
            throw new JsonException("it is not UTF-8");
        using var document = JsonDocument.Parse(json, Parsing);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
            throw new JsonException($"an object is due, this is {document.RootElement.ValueKind}");
        return document.RootElement.Clone();
    }

    private static string Required(JsonElement header, string name) =>
        header.GetProperty(name) is { ValueKind: JsonValueKind.String } value ? value.GetString()!
            : throw new JsonException($"the header's {name} is not text");

    private static string Optional(JsonElement header, string name) =>
        header.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static JupyterMessage? Fail(string why, out string problem)
    {
        problem = why;
        return null;
    }
}
