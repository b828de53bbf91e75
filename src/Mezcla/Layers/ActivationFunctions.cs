namespace Mezcla.Layers;

/// <summary>The nonlinearity of feed-forward networks and of experts.</summary>
internal static class ActivationFunctions
{
    /// <summary>[..., m] → [..., m], or if gated [..., 2m] → [..., m]: the activation of the first half times the second half.</summary>
    public static Tensor Apply(Tensor x, FeedForwardConfig config)
    {
        if (!config.Gated)
            return Apply(x, config.Activation);
        var half = config.IntermediateSize;
        var (gate, up) = (x.Slice(-1, 0, half), x.Slice(-1, half, half));
        return config.Activation switch
        {
            Activation.Silu => gate.SwiGlu(up),
            Activation.ClampedSwiGlu => ClampedSwiGlu(gate, up),
            var activation => Apply(gate, activation) * up,
        };
    }

    private static Tensor ClampedSwiGlu(Tensor gate, Tensor up)
    {
        var (most, least) = (Tensor.Full(7, 1).To(gate.Device), Tensor.Full(-7, 1).To(gate.Device));
        gate = gate.Less(most).Where(gate, most);
        up = up.Less(most).Where(up, most);
        up = up.Greater(least).Where(up, least);
        return gate * (gate * 1.702f).Sigmoid() * (up + 1);
    }

    private static Tensor Apply(Tensor x, Activation activation) => activation switch
    {
        Activation.Gelu => x.Gelu(GeluForm.Exact),
        Activation.GeluTanh => x.Gelu(GeluForm.Tanh),
        Activation.Silu => x.Silu(),
        Activation.Relu => x.Relu(),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "Unknown activation."),
    };
}
