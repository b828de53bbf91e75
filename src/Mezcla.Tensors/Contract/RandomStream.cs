namespace Mezcla.Tensors;

/// <summary>
/// Random numbers from a counter: Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011).
/// Number n of a stream depends on the seed, the stream and n alone, so any device can compute any part of it, and a run resumes by
/// setting <see cref="Position"/>. The key is the seed; the counter is (n/4, stream), low words first.
/// </summary>
/// <param name="seed">Which sequence.</param>
/// <param name="stream">Which of 2⁶⁴ independent streams of that seed.</param>
public sealed class RandomStream(ulong seed, ulong stream = 0)
{
    private const uint Multiplier0 = 0xD2511F53, Multiplier1 = 0xCD9E8D57, Weyl0 = 0x9E3779B9, Weyl1 = 0xBB67AE85;

    private uint _word0, _word1, _word2, _word3;
    private ulong _block = ulong.MaxValue;

    /// <summary>The seed given.</summary>
    public ulong Seed { get; } = seed;

    /// <summary>The stream given.</summary>
    public ulong Stream { get; } = stream;

    /// <summary>The number of 32-bit numbers taken so far. Set it to continue from another position.</summary>
    public ulong Position { get; set; }

    /// <summary>The next 32 random bits. Takes one position.</summary>
    public uint NextUInt()
    {
        var wanted = Position >> 2;
        if (wanted != _block)
        {
            (_word0, _word1, _word2, _word3) = Block(Seed, Stream, wanted);
            _block = wanted;
        }
        return (Position++ & 3) switch { 0 => _word0, 1 => _word1, 2 => _word2, _ => _word3 };
    }

    /// <summary>Uniform in [0, 1), a multiple of 2⁻²⁴. Takes one position.</summary>
    public float NextFloat() => ToFloat(NextUInt());

    /// <summary>
    /// From the normal distribution with mean 0 and standard deviation 1 (Box and Muller 1958, the cosine half). Takes two positions.
    /// </summary>
    public float NextNormal()
    {
        var radius = Math.Sqrt(-2 * Math.Log((NextUInt() + 0.5) * (1.0 / 4294967296)));
        return (float)(radius * Math.Cos(NextUInt() * (Math.Tau / 4294967296)));
    }

    /// <summary>Uniform in 0..<paramref name="exclusiveMaximum"/>, without bias (Lemire 2019). Takes one position, rarely more.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is not positive.</exception>
    public int NextInt(int exclusiveMaximum)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMaximum);
        var n = (uint)exclusiveMaximum;
        var product = (ulong)NextUInt() * n;
        if ((uint)product < n)
            for (var threshold = (0 - n) % n; (uint)product < threshold;)
                product = (ulong)NextUInt() * n;
        return (int)(product >> 32);
    }

    /// <summary>The number in [0, 1) that corresponds to 32 random bits.</summary>
    public static float ToFloat(uint bits) => (bits >> 8) * (1f / (1 << 24));

    /// <summary>Four numbers: those at positions 4·<paramref name="counter"/> to 4·<paramref name="counter"/> + 3.</summary>
    public static (uint, uint, uint, uint) Block(ulong seed, ulong stream, ulong counter)
    {
        uint c0 = (uint)counter, c1 = (uint)(counter >> 32), c2 = (uint)stream, c3 = (uint)(stream >> 32);
        uint k0 = (uint)seed, k1 = (uint)(seed >> 32);
        for (var round = 0; round < 10; round++)
        {
            ulong p0 = (ulong)Multiplier0 * c0, p1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += Weyl0;
            k1 += Weyl1;
        }
        return (c0, c1, c2, c3);
    }
}
