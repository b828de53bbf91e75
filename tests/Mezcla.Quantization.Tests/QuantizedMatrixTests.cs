using System.Runtime.Intrinsics;
using FsCheck;
using FsCheck.Xunit;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Kernels;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Quantization.Tests;

[Collection("vectors")] // they set the vector width and the number of threads of the process
public sealed class QuantizedMatrixTests : IDisposable
{
    private readonly SimdLevel _level = Simd.Level;
    private readonly int _threads = CpuThreads.Count;

    public void Dispose() => (Simd.Level, CpuThreads.Count) = (_level, _threads);

    public static TheoryData<string> Names =>
        [.. NumberFormats.All.OfType<BlockFormat>().Where(QuantizedMatrix.Supports).Select(f => f.Name)];

    [Fact]
    public void All_block_formats_of_GGML_are_supported() => Assert.Equal(14, Names.Count);

    /// <summary>The definition: activations rounded as the kernels do, weights decoded, sums in double.</summary>
    private static double[] Expected(BlockFormat format, byte[] bytes, int rows, int columns, ReadOnlySpan<float> x, out double scale)
    {
        var rounded = new double[columns];
        for (var block = 0; block < columns; block += 32)
        {
            var most = 0f;
            for (var i = 0; i < 32; i++)
                most = Math.Max(most, Math.Abs(x[block + i]));
            var step = most / 127;
            for (var i = 0; i < 32; i++)
                rounded[block + i] = step > 0 ? MathF.Round(x[block + i] * (1 / step)) * (double)step : 0;
        }
        var weights = format.Decode(bytes, rows * columns);
        var y = new double[rows];
        scale = 0;
        for (var row = 0; row < rows; row++)
        {
            var sum = 0.0;
            for (var i = 0; i < columns; i++)
            {
                y[row] += weights[row * columns + i] * rounded[i];
                sum += Math.Abs(weights[row * columns + i] * rounded[i]);
            }
            scale = Math.Max(scale, sum);
        }
        return y;
    }

