namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>y (+)= mask ≠ 0 ? a : b, where a null handle stands for the constant beside it.</summary>
    public override void Select(Handle mask, Handle a, float aValue, Handle b, float bValue, Handle y, long n, bool accumulate)
    {
        // A mask is Int32 or Float32, and zero in either has no bit set but perhaps the sign of a float.
        bool Chosen(long i) => (Ints(mask)[i] & int.MaxValue) != 0;
        Put(y, n, i => Chosen(i) ? At(a, i, aValue) : At(b, i, bValue), accumulate);
    }

    /// <summary>A number of an operand, or another where the operand is not there.</summary>
    private static float At(Handle x, long i, float otherwise) => x.IsNull ? otherwise : Floats(x)[i];
}
