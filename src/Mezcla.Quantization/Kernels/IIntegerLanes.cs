namespace Mezcla.Quantization.Kernels;

/// <summary>
/// One vector register, seen as bytes, 16-bit or 32-bit integers or floats, in which each 32-bit lane belongs to one row of a matrix: four
/// consecutive weights of that row, then their sum, then the row's result. The kernels are written once with these operations.
/// </summary>
internal unsafe interface IIntegerLanes<L> where L : unmanaged, IIntegerLanes<L>
{
    /// <summary>Rows that fit: 16, 8 or 4.</summary>
    static abstract int Rows { get; }

    /// <summary>All bits zero.</summary>
    static abstract L Zero { get; }

    /// <summary>4·Rows bytes.</summary>
    static abstract L Load(byte* p);

    /// <summary>The four bytes at p, in every lane.</summary>
    static abstract L Word(byte* p);

    /// <summary>16 bytes, repeated: a table for <see cref="Lookup"/>.</summary>
    static abstract L Table(byte* p);

    /// <summary>Replaces each byte (0 to 15) by its entry in the table.</summary>
    static abstract L Lookup(L table, L indices);

    /// <summary>Bitwise and with the byte everywhere.</summary>
    static abstract L And(L a, byte mask);

    /// <summary>Bitwise or.</summary>
    static abstract L Or(L a, L b);

    /// <summary>Shifts 16-bit lanes to the right. Bits of the neighbouring byte come in, so the caller must mask them.</summary>
    static abstract L ShiftRight(L a, int bits);

    /// <summary>The same to the left.</summary>
    static abstract L ShiftLeft(L a, int bits);

    /// <summary>
    /// Adds codes·x, four products per lane, to a running sum. Depending on the processor, this holds sums of pairs in 16 bits, so that the
    /// caller must stop before they can overflow, or whole sums in 32 bits. Codes are unsigned and at most 127, x signed.
    /// </summary>
    static abstract L Dot(L sum, L codes, L x);

    /// <summary>A running sum of <see cref="Dot"/> as 32-bit integers.</summary>
    static abstract L Finish(L sum);

    /// <summary>
    /// Adds signed weights times x to 32-bit sums, where x comes as magnitude and sign (0 or −1), four bytes each. On processors that can
    /// only multiply unsigned by signed bytes, the sum is too small by |x| for each negative x; see <see cref="SignedShortfall"/>.
    /// </summary>
    static abstract L DotSigned(L sum, L weights, byte* magnitude, byte* sign);

    /// <summary>Whether the caller must add Σ|x| over negative x after <see cref="DotSigned"/>.</summary>
    static abstract bool SignedShortfall { get; }

    /// <summary>32-bit integer sum.</summary>
    static abstract L AddIntegers(L a, L b);

    /// <summary>An integer in every lane.</summary>
    static abstract L Integer(int value);

    /// <summary>Integers to floats.</summary>
    static abstract L ToFloats(L integers);

    /// <summary>A float in every lane.</summary>
    static abstract L Float(float value);

    /// <summary>Rows halves, as floats 2⁻¹¹² times as large: their bits are moved to where a float has them, and no more.</summary>
    static abstract L Halves(byte* p);

    /// <summary>Rows unsigned bytes, as integers.</summary>
    static abstract L UnsignedBytes(byte* p);

    /// <summary>Rows signed bytes, as integers.</summary>
    static abstract L SignedBytes(byte* p);

    /// <summary>Shifts 32-bit lanes to the left.</summary>
    static abstract L ShiftLeftIntegers(L a, int bits);

    /// <summary>Float product.</summary>
    static abstract L Multiply(L a, L b);

    /// <summary>a·b + c in floats.</summary>
    static abstract L MultiplyAdd(L a, L b, L c);

    /// <summary>Writes Rows floats.</summary>
    static abstract void Store(float* p, L value);
}
