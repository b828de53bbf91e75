using System.Buffers.Binary;
using System.Text;

namespace Mezcla.Kernel.Zmtp;

/// <summary>Greeting, frame headers and the READY command of ZMTP 3.0 (RFC 23 of ZeroMQ), to the byte.</summary>
internal static class ZmtpProtocol
{
    public const int GreetingLength = 64;
    public const byte FlagMore = 1;
    public const byte FlagLong = 2;
    public const byte FlagCommand = 4;

    private static readonly string[] Names = ["ROUTER", "DEALER", "XPUB", "PUB", "SUB", "XSUB", "REP", "REQ"];

    /// <summary>The signature, version 3.0, mechanism NULL, no server role, filler: 64 bytes.</summary>
    public static byte[] Greeting()
    {
        var greeting = new byte[GreetingLength];
        greeting[0] = 0xFF;
        greeting[9] = 0x7F;
        greeting[10] = 3;
        "NULL"u8.CopyTo(greeting.AsSpan(12));
        return greeting;
    }

    /// <exception cref="ZmtpException">It is no ZMTP 3 greeting, or asks for a security mechanism other than NULL.</exception>
    public static void CheckGreeting(ReadOnlySpan<byte> greeting)
    {
        if (greeting[0] != 0xFF || (greeting[9] & 1) != 1)
            throw new ZmtpException("the peer does not speak ZMTP (wrong greeting)");
        if (greeting[10] < 3)
            throw new ZmtpException($"the peer speaks ZMTP {greeting[10]}, older than 3.0");
        ReadOnlySpan<byte> mechanism = greeting.Slice(12, 20);
        if (!mechanism.StartsWith("NULL"u8) || mechanism[4..].ContainsAnyExcept((byte)0))
            throw new ZmtpException($"the peer wants the security mechanism {Printable(mechanism.TrimEnd((byte)0))}, this one speaks NULL");
    }

    /// <summary>Writes a frame's header and returns its length: 2 bytes up to 255 bytes of body, else 9.</summary>
    public static int WriteHeader(Span<byte> into, byte flags, long length)
    {
        if (length <= byte.MaxValue)
        {
            into[0] = flags;
            into[1] = (byte)length;
            return 2;
        }

        into[0] = (byte)(flags | FlagLong);
        BinaryPrimitives.WriteInt64BigEndian(into[1..], length);
        return 9;
    }

    /// <summary>The body of a READY command: what kind of socket this is and, for those that have one, its identity.</summary>
    public static byte[] Ready(SocketKind kind, ReadOnlySpan<byte> identity)
    {
        var body = new MemoryStream();
        body.Write("\x05READY"u8);
        Property(body, "Socket-Type", Encoding.ASCII.GetBytes(Names[(int)kind]));
        if (kind is SocketKind.Dealer or SocketKind.Router or SocketKind.Req)
            Property(body, "Identity", identity);
        return body.ToArray();
    }

    /// <summary>The body of an ERROR command, which tells the peer why the connection closes.</summary>
    public static byte[] Error(string reason)
    {
        var text = Encoding.ASCII.GetBytes(reason.Length > 255 ? reason[..255] : reason);
        return [.. "\x05ERROR"u8, (byte)text.Length, .. text];
    }

    /// <summary>Splits a command's body into its name and what follows.</summary>
    /// <exception cref="ZmtpException">The name runs past the end.</exception>
    public static string CommandName(ReadOnlyMemory<byte> body, out ReadOnlyMemory<byte> rest)
    {
        ReadOnlySpan<byte> span = body.Span;
        if (span.Length == 0 || span[0] == 0 || span.Length < 1 + span[0])
            throw new ZmtpException("a command without a name");
        rest = body[(1 + span[0])..];
        return Printable(span.Slice(1, span[0]));
    }

    /// <summary>Reads the properties of a READY command.</summary>
    /// <exception cref="ZmtpException">A property runs past the end, or there is no known socket type.</exception>
    public static (SocketKind Kind, byte[] Identity) ParseReady(ReadOnlySpan<byte> properties)
    {
        SocketKind? kind = null;
        byte[] identity = [];
        while (properties.Length > 0)
        {
            int nameLength = properties[0];
            if (nameLength == 0 || properties.Length < 1 + nameLength + 4)
                throw new ZmtpException("a READY command that is cut short");
            ReadOnlySpan<byte> name = properties.Slice(1, nameLength);
            properties = properties[(1 + nameLength)..];
            var length = BinaryPrimitives.ReadUInt32BigEndian(properties);
            if (length > properties.Length - 4)
                throw new ZmtpException("a READY command that is cut short");
            ReadOnlySpan<byte> value = properties.Slice(4, (int)length);
            properties = properties[(4 + (int)length)..];

            if (Ascii.EqualsIgnoreCase(name, "Socket-Type"u8))
            {
                var index = Array.IndexOf(Names, Printable(value));
                if (index < 0)
                    throw new ZmtpException($"the peer is a socket of unknown type {Printable(value)}");
                kind = (SocketKind)index;
            }
            else if (Ascii.EqualsIgnoreCase(name, "Identity"u8))
            {
                identity = value.ToArray();
            }
        }

        return (kind ?? throw new ZmtpException("a READY command without a socket type"), identity);
    }

    /// <summary>Which kinds may talk to which (the table of RFC 23).</summary>
    public static bool Fits(SocketKind mine, SocketKind theirs) => mine switch
    {
        SocketKind.Router => theirs is SocketKind.Dealer or SocketKind.Req or SocketKind.Router,
        SocketKind.Dealer => theirs is SocketKind.Router or SocketKind.Rep or SocketKind.Dealer,
        SocketKind.Pub or SocketKind.XPub => theirs is SocketKind.Sub or SocketKind.XSub,
        SocketKind.Sub or SocketKind.XSub => theirs is SocketKind.Pub or SocketKind.XPub,
        SocketKind.Rep => theirs is SocketKind.Req or SocketKind.Dealer,
        SocketKind.Req => theirs is SocketKind.Rep or SocketKind.Router,
        _ => false,
    };

    public static string Name(SocketKind kind) => Names[(int)kind];

    private static void Property(MemoryStream body, string name, ReadOnlySpan<byte> value)
    {
        body.WriteByte((byte)name.Length);
        body.Write(Encoding.ASCII.GetBytes(name));
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, value.Length);
        body.Write(length);
        body.Write(value);
    }

    // What a peer sends ends in a log: at most 40 characters of it, none that could forge a line.
    private static string Printable(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        foreach (var b in bytes[..Math.Min(bytes.Length, 40)])
            text.Append(b is >= 0x20 and < 0x7F ? (char)b : '?');
        return text.ToString();
    }
}
