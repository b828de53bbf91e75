using System.Runtime.InteropServices;

namespace Mezcla.Tensors;

public sealed partial class Tensor
{
    /// <summary>Float32 on the CPU whose numbers are whatever was in its memory: for one that is about to be written.</summary>
    public static Tensor Empty(params ReadOnlySpan<int> shape) => Empty("Empty", new Shape(shape), DType.Float32, Device.Cpu);

    /// <summary>Zeros, Float32 on the CPU.</summary>
    public static Tensor Zeros(params ReadOnlySpan<int> shape) => Full(0, shape);

    /// <summary>Zeros of any type on any device.</summary>
    public static Tensor Zeros(DType type, Device device, params ReadOnlySpan<int> shape)
    {
        ArgumentNullException.ThrowIfNull(device);
        var tensor = Empty("Zeros", new Shape(shape), type, device);
        // Zero has all bits 0 in every type. A block for an odd number of 2-byte elements is large enough to be filled in units of 4 bytes.
        device.Kernels.Fill(tensor.Handle, (tensor.Count * type.Bytes() + 3) / 4, 0);
        return tensor;
    }

    /// <summary>Ones, Float32 on the CPU.</summary>
    public static Tensor Ones(params ReadOnlySpan<int> shape) => Full(1, shape);

    /// <summary>One value everywhere, Float32 on the CPU.</summary>
    public static Tensor Full(float value, params ReadOnlySpan<int> shape)
    {
        var tensor = Empty("Full", new Shape(shape), DType.Float32, Device.Cpu);
        tensor.Kernels.Fill(tensor.Handle, tensor.Count, value);
        return tensor;
    }

    /// <summary>A copy of <paramref name="values"/>, along one axis.</summary>
    public static Tensor From(ReadOnlySpan<float> values) => From(values, values.Length);

    /// <summary>A copy of <paramref name="ids"/> as Int32, along one axis.</summary>
    public static Tensor From(ReadOnlySpan<int> ids) => From(ids, ids.Length);

    /// <summary>A copy of <paramref name="values"/>, row by row.</summary>
    /// <exception cref="ArgumentException">The shape has another number of elements.</exception>
    public static Tensor From(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
        => Copied(MemoryMarshal.AsBytes(values), values.Length, shape, DType.Float32);

    /// <summary>A copy of <paramref name="ids"/> as Int32, row by row.</summary>
    /// <exception cref="ArgumentException">The shape has another number of elements.</exception>
    public static Tensor From(ReadOnlySpan<int> ids, params ReadOnlySpan<int> shape)
        => Copied(MemoryMarshal.AsBytes(ids), ids.Length, shape, DType.Int32);

    /// <summary>
    /// Independent numbers from a normal distribution. Each takes two positions of the stream; if the
    /// standard deviation is 0, nothing is drawn.
    /// </summary>
    public static Tensor Normal(RandomStream random, float mean, float standardDeviation, params ReadOnlySpan<int> shape)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (standardDeviation == 0)
            return Full(mean, shape);
        var tensor = Empty("Normal", new Shape(shape), DType.Float32, Device.Cpu);
        foreach (ref var value in tensor.Floats())
            value = mean + standardDeviation * random.NextNormal();
        return tensor;
    }

    /// <summary>
    /// Independent numbers, uniformly distributed from <paramref name="low"/> to below
    /// <paramref name="high"/>. Each takes one position of the stream.
    /// </summary>
    public static Tensor Uniform(RandomStream random, float low, float high, params ReadOnlySpan<int> shape)
    {
        ArgumentNullException.ThrowIfNull(random);
        var tensor = Empty("Uniform", new Shape(shape), DType.Float32, Device.Cpu);
        foreach (ref var value in tensor.Floats())
            value = low + (high - low) * random.NextFloat();
        return tensor;
    }

    private static Tensor Copied(ReadOnlySpan<byte> bytes, int length, ReadOnlySpan<int> sizes, DType type)
    {
        var shape = new Shape(sizes);
        if (shape.Count != length)
            throw new ArgumentException($"From: {length} values do not fill {shape}, which has {shape.Count} elements.");
        var tensor = Empty("From", shape, type, Device.Cpu);
        tensor.Kernels.Upload(bytes, tensor.Handle);
        return tensor;
    }
}
