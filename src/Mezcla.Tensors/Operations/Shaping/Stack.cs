namespace Mezcla.Tensors;

public sealed partial class Tensor
{
    /// <summary>Joins tensors of one shape along a new axis, inserted before <paramref name="axis"/>.</summary>
    /// <exception cref="ArgumentException">No tensor is given, or they differ in shape, type or device.</exception>
    public static Tensor Stack(int axis, params ReadOnlySpan<Tensor> tensors)
    {
        using var scope = new TensorScope();
        var with = new Tensor[tensors.Length];
        for (var i = 0; i < with.Length; i++)
            with[i] = tensors[i].Unsqueeze(axis);
        return scope.Keep(Concatenate(axis, with));
    }
}
