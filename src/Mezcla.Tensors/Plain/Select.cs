namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y (+)= mask ≠ 0 ? a : b, where a null handle stands for the constant beside it.</summary>
    public override void Select(Handle mask, Handle a, float aValue, Handle b, float bValue, Handle y, long n, bool accumulate)
    {
        Numbers<float> left = Floats(a), right = Floats(b), to = Floats(y);
        for (long i = 0; i < n; i++)
        {
            // A mask is Int32 or Float32, and zero in either has no bit set but perhaps the sign of a float.
            var chosen = (Ints(mask)[i] & int.MaxValue) != 0;
            if (chosen)
                Put(ref to[i], left.IsNull ? aValue : left[i], accumulate);
            else
                Put(ref to[i], right.IsNull ? bValue : right[i], accumulate);
        }
    }
}
