namespace Mezcla.Tensors.Devices;

/// <summary>
/// x [blocks, time, heads, size]; the first <paramref name="Rotated"/> of size are rotated, in pairs (2i, 2i+1) or (i, i + rotated/2).
/// </summary>
public readonly record struct RotaryLayout(long Blocks, int Time, int Heads, int Size, int Rotated, bool Interleaved, int Start);
