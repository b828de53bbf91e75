using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Mezcla.Weights.Safetensors;

namespace Mezcla.Weights.Tests.Safetensors;

public sealed class SafetensorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-safetensors-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    private string Raw(string header, int dataBytes, ulong? declared = null)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, declared ?? (ulong)json.Length);
        json.CopyTo(bytes, 8);
        var path = At(Guid.NewGuid() + ".safetensors");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    [Fact]
    public void The_bytes_are_those_of_the_format()
    {
        // Length, JSON padded with spaces to a multiple of 8, then 1.0f and -2.0f.
        SafetensorsFile.Write(At("a"), [("w", [2], [1f, -2f])]);
        var bytes = File.ReadAllBytes(At("a"));
        const string Json = """{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";
        Assert.Equal(56, BitConverter.ToInt64(bytes));
        Assert.Equal(Json.PadRight(56), Encoding.UTF8.GetString(bytes, 8, 56));
        Assert.Equal([0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0], bytes[64..]);
    }

    [Fact]
    public void Every_type_comes_back_and_wide_ones_are_aligned()
    {
        var writer = new SafetensorsWriter(new Dictionary<string, string> { ["format"] = "pt", ["título"] = "«ñ» \"\\" });
        writer.Add("bytes", "U8", [3], new byte[] { 1, 2, 3 });
        writer.Add("half", "F16", [2], BitConverter.GetBytes((Half)1.5f).Concat(BitConverter.GetBytes((Half)(-0.25f))).ToArray());
        writer.Add("brain", "BF16", [1], new byte[] { 0x80, 0xBF });
        writer.Add("long", "I64", [2], BitConverter.GetBytes(7L).Concat(BitConverter.GetBytes(-9L)).ToArray());
        writer.Add("int", "I32", [1], BitConverter.GetBytes(42));
        writer.Add("double", "F64", [], BitConverter.GetBytes(0.5));
        writer.Add("empty", [0, 5], []);
        writer.Add("float", [1, 2], [3f, float.NaN]);
        writer.Save(At("all"));

        using var file = SafetensorsFile.Open(At("all"));
        Assert.Equal(8, file.Tensors.Count);
        Assert.Equal("«ñ» \"\\", file.Metadata["título"]);
        Assert.Equal([1.5f, -0.25f], file.ReadFloats("half"));
        Assert.Equal([-1f], file.ReadFloats("brain"));
        Assert.Equal([0.5f], file.ReadFloats("double"));
        Assert.Equal([3f, float.NaN], file.ReadFloats("float"));
        Assert.Equal([7, -9], file.ReadIntegers("long"));
        Assert.Equal([42], file.ReadIntegers("int"));
        Assert.Empty(file.ReadFloats("empty"));
        Assert.Equal([1, 2, 3], file.Bytes("bytes").ToArray());
        Assert.Empty(file["double"].Shape);
        Assert.All(file.Tensors, t => Assert.Equal(0, t.Offset % (SafetensorsDType.BitsOf(t.DType)!.Value / 8)));
        Assert.Contains("U8", Assert.Throws<InvalidDataException>(() => file.ReadFloats("bytes")).Message);
        Assert.Contains("no tensor 'nope'", Assert.Throws<KeyNotFoundException>(() => file.ReadFloats("nope")).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Bytes("bytes", 2, 2).Length);
    }

    [Fact]
    public void All_sixteen_bit_patterns_widen_exactly()
    {
        var patterns = Enumerable.Range(0, 65536).SelectMany(i => BitConverter.GetBytes((ushort)i)).ToArray();
        var writer = new SafetensorsWriter();
        writer.Add("f16", "F16", [256, 256], patterns);
        writer.Add("bf16", "BF16", [65536], patterns);
        writer.Save(At("p"));
        using var file = SafetensorsFile.Open(At("p"));
        float[] half = file.ReadFloats("f16"), brain = file.ReadFloats("bf16");
        for (var i = 0; i < 65536; i++)
        {
            var expected = (float)BitConverter.UInt16BitsToHalf((ushort)i);
            Assert.True(float.IsNaN(expected)
                ? float.IsNaN(half[i])
                : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(half[i]), $"F16 {i:X4}");
            Assert.Equal(i << 16, BitConverter.SingleToInt32Bits(brain[i]));
        }
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", 8, "header:")]
    [InlineData("""[]""", 0, "does not begin with '{'")]
    [InlineData("""{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}""", 8, "unknown type 'F31'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "needs 12 bytes and has 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 7, "cut short")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 9, "1 bytes after the last tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "4 bytes before tensor 'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "bytes 8 to 0")]
    [InlineData("""{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", 8,
        "overlaps")]
    [InlineData("""{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"a":{"dtype":"U8","shape":[0],"data_offsets":[8,8]}}""", 8,
        "'a' occurs twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "impossible shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,0]}}""", 0, "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}""", 0, "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,0]}}""", 0, "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0,0]}}""", 0, "more than 2 numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0]}}""", 0, "lacks")]
    [InlineData("""{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"x":1}}""", 0, "'x'")]
    [InlineData("""{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}""", 1, "impossible shape")]
    [InlineData("""{"a":{"dtype":7}}""", 0, "dtype should be String")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "should be String")]
    [InlineData("""{"__metadata__":{"a":"1","a":"2"}}""", 0, "twice")]
    [InlineData("""{"a\u0007\uD800":{}}""", 0, "header:")]
    [InlineData("""{} {}""", 0, "header:")]
    [InlineData("""{"a":[[[[[[[[[[[[]]]]]]]]]]]]}""", 0, "header:")]
    public void Hostile_headers_are_refused_with_what_and_where(string header, int dataBytes, string what)
    {
        var path = Raw(header, dataBytes);
        var error = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path));
        Assert.Contains(path, error.Message);
        Assert.Contains(what, error.Message);
    }

    [Theory]
    [InlineData(ulong.MaxValue, "more than the 100000000")]
    [InlineData(100_000_001ul, "more than the 100000000")]
    [InlineData(3ul, "only 2 follow")]
    [InlineData(0ul, "does not begin")]
    public void Lengths_that_lie_are_refused(ulong declared, string what) =>
        Assert.Contains(what, Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(Raw("{}", 0, declared))).Message);

    [Fact]
    public void Files_too_short_for_a_header_are_refused()
    {
        for (var length = 0; length < 8; length++)
        {
            File.WriteAllBytes(At("short"), new byte[length]);
            Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(At("short")));
        }
    }

    [Fact]
    public void A_failed_write_leaves_the_earlier_file_and_no_litter()
    {
        SafetensorsFile.Write(At("w"), [("a", [1], [5f])]);
        var writer = new SafetensorsWriter();
        writer.Add("b", "F32", [4], stream => stream.Write([1, 2, 3]));
        Assert.Contains("3 bytes were written", Assert.Throws<InvalidOperationException>(() => writer.Save(At("w"))).Message);
        using (var file = SafetensorsFile.Open(At("w")))
            Assert.Equal([5f], file.ReadFloats("a"));
        Assert.Single(Directory.GetFiles(_folder));
        Assert.Throws<ArgumentException>(() => writer.Add("b", [1], [1f]));
        Assert.Throws<ArgumentException>(() => writer.Add("__metadata__", [1], [1f]));
        Assert.Throws<ArgumentException>(() => writer.Add("c", [3], [1f]));
        Assert.Throws<ArgumentException>(() => writer.Add("c", "F33", [1], new byte[4]));
    }

    [Property(MaxTest = 60)]
    public void What_was_written_is_read(NonNull<string>[] names, float[] values)
    {
        var tensors = names.Select(n => n.Get).Where(n => n != "__metadata__" && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(n)) == n)
            .Distinct()
            .Select((n, i) => (n, new long[] { values.Length, 1 + i % 2 }, i % 2 == 0 ? values : [.. values, .. values])).ToArray();
        SafetensorsFile.Write(At("r"), tensors, names.Length > 1 ? new Dictionary<string, string> { ["k"] = "v" } : null);
        using var file = SafetensorsFile.Open(At("r"));
        Assert.Equal(tensors.Length, file.Tensors.Count);
        foreach (var (name, shape, expected) in tensors)
        {
            Assert.Equal(shape, file[name].Shape);
            Assert.Equal(expected, file.ReadFloats(name));
        }
    }

    // A plain int stays near a hundred: the same files again and again.
    [Property(MaxTest = 300)]
    public void A_damaged_file_is_refused_or_read_but_never_crashes(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        SafetensorsFile.Write(At("good"), [("weight", [2, 3], [1, 2, 3, 4, 5, 6]), ("bias", [3], [1, 2, 3])]);
        var bytes = File.ReadAllBytes(At("good"));
        for (var i = random.Next(1, 4); i > 0; i--)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        if (random.Next(2) == 0)
            bytes = bytes[..random.Next(bytes.Length + 1)];
        File.WriteAllBytes(At("bad"), bytes);
        try
        {
            using var file = SafetensorsFile.Open(At("bad"));
            foreach (var tensor in file.Tensors)
                Assert.Equal(tensor.Length, file.Bytes(tensor.Name).Length);
        }
        catch (InvalidDataException e)
        {
            Assert.StartsWith(At("bad"), e.Message);
        }
    }
}
