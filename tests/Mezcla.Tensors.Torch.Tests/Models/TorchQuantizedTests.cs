using Mezcla.Quantization;
using Mezcla.Quantization.Formats;

namespace Mezcla.Tensors.Torch.Tests.Models;

/// <summary>There are no products with quantized matrices in libtorch that fit, which is said before anything is computed.</summary>
public sealed class TorchQuantizedTests
{
    [Fact]
    public void A_quantized_matrix_says_where_it_can_be_used()
    {
        var x = Tensor.Ones(2, 64).To(TorchDevice.Cpu);
        using var matrix = QuantizedMatrix.Quantize(NumberFormats.Q8_0, 4, 64, new float[4 * 64]);
        var y = Tensor.Zeros(DType.Float32, x.Device, 2, 4);
        var message = Assert.Throws<NotSupportedException>(() => matrix.Multiply(x, y, 0, null, 0)).Message;
        Assert.StartsWith("torch:cpu has no products with quantized matrices", message);
        Assert.Contains("on the CPU or on an OpenCL device", message);
    }
}