    [Theory, MemberData(nameof(Names))]
    public void Products_are_those_of_the_decoded_weights_at_every_vector_width(string name)
    {
        var format = (BlockFormat)NumberFormats.Parse(name);
        foreach (var (rows, columns, tokens) in new[] { (16, 256, 1), (37, 512, 7), (64, 768, 4) })
        {
            var bytes = format.Encode(FormatTests.Normal(rows * columns, rows));
            var x = FormatTests.Normal(tokens * columns, 3);
            using var matrix = QuantizedMatrix.Create(format, rows, columns, bytes);
            float[]? first = null;
            foreach (var width in Enum.GetValues<SimdLevel>().Where(w => w <= Simd.Best))
            {
                Simd.Level = width;
                var y = new float[tokens * rows];
                matrix.Multiply(x, y);
                for (var token = 0; token < tokens; token++)
                {
                    var expected = Expected(format, bytes, rows, columns, x.AsSpan(token * columns, columns), out var scale);
                    for (var row = 0; row < rows; row++)
                        Assert.True(Math.Abs(expected[row] - y[token * rows + row]) <= 3e-6 * scale,
                            $"{width}, token {token}, row {row}: {y[token * rows + row]}, not {expected[row]}");
                }
                first ??= y;
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Rows_are_read_back(string name)
    {
        var format = (BlockFormat)NumberFormats.Parse(name);
        var bytes = format.Encode(FormatTests.Normal(21 * 512, 8));
        var values = format.Decode(bytes, 21 * 512);
        using var matrix = QuantizedMatrix.Create(format, 21, 512, bytes);
        var row = new float[512];
        for (var i = 0; i < 21; i++)
        {
            matrix.ReadRow(i, row);
            for (var j = 0; j < 512; j++)
                Assert.Equal(values[i * 512 + j], row[j], 1e-6 * Math.Abs(values[i * 512 + j]) + 1e-9);
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.ReadRow(21, row));
        Assert.Throws<ArgumentException>(() => matrix.ReadRow(0, new float[511]));
    }

    [Fact]
    public void Parts_in_several_formats_are_one_matrix()
    {
        using QuantizedMatrix a = QuantizedMatrix.Quantize(NumberFormats.Q4_K, 24, 256, FormatTests.Normal(24 * 256, 1)),
            b = QuantizedMatrix.Quantize(NumberFormats.Q8_0, 5, 256, FormatTests.Normal(5 * 256, 2));
        using var stacked = new StackedMatrix([a, b]);
        var x = FormatTests.Normal(3 * 256, 3);
        float[] y = new float[3 * 29], ya = new float[3 * 24], yb = new float[3 * 5], row = new float[256], other = new float[256];
        stacked.Multiply(x, y);
        a.Multiply(x, ya);
        b.Multiply(x, yb);
        for (var token = 0; token < 3; token++)
        {
            Assert.Equal(ya[(token * 24)..((token + 1) * 24)], y[(token * 29)..(token * 29 + 24)]);
            Assert.Equal(yb[(token * 5)..((token + 1) * 5)], y[(token * 29 + 24)..((token + 1) * 29)]);
        }
        stacked.ReadRow(26, row);
        b.ReadRow(2, other);
        Assert.Equal(other, row);
        Assert.Equal((29, 256, a.Bytes + b.Bytes), (stacked.Rows, stacked.Columns, stacked.Bytes));
    }

    [Theory, MemberData(nameof(Names))]
    public void Extreme_codes_do_not_overflow(string name)
    {
        // Blocks of any bytes reach the largest codes and scales; activations of ±1 become ±127, all of one sign or alternating.
        var format = (BlockFormat)NumberFormats.Parse(name);
        var bytes = new byte[format.BytesFor(16 * 256)];
        for (var seed = 0; seed < 6; seed++)
        {
            new Random(seed).NextBytes(bytes);
            if (seed >= 4)
                Array.Fill(bytes, seed == 4 ? (byte)0xFF : (byte)0x80);
            for (var at = 0; at < bytes.Length; at += format.BlockBytes)
            {
                foreach (var offset in format.HalfOffsets)
                    BitConverter.TryWriteBytes(bytes.AsSpan(at + offset), (Half)(seed % 2 == 0 ? 1f : -0.01f));
                if (format is MxFp4)
                    bytes[at] = (byte)(120 + seed);
            }
            using var matrix = QuantizedMatrix.Create(format, 16, 256, bytes);
            foreach (var pattern in new Func<int, float>[] { _ => 1, _ => -1, i => i % 2 == 0 ? 1 : -1, i => i / 8 % 2 == 0 ? -1 : 1 })
            {
                var x = Enumerable.Range(0, 256).Select(pattern).ToArray();
                var expected = Expected(format, bytes, 16, 256, x, out var scale);
                foreach (var width in Enum.GetValues<SimdLevel>().Where(w => w <= Simd.Best))
                {
                    Simd.Level = width;
                    var y = new float[16];
                    matrix.Multiply(x, y);
                    for (var row = 0; row < 16; row++)
                        Assert.True(Math.Abs(expected[row] - y[row]) <= 1e-5 * scale + 1e-30,
                            $"{width}, row {row}: {y[row]}, not {expected[row]}");
                }
            }
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Results_do_not_depend_on_threads_or_on_neighbouring_tokens(string name)
    {
        var format = (BlockFormat)NumberFormats.Parse(name);
        const int Rows = 700, Columns = 512, Tokens = 6;
        using var matrix = QuantizedMatrix.Quantize(format, Rows, Columns, FormatTests.Normal(Rows * Columns, 1));
        var x = FormatTests.Normal(Tokens * Columns, 2);
        float[] alone = new float[Tokens * Rows], together = new float[Tokens * Rows];
        CpuThreads.Count = 1;
        for (var token = 0; token < Tokens; token++)
            matrix.Multiply(x.AsSpan(token * Columns, Columns), alone.AsSpan(token * Rows, Rows));
        CpuThreads.Count = 3;
        matrix.Multiply(x, together);
        Assert.Equal(alone, together);
    }

    [Theory]
    [InlineData("Q4_0", 4.5), InlineData("Q8_0", 8.5), InlineData("Q4_1", 5), InlineData("Q5_0", 5.5), InlineData("Q5_1", 6),
    InlineData("MXFP4", 4.25), InlineData("NVFP4", 4.5)]
    [InlineData("Q2_K", 2.625), InlineData("Q3_K", 3.4375), InlineData("Q4_K", 4.5), InlineData("Q5_K", 5.5), InlineData("Q6_K", 6.5625),
    InlineData("TQ2_0", 2.0625)]
    public void Memory_is_within_five_percent_of_the_file(string name, double bits)
    {
        using var matrix = QuantizedMatrix.Quantize((BlockFormat)NumberFormats.Parse(name), 64, 1024, FormatTests.Normal(65536, 1));
        Assert.InRange(matrix.Bytes * 8 / 65536.0 / bits, 1, 1.05);
    }

    [Fact]
    public void Tiny_and_subnormal_scales_are_exact_enough()
    {
        foreach (var size in new[] { 1e-7f, 1e-4f, 1f, 100f })
        {
            var weights = FormatTests.Normal(16 * 256, 4).Select(v => v * size).ToArray();
            // One large row beside tiny ones: their halves are far apart.
            for (var i = 0; i < 256; i++)
                weights[i] *= 100;
            foreach (var format in new BlockFormat[] { NumberFormats.Q8_0, NumberFormats.Q4_K, NumberFormats.Q6_K, NumberFormats.Q4_1 })
            {
                var bytes = format.Encode(weights);
                using var matrix = QuantizedMatrix.Create(format, 16, 256, bytes);
                foreach (var xSize in new[] { 1e-12f, 1f, 1e12f })
                {
                    var x = FormatTests.Normal(256, 5).Select(v => v * xSize).ToArray();
                    var y = new float[16];
                    matrix.Multiply(x, y);
                    for (var row = 0; row < 16; row++)
                    {
                        var expected = Expected(format, bytes[(row * bytes.Length / 16)..((row + 1) * bytes.Length / 16)], 1, 256, x,
                            out var scale)[0];
                        Assert.True(Math.Abs(expected - y[row]) <= 1e-5 * scale + 1e-40,
                            $"{format} weights {size} x {xSize} row {row}: {y[row]}, not {expected}");
                    }
                }
            }
        }
    }

    [Fact]
    public void Activations_that_are_not_finite_give_NaN_in_their_row_only()
    {
        using var matrix = QuantizedMatrix.Quantize(NumberFormats.Q8_0, 16, 64, FormatTests.Normal(1024, 1));
        foreach (var bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            var x = FormatTests.Normal(192, 2);
            x[64 + 40] = bad;
            var y = new float[48];
            matrix.Multiply(x, y);
            Assert.All(y[..16], v => Assert.True(float.IsFinite(v)));
            Assert.All(y[16..32], v => Assert.True(float.IsNaN(v)));
            Assert.All(y[32..], v => Assert.True(float.IsFinite(v)));
        }
        var zeros = new float[16];
        matrix.Multiply(new float[64], zeros);
        Assert.All(zeros, v => Assert.Equal(0, v));
    }

    [Fact]
    public void Wrong_shapes_damaged_scales_and_disposed_matrices_are_refused()
    {
        Assert.Contains("blocks of 256",
            Assert.Throws<ArgumentException>(() => QuantizedMatrix.Quantize(NumberFormats.Q4_K, 16, 100, new float[1600], "w")).Message);
        Assert.StartsWith("w: ",
            Assert.Throws<ArgumentException>(() => QuantizedMatrix.Create(NumberFormats.Q8_0, 16, 32, new byte[10], "w")).Message);
        Assert.Contains("F16",
            Assert.Throws<ArgumentException>(() => QuantizedMatrix.Create(FloatFormat.F16, 1, 32, new byte[64], "w")).Message);
        var bytes = NumberFormats.Q8_0.Encode(new float[64]);
        (bytes[34], bytes[35]) = (0, 0x7C);
        Assert.Contains("w, row 1",
            Assert.Throws<ArgumentException>(() => QuantizedMatrix.Create(NumberFormats.Q8_0, 2, 32, bytes, "w")).Message);
        var matrix = QuantizedMatrix.Quantize(NumberFormats.Q8_0, 2, 32, new float[64]);
        Assert.Throws<ArgumentException>(() => matrix.Multiply(new float[33], new float[2]));
        Assert.Throws<ArgumentException>(() => matrix.Multiply(new float[32], new float[3]));
        matrix.Multiply([], []);
        matrix.Dispose();
        matrix.Dispose();
        Assert.Throws<ObjectDisposedException>(() => matrix.Multiply(new float[32], new float[2]));
    }

    [Property(MaxTest = 100)]
    public void The_portable_dot_product_is_the_definition(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        sbyte[] a = new sbyte[16], b = new sbyte[16];
        for (var i = 0; i < 16; i++)
            (a[i], b[i]) = ((sbyte)random.Next(-128, 128), (sbyte)random.Next(-127, 128));
        var sums = IntegerLanes128.DotPortable(Vector128.Create(1, 2, 3, 4), Vector128.Create(a), Vector128.Create(b));
        for (var lane = 0; lane < 4; lane++)
            Assert.Equal(lane + 1 + Enumerable.Range(lane * 4, 4).Sum(i => a[i] * b[i]), sums[lane]);
    }

    [Fact]
    public void Matrices_that_share_memory_keep_their_values_while_others_come_and_go()
    {
        // From 9 KB to 9 MB, so that some share a block and some have their own; four threads make and free them.
        Parallel.For(0, 4, seed =>
        {
            var random = new Random(seed);
            var held = new List<(QuantizedMatrix Matrix, float[] Row)>();
            for (var step = 0; step < 120; step++)
            {
                if (held.Count > 20)
                    Check(random.Next(held.Count));
                var rows = step % 40 == 7 ? 33_000 : random.Next(32, 1500);
                var values = FormatTests.Normal(256, seed * 1000 + step);
                var bytes = new byte[NumberFormats.Q8_0.BytesFor(256)];
                NumberFormats.Q8_0.Encode(values, bytes, "row");
                var row = new float[256];
                NumberFormats.Q8_0.Decode(bytes, row);
                held.Add((QuantizedMatrix.Create(NumberFormats.Q8_0, rows, 256, (_, to) => bytes.CopyTo(to)), row));
            }
            while (held.Count > 0)
                Check(held.Count - 1);

            void Check(int at)
            {
                var (matrix, row) = held[at];
                held.RemoveAt(at);
                var read = new float[256];
                foreach (var number in (int[])[0, matrix.Rows / 2, matrix.Rows - 1])
                {
                    matrix.ReadRow(number, read);
                    Assert.Equal(row, read);
                }
                matrix.Dispose();
                matrix.Dispose();
            }
        });
    }
}
