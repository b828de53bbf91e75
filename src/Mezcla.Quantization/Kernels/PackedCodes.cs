using System.Runtime.CompilerServices;

namespace Mezcla.Quantization.Kernels;

/// <summary>
/// How the codes of 16 rows by 32 columns are packed. Step s holds columns 4s to 4s + 3; in each of its vectors of 64 bytes, row r has
/// bytes 4r to 4r + 3. Narrow codes share vectors: a nibble of two steps, a pair of bits of four, a bit of eight.
/// </summary>
internal unsafe interface IPackedCodes
{
    /// <summary>Its number in the kernels of GPUs, quantized.cl.</summary>
    static abstract int Kind { get; }

    /// <summary>Bytes of 16 rows by 32 columns.</summary>
    static abstract int Bytes { get; }

    /// <summary>Steps whose products can be summed in 16 bits.</summary>
    static abstract int Steps16 { get; }

    /// <summary>Whether codes are signed bytes.</summary>
    static abstract bool Signed { get; }

    /// <summary>The eight steps' codes for some of the rows.</summary>
    static abstract void Unpack<L>(byte* p, out L c0, out L c1, out L c2, out L c3, out L c4, out L c5, out L c6, out L c7)
        where L : unmanaged, IIntegerLanes<L>;

    /// <summary>Packs one code: sets its bits in memory that was zero.</summary>
    static abstract void Pack(byte* p, int row, int column, int code);
}

/// <summary>4 bits: four vectors.</summary>
internal readonly unsafe struct Codes4 : IPackedCodes
{
    public static int Kind => 0;
    public static int Bytes => 256;
    public static int Steps16 => 8; // 8·2·15·127 = 30,480
    public static bool Signed => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<L>(byte* p, out L c0, out L c1, out L c2, out L c3, out L c4, out L c5, out L c6, out L c7)
    where L : unmanaged, IIntegerLanes<L>
    {
        L a = L.Load(p), b = L.Load(p + 64), c = L.Load(p + 128), d = L.Load(p + 192);
        c0 = L.And(a, 15);
        c1 = L.And(L.ShiftRight(a, 4), 15);
        c2 = L.And(b, 15);
        c3 = L.And(L.ShiftRight(b, 4), 15);
        c4 = L.And(c, 15);
        c5 = L.And(L.ShiftRight(c, 4), 15);
        c6 = L.And(d, 15);
        c7 = L.And(L.ShiftRight(d, 4), 15);
    }

    public static void Pack(byte* p, int row, int column, int code) =>
        p[column / 8 * 64 + row * 4 + column % 4] |= (byte)((code & 15) << column / 4 % 2 * 4);
}

/// <summary>5 bits: <see cref="Codes4"/> and one vector of fifth bits, bit s for step s.</summary>
internal readonly unsafe struct Codes5 : IPackedCodes
{
    public static int Kind => 1;
    public static int Bytes => 320;
    public static int Steps16 => 4; // 4·2·31·127 = 31,496
    public static bool Signed => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<L>(byte* p, out L c0, out L c1, out L c2, out L c3, out L c4, out L c5, out L c6, out L c7)
    where L : unmanaged, IIntegerLanes<L>
    {
        Codes4.Unpack(p, out c0, out c1, out c2, out c3, out c4, out c5, out c6, out c7);
        var high = L.Load(p + 256);
        c0 = L.Or(c0, L.And(L.ShiftLeft(high, 4), 16));
        c1 = L.Or(c1, L.And(L.ShiftLeft(high, 3), 16));
        c2 = L.Or(c2, L.And(L.ShiftLeft(high, 2), 16));
        c3 = L.Or(c3, L.And(L.ShiftLeft(high, 1), 16));
        c4 = L.Or(c4, L.And(high, 16));
        c5 = L.Or(c5, L.And(L.ShiftRight(high, 1), 16));
        c6 = L.Or(c6, L.And(L.ShiftRight(high, 2), 16));
        c7 = L.Or(c7, L.And(L.ShiftRight(high, 3), 16));
    }

    public static void Pack(byte* p, int row, int column, int code)
    {
        Codes4.Pack(p, row, column, code);
        p[256 + row * 4 + column % 4] |= (byte)(code >> 4 << column / 4);
    }
}

/// <summary>6 bits: <see cref="Codes4"/> and two vectors of upper pairs.</summary>
internal readonly unsafe struct Codes6 : IPackedCodes
{
    public static int Kind => 2;
    public static int Bytes => 384;
    public static int Steps16 => 2; // 2·2·63·127 = 32,004
    public static bool Signed => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<L>(byte* p, out L c0, out L c1, out L c2, out L c3, out L c4, out L c5, out L c6, out L c7)
    where L : unmanaged, IIntegerLanes<L>
    {
        Codes4.Unpack(p, out c0, out c1, out c2, out c3, out c4, out c5, out c6, out c7);
        L first = L.Load(p + 256), second = L.Load(p + 320);
        c0 = L.Or(c0, L.And(L.ShiftLeft(first, 4), 48));
        c1 = L.Or(c1, L.And(L.ShiftLeft(first, 2), 48));
        c2 = L.Or(c2, L.And(first, 48));
        c3 = L.Or(c3, L.And(L.ShiftRight(first, 2), 48));
        c4 = L.Or(c4, L.And(L.ShiftLeft(second, 4), 48));
        c5 = L.Or(c5, L.And(L.ShiftLeft(second, 2), 48));
        c6 = L.Or(c6, L.And(second, 48));
        c7 = L.Or(c7, L.And(L.ShiftRight(second, 2), 48));
    }

    public static void Pack(byte* p, int row, int column, int code)
    {
        Codes4.Pack(p, row, column, code);
        p[256 + column / 16 * 64 + row * 4 + column % 4] |= (byte)(code >> 4 << column / 4 % 4 * 2);
    }
}

