namespace Mezcla.Tensors;

/// <summary>A short test of a device: the gradient through a matrix product and a softmax must be the CPU's.</summary>
public static class SmokeTest
{
    /// <summary>Compares a device with the CPU.</summary>
    /// <param name="device">The device.</param>
    /// <param name="tolerance">How far each element may be off, relative to 1 plus its size.</param>
    /// <exception cref="InvalidDataException">An element differs by more; the message names it.</exception>
    /// <exception cref="DeviceException">The device failed.</exception>
    public static void Run(Device device, double tolerance = 1e-4)
    {
        var (expected, obtained) = (Gradient(Device.Cpu), Gradient(device));
        for (var i = 0; i < expected.Length; i++)
            if (!(Math.Abs(expected[i] - obtained[i]) <= tolerance * (1 + Math.Abs(expected[i]))))
                throw new InvalidDataException(
                    $"Element {i} of a gradient is {obtained[i]} instead of {expected[i]}: do not use this device, or update its driver.");
    }

    private static float[] Gradient(Device device)
    {
        using var scope = new TensorScope();
        var x = Tensor.Normal(new RandomStream(1), 0, 1, 67, 45).To(device);
        // Scores of about 1: a softmax of large ones would magnify what bfloat16 rounds.
        var weights = Tensor.Normal(new RandomStream(2), 0, 0.15f, 45, 33).To(device);
        weights.RequiresGrad = true;
        x.MatMul(weights).Softmax().Square().Sum().Backward();
        return weights.Grad!.ToArray();
    }
}
