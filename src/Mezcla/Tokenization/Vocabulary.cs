using System.Buffers.Binary;
using System.Numerics;

namespace Mezcla.Tokenization;

/// <summary>
/// Maps each id to its bytes, and a string of bytes to its id (a hash table with open addressing). An id without bytes is unused.
/// </summary>
public sealed class Vocabulary
{
    /// <summary>
    /// The longest token whose pairs are found by trying every cut. That takes time proportional to the square of its length, and a
    /// malicious file could contain a token of many megabytes.
    /// </summary>
    public const int LongestCut = 4096;

    private readonly byte[] _bytes;
    private readonly int[] _starts;
    private readonly ulong[] _slots; // the upper half of a hash, and an id plus one; 0 is empty

    /// <summary>Makes the table from a list of tokens.</summary>
    /// <param name="tokens">The bytes of each id from 0; null or empty for an unused id.</param>
    /// <exception cref="ArgumentException">Two ids have the same bytes.</exception>
    public Vocabulary(IReadOnlyList<byte[]?> tokens)
    {
        _starts = new int[tokens.Count + 1];
        for (var id = 0; id < tokens.Count; id++)
            _starts[id + 1] = checked(_starts[id] + (tokens[id]?.Length ?? 0));
        _bytes = new byte[_starts[^1]];
        _slots = new ulong[BitOperations.RoundUpToPowerOf2((uint)tokens.Count * 2 + 2)];
        for (var id = 0; id < tokens.Count; id++)
        {
            if (tokens[id] is not { Length: > 0 } token)
                continue;
            token.CopyTo(_bytes, _starts[id]);
            var hash = Hash(token);
            var slot = Slot(token, hash);
            if (_slots[slot] != 0)
                throw new ArgumentException(
                    $"Ids {(uint)_slots[slot] - 1} and {id} stand for the same {token.Length} bytes ({Convert.ToHexString(token)}).");
            _slots[slot] = hash & 0xFFFFFFFF_00000000 | (uint)(id + 1);
        }
    }

    /// <summary>One more than the largest id.</summary>
    public int Count => _starts.Length - 1;

    /// <summary>The bytes of an id; empty for an unused id.</summary>
    public ReadOnlySpan<byte> this[int id] => _bytes.AsSpan(_starts[id], _starts[id + 1] - _starts[id]);

    /// <summary>The id of these bytes, or -1 if there is none.</summary>
    public int Find(ReadOnlySpan<byte> token) => (int)(uint)_slots[Slot(token, Hash(token))] - 1;

    // The slot of the token, or the empty slot where it would be inserted.
    private int Slot(ReadOnlySpan<byte> token, ulong hash)
    {
        var mask = _slots.Length - 1;
        for (var slot = (int)hash & mask; ; slot = slot + 1 & mask)
        {
            var entry = _slots[slot];
            if (entry == 0 || (entry ^ hash) >> 32 == 0 && this[(int)(uint)entry - 1].SequenceEqual(token))
                return slot;
        }
    }

    private static ulong Hash(ReadOnlySpan<byte> token)
    {
        var hash = (ulong)token.Length;
        for (; token.Length > 8; token = token[8..])
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(token));
        // The last 1 to 8 bytes, read as two halves that may overlap.
        var rest = token.Length >= 4
            ? BinaryPrimitives.ReadUInt32LittleEndian(token) | (ulong)BinaryPrimitives.ReadUInt32LittleEndian(token[^4..]) << 32
            : token.Length > 0 ? token[0] | (ulong)token[token.Length >> 1] << 8 | (ulong)token[^1] << 16 : 0;
        return Mix(hash ^ rest);
    }

    private static ulong Mix(ulong value)
    {
        var high = Math.BigMul(value ^ 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, out var low);
        return high ^ low;
    }
}
