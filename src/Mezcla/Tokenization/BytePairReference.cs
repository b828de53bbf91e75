using System.Text;

namespace Mezcla.Tokenization;

/// <summary>
/// Byte-pair encoding, written as one would explain it: slow, and short enough to read in full.
/// <see cref="BytePairTokenizer"/> gives the same results faster.
/// </summary>
/// <example><code>
/// var merges = BytePairReference.Train("low lower lowest", 258, SplitPattern.None);   // l+o is 256, 256+w is 257
/// var ids = BytePairReference.Encode("slow", merges, SplitPattern.None);             // s, 257
/// </code></example>
public static class BytePairReference
{
    /// <summary>
    /// The merges that training finds: merge n joins a left and a right id into the id 256 + n. Ids below 256 are the bytes.
    /// </summary>
    /// <param name="text">The text to learn from.</param>
    /// <param name="vocabularySize">256 plus the number of merges wanted; training ends earlier if no pair occurs twice.</param>
    /// <param name="pattern">How to cut the text before merging.</param>
    public static List<(int Left, int Right)> Train(string text, int vocabularySize, SplitPattern pattern)
    {
        var pieces = pattern.Split(text).Select(Bytes).ToList();
        var merges = new List<(int Left, int Right)>();
        while (256 + merges.Count < vocabularySize)
        {
            var counts = new Dictionary<(int Left, int Right), int>();
            foreach (var piece in pieces)
                for (var i = 0; i + 1 < piece.Count; i++)
                    counts[(piece[i], piece[i + 1])] = counts.GetValueOrDefault((piece[i], piece[i + 1])) + 1;
            if (counts.Count == 0)
                break;
            // Finds the most frequent pair; among equally frequent ones, the pair with the smaller ids.
            var best = counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key).First();
            if (best.Value < 2)
                break;
            pieces = [.. pieces.Select(piece => Merge(piece, best.Key, 256 + merges.Count))];
            merges.Add(best.Key);
        }
        return merges;
    }

    /// <summary>Encodes a text: in each piece, applies the merges in the order in which training found them.</summary>
    public static List<int> Encode(string text, IReadOnlyList<(int Left, int Right)> merges, SplitPattern pattern)
    {
        var ids = new List<int>();
        foreach (var bytes in pattern.Split(text).Select(Bytes))
        {
            var piece = bytes;
            for (var n = 0; n < merges.Count; n++)
                piece = Merge(piece, merges[n], 256 + n);
            ids.AddRange(piece);
        }
        return ids;
    }

    /// <summary>
    /// The bytes that an id stands for: one byte for an id below 256, otherwise the bytes of its left
    /// part followed by those of its right part.
    /// </summary>
    public static byte[] TokenBytes(int id, IReadOnlyList<(int Left, int Right)> merges) =>
        id < 256 ? [(byte)id] : [.. TokenBytes(merges[id - 256].Left, merges), .. TokenBytes(merges[id - 256].Right, merges)];

    // Replaces each occurrence of the pair, from left to right, by one id.
    private static List<int> Merge(List<int> piece, (int Left, int Right) pair, int id)
    {
        var merged = new List<int>();
        for (var i = 0; i < piece.Count; i++)
        {
            var here = i + 1 < piece.Count && (piece[i], piece[i + 1]) == pair;
            merged.Add(here ? id : piece[i]);
            if (here)
                i++;
        }
        return merged;
    }

    private static List<int> Bytes(string piece) => [.. Encoding.UTF8.GetBytes(piece).Select(b => (int)b)];
}
