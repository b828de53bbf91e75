using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Methods;
using Mezcla.Tensors;
using Mezcla.Tensors.OpenCl;

namespace Mezcla.Quantization.Tests;

/// <summary>Quantized matrices on devices other than the CPU compute what their decoded weights do.</summary>
public sealed class QuantizedDeviceTests
{
    private static readonly Lazy<Device> Alone = new(() => OpenCl(1)), Groups = new(() => OpenCl(256));

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var device in (string[])["alone", "groups", "plain"])
                foreach (var format in NumberFormats.All.OfType<BlockFormat>().Where(QuantizedMatrix.Supports))
                    cases.Add(device, format.Name);
            return cases;
        }
    }

    // A token, a few, a few more than a group takes, and so many that the matrix is decoded first; rows that fill no panel.
    [Theory, MemberData(nameof(Cases))]
    public void Products_and_rows_are_those_of_the_decoded_weights(string on, string name)
    {
        var (device, format) = (On(on), (BlockFormat)NumberFormats.Parse(name));
        using var scope = new TensorScope();
        foreach (var (rows, columns, tokens) in new[] { (16, 256, 1), (37, 512, 7), (5, 768, 33) })
        {
            var values = FormatTests.Normal(rows * columns, rows);
            // Scales of very different sizes, the least of them beyond halves' normal range.
            for (var i = 0; i < values.Length; i++)
                values[i] *= MathF.ScaleB(1, -(i / columns % 4) * 5);
            var bytes = format.Encode(values);
            var weights = format.Decode(bytes, rows * columns);
            var x = FormatTests.Normal(tokens * columns, 3);
            using var matrix = QuantizedMatrix.Create(format, rows, columns, bytes);
            var y = ((IQuantizedMatrix)matrix).Apply(Tensor.From(x, tokens, columns).To(device)).ToArray();
            Close(weights, x, y, rows, columns, [.. Enumerable.Range(0, tokens)]);
            int[] ids = [rows - 1, 0, 3];
            var looked = ((IQuantizedMatrix)matrix).Lookup(Tensor.From(ids).To(device)).ToArray();
            for (var i = 0; i < looked.Length; i++)
            {
                var row = weights.AsSpan(ids[i / columns] * columns, columns);
                Assert.Equal(row[i % columns], looked[i], 1e-6 * row.ToArray().Max(Math.Abs));
            }
        }
    }

    [Theory]
    [InlineData("alone")]
    [InlineData("groups")]
    [InlineData("plain")]
    public void Stacks_and_experts_take_their_part(string on)
    {
        const int columns = 256, tokens = 11;
        var device = On(on);
        using var scope = new TensorScope();
        var (q4, q6) = (NumberFormats.Q4_K, NumberFormats.Q6_K);
        // Each expert is 20 rows in one format above 7 in another; the second has no tokens, and two tokens have no expert.
        var bytes = Enumerable.Range(0, 3)
            .Select(e => (Above: q4.Encode(FormatTests.Normal(20 * columns, e)), Below: q6.Encode(FormatTests.Normal(7 * columns, 10 + e))))
            .ToArray();
        IQuantizedMatrix[] experts =
            [
                .. bytes.Select(
                    b => new StackedMatrix(
                        [QuantizedMatrix.Create(q4, 20, columns, b.Above), QuantizedMatrix.Create(q6, 7, columns, b.Below)]))];
        float[][] weights = [.. bytes.Select(b => (float[])[.. q4.Decode(b.Above, 20 * columns), .. q6.Decode(b.Below, 7 * columns)])];
        var x = FormatTests.Normal(tokens * columns, 3);
        int[] offsets = [0, 6, 6, 9];
        var y = experts.ApplyGrouped(Tensor.From(x, tokens, columns).To(device), Tensor.From(offsets).To(device)).ToArray();
        for (var e = 0; e < 3; e++)
            Close(weights[e], x, y, 27, columns, [.. Enumerable.Range(offsets[e], offsets[e + 1] - offsets[e])]);
        Assert.All(y.Skip(9 * 27), value => Assert.Equal(0, value));
        Close(weights[0], x, experts[0].Apply(Tensor.From(x, tokens, columns).To(device)).ToArray(), 27, columns,
            [.. Enumerable.Range(0, tokens)]);
        Assert.Equal(weights[2].AsSpan(19 * columns, 3 * columns).ToArray(),
            experts[2].Lookup(Tensor.From([19, 20, 21]).To(device)).ToArray(), (a, b) => Math.Abs(a - b) < 1e-5);

        var wrong = Assert.Throws<ArgumentException>(() =>
        {
            experts[0].Lookup(Tensor.From([3, 27]).To(device));
            device.Kernels.Synchronize();
        });
        Assert.StartsWith("Embedding: index 27 at position 1 of [2] is not in 0 to 26", wrong.Message);
        var held = device.Memory.Live;
        foreach (var expert in experts)
            expert.Dispose();
        Assert.InRange(device.Memory.Live, 0, held - 1);
    }

    [Fact]
    public void A_matrix_that_only_the_processor_multiplies_with_says_which_others_do()
    {
        var device = On("alone");
        using var matrix = new Int8Matrix(4, 32, FormatTests.Normal(128, 1));
        var refused = Assert.Throws<NotSupportedException>(() => ((IQuantizedMatrix)matrix).Apply(Tensor.Ones(1, 32).To(device))).Message;
        Assert.Contains("Int8Matrix", refused);
        Assert.Contains("Q4_K", refused);
    }

    private static void Close(float[] weights, float[] x, float[] y, int rows, int columns, int[] tokens)
    {
        foreach (var token in tokens)
            for (var row = 0; row < rows; row++)
            {
                var (sum, size) = (0.0, 0.0);
                for (var i = 0; i < columns; i++)
                {
                    var product = (double)weights[row * columns + i] * x[token * columns + i];
                    (sum, size) = (sum + product, size + Math.Abs(product));
                }

                Assert.Equal(sum, y[token * rows + row], 3e-6 * size + 1e-30);
            }
    }

    private static Device On(string name) => name switch
    {
        "plain" => Device.Plain,
        "alone" => Alone.Value,
        _ => Groups.Value,
    };

    private static Device OpenCl(int group)
    {
        Assert.SkipWhen(OpenClDevices.All.Count == 0, "No OpenCL device here; on Debian: apt-get install pocl-opencl-icd.");
        return new Device(new OpenClKernels(new OpenClDriver(0, group)));
    }
}
