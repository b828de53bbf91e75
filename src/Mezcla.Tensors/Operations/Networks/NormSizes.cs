namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    private static (int Rows, int N) NormSizes(string name, ref Tensor x, ref Tensor? weight, ref Tensor? bias)
    {
        x = x.Floats(name);
        weight = weight?.Floats(name, x.Device);
        bias = bias?.Floats(name, x.Device);
        var n = x.Rank > 0 ? x.Size(-1) : throw new ArgumentException($"{name}: a scalar has no axis to normalize.");
        if (weight is not null && (weight.Rank != 1 || weight.Count != n) || bias is not null && (bias.Rank != 1 || bias.Count != n))
            throw new ArgumentException(
                $"{name}: {x.Sizes} needs a weight and a bias of [{n}], not {weight?.Sizes.ToString() ?? "none"} " +
                    $"and {bias?.Sizes.ToString() ?? "none"}.");
        weight = weight is null ? null : WithOwnNode(weight, x);
        bias = bias is null ? null : WithOwnNode(bias, x, weight);
        return (checked((int)x.Sizes.Product(0, x.Rank - 1)), n);
    }
}
