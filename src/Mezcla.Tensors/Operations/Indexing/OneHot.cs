using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors;

public static partial class TensorOperations
{
    /// <summary>1 at the id and 0 elsewhere: Int32 [...] to Float32 [..., classes].</summary>
    /// <exception cref="ArgumentException">The ids are not Int32, or one lies outside.</exception>
    public static Tensor OneHot(this Tensor ids, int classes)
    {
        ids.Integers("OneHot", "the ids");
        var y = Tensor.Empty("OneHot", ids.Sizes.Insert(ids.Rank, classes), DType.Float32, ids.Device);
        var check = new IndexCheck("OneHot", IndexKind.Index, ids.Sizes, classes);
        ThrowIfOutside(check, ids, ids.Kernels.OneHot(ids.Handle, y.Handle, ids.Count, classes, check));
        return y;
    }
}