/// <summary>2 bits: two vectors.</summary>
internal readonly unsafe struct Codes2 : IPackedCodes
{
    public static int Kind => 3;
    public static int Bytes => 128;
    public static int Steps16 => 8;
    public static bool Signed => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<L>(byte* p, out L c0, out L c1, out L c2, out L c3, out L c4, out L c5, out L c6, out L c7)
    where L : unmanaged, IIntegerLanes<L>
    {
        L a = L.Load(p), b = L.Load(p + 64);
        c0 = L.And(a, 3);
        c1 = L.And(L.ShiftRight(a, 2), 3);
        c2 = L.And(L.ShiftRight(a, 4), 3);
        c3 = L.And(L.ShiftRight(a, 6), 3);
        c4 = L.And(b, 3);
        c5 = L.And(L.ShiftRight(b, 2), 3);
        c6 = L.And(L.ShiftRight(b, 4), 3);
        c7 = L.And(L.ShiftRight(b, 6), 3);
    }

    public static void Pack(byte* p, int row, int column, int code) =>
        p[column / 16 * 64 + row * 4 + column % 4] |= (byte)((code & 3) << column / 4 % 4 * 2);
}

/// <summary>3 bits: <see cref="Codes2"/> and one vector of third bits.</summary>
internal readonly unsafe struct Codes3 : IPackedCodes
{
    public static int Kind => 4;
    public static int Bytes => 192;
    public static int Steps16 => 8;
    public static bool Signed => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<L>(byte* p, out L c0, out L c1, out L c2, out L c3, out L c4, out L c5, out L c6, out L c7)
    where L : unmanaged, IIntegerLanes<L>
    {
        Codes2.Unpack(p, out c0, out c1, out c2, out c3, out c4, out c5, out c6, out c7);
        var high = L.Load(p + 128);
        c0 = L.Or(c0, L.And(L.ShiftLeft(high, 2), 4));
        c1 = L.Or(c1, L.And(L.ShiftLeft(high, 1), 4));
        c2 = L.Or(c2, L.And(high, 4));
        c3 = L.Or(c3, L.And(L.ShiftRight(high, 1), 4));
        c4 = L.Or(c4, L.And(L.ShiftRight(high, 2), 4));
        c5 = L.Or(c5, L.And(L.ShiftRight(high, 3), 4));
        c6 = L.Or(c6, L.And(L.ShiftRight(high, 4), 4));
        c7 = L.Or(c7, L.And(L.ShiftRight(high, 5), 4));
    }

    public static void Pack(byte* p, int row, int column, int code)
    {
        Codes2.Pack(p, row, column, code);
        p[128 + row * 4 + column % 4] |= (byte)(code >> 2 << column / 4);
    }
}

/// <summary>Signed bytes: eight vectors.</summary>
internal readonly unsafe struct Codes8 : IPackedCodes
{
    public static int Kind => 5;
    public static int Bytes => 512;
    public static int Steps16 => 1;
    public static bool Signed => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<L>(byte* p, out L c0, out L c1, out L c2, out L c3, out L c4, out L c5, out L c6, out L c7)
    where L : unmanaged, IIntegerLanes<L>
    {
        c0 = L.Load(p);
        c1 = L.Load(p + 64);
        c2 = L.Load(p + 128);
        c3 = L.Load(p + 192);
        c4 = L.Load(p + 256);
        c5 = L.Load(p + 320);
        c6 = L.Load(p + 384);
        c7 = L.Load(p + 448);
    }

    public static void Pack(byte* p, int row, int column, int code) => p[column / 4 * 64 + row * 4 + column % 4] = (byte)code;
}

/// <summary>E2M1: a table translates each nibble to its value, doubled and increased by 12, which is a whole number and not
/// negative.</summary>
internal readonly unsafe struct CodesE2M1 : IPackedCodes
{
    // Pinned for the life of the program.
    private static readonly byte[] Values = MakeTable();
    private static readonly byte* Table = (byte*)Unsafe.AsPointer(ref Values[0]);

    public static int Kind => 6;
    public static int Bytes => 256;
    public static int Steps16 => 4; // 4·2·24·127 = 24,384
    public static bool Signed => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unpack<L>(byte* p, out L c0, out L c1, out L c2, out L c3, out L c4, out L c5, out L c6, out L c7)
    where L : unmanaged, IIntegerLanes<L>
    {
        Codes4.Unpack(p, out c0, out c1, out c2, out c3, out c4, out c5, out c6, out c7);
        var table = L.Table(Table);
        c0 = L.Lookup(table, c0);
        c1 = L.Lookup(table, c1);
        c2 = L.Lookup(table, c2);
        c3 = L.Lookup(table, c3);
        c4 = L.Lookup(table, c4);
        c5 = L.Lookup(table, c5);
        c6 = L.Lookup(table, c6);
        c7 = L.Lookup(table, c7);
    }

    public static void Pack(byte* p, int row, int column, int code) => Codes4.Pack(p, row, column, code);

    private static byte[] MakeTable()
    {
        var table = GC.AllocateArray<byte>(16, pinned: true);
        for (var code = 0; code < 16; code++)
            table[code] = (byte)(2 * Formats.Fp4.Decode(code) + 12);
        return table;
    }
}
