using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FsCheck.Xunit;
using Mezcla.Kernel.Messages;

namespace Mezcla.Kernel.Tests;

public class MessageCodecTests
{
    private const string Key = "a0436f6c-1916-498b-8eb9-e81ab9368e84";

    [Fact]
    public void A_message_comes_back_as_it_was_sent()
    {
        var codec = new MessageCodec(Key, "hmac-sha256");
        var content = new JsonObject { ["text"] = "añil 😀 <b>", ["n"] = 3 };
        ReadOnlyMemory<byte>[] frames = codec.Encode(["id"u8.ToArray()], "stream", MessageHeader.None, content, null,
            [new byte[] { 1, 2 }]);
        JupyterMessage message = codec.Decode(frames, out _)!;
        Assert.Equal(("stream", "añil 😀 <b>", 3), (message.Type, message.Text("text"), message.Number("n")));
        Assert.Equal([1, 2], message.Buffers.Single().ToArray());
    }

    [Fact]
    public void The_signature_is_the_hmac_of_the_four_parts()
    {
        ReadOnlyMemory<byte>[] frames = new MessageCodec(Key, "hmac-sha256").Encode([], "status", MessageHeader.None, new JsonObject());
        byte[] signed = [.. frames[2].Span, .. frames[3].Span, .. frames[4].Span, .. frames[5].Span];
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), signed)),
            Encoding.ASCII.GetString(frames[1].Span));
    }

    [Property]
    public bool Any_changed_byte_after_the_delimiter_spoils_the_signature(ushort where, byte by)
    {
        var codec = new MessageCodec(Key, "hmac-sha256");
        ReadOnlyMemory<byte>[] frames = codec.Encode([], "status", MessageHeader.None, new JsonObject { ["execution_state"] = "idle" });
        var at = where % frames.Skip(1).Sum(f => f.Length);
        var frame = 1;
        for (; at >= frames[frame].Length; frame++)
            at -= frames[frame].Length;
        var copy = frames[frame].ToArray();
        copy[at] ^= Math.Max((byte)1, by);
        frames[frame] = copy;
        return codec.Decode(frames, out var problem) is null && problem.Contains("signature");
    }

    [Fact]
    public void An_empty_key_means_no_signature()
    {
        var codec = new MessageCodec("", "hmac-sha256");
        ReadOnlyMemory<byte>[] frames = codec.Encode([], "status", MessageHeader.None, new JsonObject());
        Assert.Equal(0, frames[1].Length);
        Assert.NotNull(codec.Decode(frames, out _));
    }

    [Theory]
    [InlineData("[]", "{}")]
    [InlineData("{\"msg_id\":\"a\"}", "{}")]
    [InlineData("{\"msg_id\":1,\"msg_type\":\"a\"}", "{}")]
    [InlineData("{\"msg_id\":\"\\ud800\",\"msg_type\":\"a\"}", "{}")]
    [InlineData("{\"msg_id\":\"a\",\"msg_type\":\"a\"}", "3")]
    [InlineData("{\"msg_id\":\"a\",\"msg_type\":\"a\"}", "{")]
    [InlineData("{\"msg_id\":\"a\",\"msg_type\":\"a\"}", "")]
    public void What_is_no_message_is_refused_with_a_reason(string header, string content)
    {
        ReadOnlyMemory<byte>[] frames =
            ["<IDS|MSG>"u8.ToArray(), ReadOnlyMemory<byte>.Empty, Encoding.UTF8.GetBytes(header), "{}"u8.ToArray(), "{}"u8.ToArray(),
                Encoding.UTF8.GetBytes(content)];
        Assert.Null(new MessageCodec("", "hmac-sha256").Decode(frames, out var problem));
        Assert.NotEqual("", problem);
    }

    [Fact]
    public void Json_that_nests_without_end_is_refused()
    {
        var deep = "{\"a\":" + string.Concat(Enumerable.Repeat("[", 100_000)) + string.Concat(Enumerable.Repeat("]", 100_000)) + "}";
        ReadOnlyMemory<byte>[] frames =
        [
            "<IDS|MSG>"u8.ToArray(), ReadOnlyMemory<byte>.Empty, "{\"msg_id\":\"a\",\"msg_type\":\"a\"}"u8.ToArray(), "{}"u8.ToArray(),
            "{}"u8.ToArray(), Encoding.UTF8.GetBytes(deep),
        ];
        Assert.Null(new MessageCodec("", "hmac-sha256").Decode(frames, out _));
    }

    [Fact]
    public void An_unknown_signature_scheme_is_refused() =>
        Assert.Contains("crc32", Assert.Throws<NotSupportedException>(() => new MessageCodec(Key, "crc32")).Message);
}
