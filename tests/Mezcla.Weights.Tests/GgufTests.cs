using System.Text;
using FsCheck;
using FsCheck.Xunit;
using Mezcla.Quantization.Formats;
using Mezcla.Weights.Gguf;

namespace Mezcla.Weights.Tests;

public sealed class GgufTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-gguf-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    private static float[] Ramp(int count) => [.. Enumerable.Range(0, count).Select(i => MathF.Sin(i))];

    private string Good()
    {
        var writer = new GgufWriter();
        writer.Metadata.Add("general.architecture", "llama");
        writer.Metadata.Add("llama.context_length", 128u);
        writer.Metadata.Add("tokens", new[] { "a", "ñ", "" });
        writer.Add("token_embd.weight", FloatFormat.F32, [2, 32], Ramp(64));
        writer.Add("blk.0.ffn_down.weight", NumberFormats.Q4_0, [3, 64], Ramp(192));
        writer.Save(At("good.gguf"));
        return At("good.gguf");
    }

    [Fact]
    public void The_bytes_are_those_of_the_format()
    {
        var writer = new GgufWriter();
        writer.Metadata.Add("k", (ushort)7);
        writer.Add("w", FloatFormat.F32, [1, 2], [1f, -2f]);
        writer.Save(At("a"));
        byte[] expected =
        [
            .. "GGUF"u8, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
            1, 0, 0, 0, 0, 0, 0, 0, (byte)'k', 2, 0, 0, 0, 7, 0,
            1, 0, 0, 0, 0, 0, 0, 0, (byte)'w', 2, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0,
            .. new byte[16],
            0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, .. new byte[24],
        ];
        Assert.Equal(expected, File.ReadAllBytes(At("a")));
    }

    [Fact]
    public void Every_kind_of_metadata_comes_back()
    {
        object[] values =
        [
            (byte)1, (sbyte)-2, (ushort)3, (short)-4, 5u, -6, 7.5f, true, "ocho «8»", 9ul, -10L, 11.25,
            new byte[] { 1 }, new sbyte[] { -1, 2 }, new ushort[] { 3 }, new short[] { -4 }, new uint[] { 5 }, new[] { -6, 7 },
            new[] { 1.5f }, new[] { true, false },
            new[] { "a", "", "ñ" }, new[] { 9ul }, new[] { -10L }, new[] { 11.25 }, Array.Empty<string>(),
        ];
        var writer = new GgufWriter();
        for (var i = 0; i < values.Length; i++)
            writer.Metadata.Add($"key.{i}", values[i]);
        writer.Save(At("m"));
        using var file = GgufFile.Open(At("m"));
        Assert.Equal(values.Length, file.Metadata.Count);
        for (var i = 0; i < values.Length; i++)
            Assert.Equal(values[i], file.Metadata[$"key.{i}"]);
        Assert.Equal(5, file.Metadata.GetInteger("key.4"));
        Assert.Equal(-6, file.Metadata.GetNumber("key.5"));
        Assert.Equal("ocho «8»", file.Metadata.GetString("key.8"));
        Assert.True(file.Metadata.GetBoolean("key.7"));
        Assert.Equal(12, file.Metadata.GetInteger("absent", 12));
        Assert.Contains("'absent'", Assert.Throws<InvalidDataException>(() => file.Metadata.GetString("absent")).Message);
        Assert.Contains("should be a whole number", Assert.Throws<InvalidDataException>(() => file.Metadata.GetInteger("key.8")).Message);
        Assert.Throws<ArgumentException>(() => writer.Metadata.Add("key.0", 1));
        Assert.Throws<ArgumentException>(() => writer.Metadata.Add("other", new object()));
        Assert.Throws<ArgumentException>(() => writer.Metadata.Add("other", new[] { new[] { 1 } }));
    }

    public static TheoryData<string> FormatNames => [.. GgmlType.All.Where(t => t.Format is not null).Select(t => t.Name)];

    [Theory, MemberData(nameof(FormatNames))]
    public void Tensors_of_every_format_come_back(string name)
    {
        var format = (BlockFormat)NumberFormats.Parse(name);
        var values = Ramp(3 * 512);
        var writer = new GgufWriter();
        writer.Add("first", FloatFormat.F32, [1], [4f]);
        writer.Add("w", format, [3, 512], values);
        writer.Save(At("t"));
        using var file = GgufFile.Open(At("t"));
        Assert.Equal([3, 512], file["w"].Shape);
        Assert.Equal(name, file["w"].Type);
        Assert.Equal(format.BytesFor(values.Length), file["w"].Length);
        Assert.Equal(values.Length, file["w"].Count);
        Assert.Equal(format.Decode(format.Encode(values), values.Length), file.ReadFloats("w"));
        var row = new float[512];
        file.ReadFloats("w", 512, row);
        Assert.Equal(format.Decode(format.Encode(values), values.Length)[512..1024], row);
    }

    /// <summary>Version 3 differs from 2 in nothing but that it may be big-endian, which is refused.</summary>
    [Fact]
    public void A_file_of_version_2_reads_like_one_of_version_3()
    {
        var bytes = File.ReadAllBytes(Good());
        bytes[4] = 2;
        File.WriteAllBytes(At("two.gguf"), bytes);
        using var three = GgufFile.Open(At("good.gguf"));
        using var two = GgufFile.Open(At("two.gguf"));
        Assert.Equal(2u, two.Version);
        Assert.Equal(three.Metadata.GetString("general.architecture"), two.Metadata.GetString("general.architecture"));
        Assert.All(three.Tensors, tensor => Assert.Equal(three.ReadFloats(tensor.Name), two.ReadFloats(tensor.Name)));
    }

    [Fact]
    public void A_large_tensor_is_encoded_in_pieces_that_join()
    {
        var values = Ramp(300_000 / 256 * 256);
        var writer = new GgufWriter();
        writer.Add("w", NumberFormats.Q4_K, [values.Length], values);
        writer.Save(At("large"));
        using var file = GgufFile.Open(At("large"));
        Assert.Equal(NumberFormats.Q4_K.Encode(values), file.Bytes("w", 0, (int)file["w"].Length).ToArray());
    }

    [Fact]
    public void What_cannot_be_written_is_refused_and_an_earlier_file_stays()
    {
        var path = Good();
        var before = File.ReadAllBytes(path);
        var writer = new GgufWriter();
        Assert.Contains("block of Q4_K",
            Assert.Throws<ArgumentException>(() => writer.Add("w", NumberFormats.Q4_K, [2, 100], new float[200])).Message);
        writer.Add("x", NumberFormats.Q8_0, [32], [.. Enumerable.Repeat(float.NaN, 32)]);
        Assert.Contains("tensor 'x'", Assert.Throws<ArgumentException>(() => writer.Save(path)).Message);
        Assert.Throws<ArgumentException>(() => writer.Add("x", FloatFormat.F32, [1], [1]));
        Assert.Throws<ArgumentException>(() => writer.Add(new string('n', 64), FloatFormat.F32, [1], [1]));
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Damaged_scales_are_refused_when_read()
    {
        var writer = new GgufWriter();
        writer.Add("w", GgmlType.For(NumberFormats.Q8_0), [64], stream => stream.Write([.. new byte[34], 0, 0x7E, .. new byte[32]]));
        writer.Save(At("nan"));
        using var file = GgufFile.Open(At("nan"));
        var error = Assert.Throws<InvalidDataException>(() => file.ReadFloats("w"));
        Assert.Contains("'w'", error.Message);
        Assert.Contains("block 1", error.Message);
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "nothing", "ends after 0 bytes" },
        { "magic", "does not begin with GGUF" },
        { "version1", "version 1" },
        { "version9", "version 9" },
        { "bigendian", "big-endian" },
        { "tensors", "number of tensors is 1000000000" },
        { "pairs", "number of metadata entries is" },
        { "key", "a string's length is" },
        { "keytext", "not UTF-8" },
        { "kind", "13 is not a kind" },
        { "nested", "array of arrays" },
        { "array", "array's length is" },
        { "boolean", "not a boolean" },
        { "twice", "the key occurs twice" },
        { "alignment", "not a power of two" },
        { "rank", "5 dimensions" },
        { "overflow", "multiply to more" },
        { "type", "unknown type 77" },
        { "removed", "unknown type 4" },
        { "row", "not a multiple of 32" },
        { "unaligned", "not aligned" },
        { "beyond", "may be cut short" },
        { "farbeyond", "it starts at" },
        { "overlap", "overlaps" },
        { "duplicate", "the name occurs twice" },
    };

    [Theory, MemberData(nameof(Hostile))]
    public void Hostile_files_are_refused_with_what_and_where(string kind, string what)
    {
        File.WriteAllBytes(At(kind), MakeHostile(kind));
        var error = Assert.Throws<InvalidDataException>(() => GgufFile.Open(At(kind)));
        Assert.Contains(At(kind), error.Message);
        Assert.Contains(what, error.Message);
    }

    private static byte[] MakeHostile(string kind)
    {
        var stream = new MemoryStream();
        var w = new BinaryWriter(stream);
        void Text(string text)
        {
            w.Write((ulong)text.Length);
            w.Write(Encoding.Latin1.GetBytes(text));
        }
        void Header(ulong tensors, ulong pairs, uint version = 3)
        {
            w.Write("GGUF"u8);
            w.Write(version);
            w.Write(tensors);
            w.Write(pairs);
        }
        void Pair(string key, uint type, params byte[] value)
        {
            Text(key);
            w.Write(type);
            w.Write(value);
        }
        void Tensor(string name, ulong[] sizes, uint type, ulong offset)
        {
            Text(name);
            w.Write((uint)sizes.Length);
            foreach (var s in sizes)
                w.Write(s);
            w.Write(type);
            w.Write(offset);
        }
        void Room(int bytes = 256) => w.Write(new byte[bytes]);
        switch (kind)
        {
            case "nothing":
                break;
            case "magic":
                w.Write("GGML\u0003\0\0\0"u8);
                Room();
                break;
            case "version1":
                Header(0, 0, 1);
                break;
            case "version9":
                Header(0, 0, 9);
                break;
            case "bigendian":
                Header(0, 0, 0x03000000);
                break;
            case "tensors":
                Header(1_000_000_000, 0);
                Room();
                break;
            case "pairs":
                Header(0, ulong.MaxValue);
                Room();
                break;
            case "key":
                Header(0, 1);
                w.Write(ulong.MaxValue / 2);
                Room();
                break;
            case "keytext":
                Header(0, 1);
                Pair("\u00FF\u00FE", 0, 1);
                Room();
                break;
            case "kind":
                Header(0, 1);
                Pair("k", 13, 1);
                Room();
                break;
            case "nested":
                Header(0, 1);
                Pair("k", 9, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
                Room();
                break;
            case "array":
                Header(0, 1);
                Pair("k", 9, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10);
                Room();
                break;
            case "boolean":
                Header(0, 1);
                Pair("k", 7, 2);
                Room();
                break;
            case "twice":
                Header(0, 2);
                Pair("k", 0, 2);
                Pair("k", 0, 2);
                Room();
                break;
            case "alignment":
                Header(0, 1);
                Pair("general.alignment", 4, 33, 0, 0, 0);
                Room();
                break;
            case "rank":
                Header(1, 0);
                Tensor("t", [1, 1, 1, 1, 1], 0, 0);
                Room();
                break;
            case "overflow":
                Header(1, 0);
                Tensor("t", [1ul << 40, 1ul << 40], 0, 0);
                Room();
                break;
            case "type":
                Header(1, 0);
                Tensor("t", [1], 77, 0);
                Room();
                break;
            case "removed":
                Header(1, 0);
                Tensor("t", [32], 4, 0);
                Room();
                break;
            case "row":
                Header(1, 0);
                Tensor("t", [33], 8, 0);
                Room();
                break;
            case "unaligned":
                Header(1, 0);
                Tensor("t", [1], 0, 4);
                Room();
                break;
            case "beyond":
                Header(1, 0);
                Tensor("t", [1000], 0, 0);
                Room();
                break;
            case "farbeyond":
                Header(1, 0);
                Tensor("t", [1], 0, ulong.MaxValue - 31);
                Room();
                break;
            case "overlap":
                Header(2, 0);
                Tensor("t", [16], 0, 0);
                Tensor("u", [16], 0, 32);
                Room();
                break;
            case "duplicate":
                Header(2, 0);
                Tensor("t", [8], 0, 0);
                Tensor("t", [8], 0, 32);
                Room();
                break;
            default:
                throw new ArgumentException(kind);
        }
        return stream.ToArray();
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        var bytes = File.ReadAllBytes(Good());
        using (var file = GgufFile.Open(At("good.gguf")))
            Assert.Equal(2, file.Tensors.Count);
        var end = bytes.Length;
        // The last tensor needs its bytes, not the padding behind them.
        for (var length = 0; length < end; length++)
        {
            File.WriteAllBytes(At("cut"), bytes[..length]);
            if (length >= end - 31)
            {
                try
                {
                    using var f = GgufFile.Open(At("cut"));
                    Assert.True(f["blk.0.ffn_down.weight"].Length > 0);
                }
                catch (InvalidDataException) { }
            }
            else
                Assert.Throws<InvalidDataException>(() => GgufFile.Open(At("cut")));
        }
    }

    // A plain int stays near a hundred: the same files again and again.
    [Property(MaxTest = 500)]
    public void A_damaged_file_is_refused_or_read_but_never_crashes(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        var bytes = File.ReadAllBytes(Good());
        for (var i = random.Next(1, 5); i > 0; i--)
            bytes[random.Next(Math.Min(bytes.Length, 300))] = (byte)random.Next(256);
        if (random.Next(3) == 0)
            bytes = bytes[..random.Next(bytes.Length + 1)];
        File.WriteAllBytes(At("bad"), bytes);
        try
        {
            using var file = GgufFile.Open(At("bad"));
            foreach (var tensor in file.Tensors.Where(t => t.Format is not null))
                Assert.Equal(tensor.Count, file.ReadFloats(tensor.Name).Length);
        }
        catch (InvalidDataException e)
        {
            Assert.StartsWith(At("bad"), e.Message);
        }
    }
}
