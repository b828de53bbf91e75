namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>1 where a &gt; b, else 0, broadcast: a mask. No gradient.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor Greater(this Tensor a, Tensor b) => Binary("Greater", BinaryKind.Greater, ref a, ref b);

    /// <summary>1 where a &lt; b, else 0, broadcast: a mask. No gradient.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Tensor Less(this Tensor a, Tensor b) => Binary("Less", BinaryKind.Less, ref a, ref b);
}
