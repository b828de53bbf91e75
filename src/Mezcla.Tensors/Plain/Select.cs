namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y (+)= mask ≠ 0 ? a : b. A null handle for a or b means the constant that is passed beside it.</summary>
    public override void Select(Handle mask, Handle a, float aValue, Handle b, float bValue, Handle y, long n, bool accumulate)
    {
        // A mask is Int32 or Float32. Zero has no bit set in either type, except perhaps the sign bit of a float.
        bool Chosen(long i) => (Ints(mask)[i] & int.MaxValue) != 0;
        Put(y, n, i => Chosen(i) ? ValueOr(a, i, aValue) : ValueOr(b, i, bValue), accumulate);
    }

    /// <summary>An element of an operand, or a constant if the operand is absent.</summary>
    private static float ValueOr(Handle x, long i, float otherwise) => x.IsNull ? otherwise : Floats(x)[i];
}
