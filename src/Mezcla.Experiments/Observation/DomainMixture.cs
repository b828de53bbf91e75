using Mezcla.Datasets;
using Mezcla.Training;

namespace Mezcla.Experiments.Observation;

/// <summary>
/// A training sequence mixed from several kinds of text (domains), each with a held-out part. It is used to find out whether experts divide
/// the work by domain. Pieces of the domains alternate in proportion to their sizes, so that training sees all domains from beginning to
/// end.
/// </summary>
public sealed class DomainMixture
{
    private readonly Dictionary<string, int[]> _heldOut;
    private readonly byte[] _domains;

    /// <summary>Creates a mixture of domains.</summary>
    /// <param name="domains">The names and token ids of the domains, all made with the same tokenizer.</param>
    /// <param name="validationShare">The share of each domain, at its end, that is held out, 0 to below 1.</param>
    /// <param name="piece">The length in tokens of a piece of one domain. It should be several times the context, so that most windows
    /// contain one domain.</param>
    /// <exception cref="ArgumentException">There are no domains or over 255, two have one name, or one has no tokens.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The share is not within its range, or the piece not positive.</exception>
    public DomainMixture(IEnumerable<KeyValuePair<string, int[]>> domains, double validationShare = 0.1, int piece = 1024)
    {
        var list = domains.ToArray();
        if (list.Length is 0 or > 255)
            throw new ArgumentException($"A mixture has 1 to 255 domains, not {list.Length}.", nameof(domains));
        if (list.FirstOrDefault(d => d.Value.Length == 0) is { Key: { } empty })
            throw new ArgumentException($"The domain '{empty}' has no tokens.", nameof(domains));
        if (validationShare is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(validationShare), validationShare,
                "The held-out share must be at least 0 and below 1.");
        ArgumentOutOfRangeException.ThrowIfLessThan(piece, 1);

        Names = [.. list.Select(d => d.Key)];
        _heldOut = list.ToDictionary(d => d.Key, d => d.Value[^(int)(d.Value.Length * validationShare)..]);
        (var training, _domains) = Interleave([.. list.Select(d => d.Value[..^_heldOut[d.Key].Length])], piece);
        var (validation, _) = Interleave([.. Names.Select(n => _heldOut[n])], piece);
        Batches = new TokenBatches(training, validation);
    }

    /// <summary>The names of the domains; a domain's number is its index in this list.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The batches of the mixture, for training.</summary>
    public TokenBatches Batches { get; }

    /// <summary>For each token of <see cref="TokenBatches.Training"/>, the number of its domain.</summary>
    public ReadOnlySpan<byte> Domains => _domains;

    /// <summary>The held-out tokens of one domain.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">There is no such domain.</exception>
    public ReadOnlySpan<int> HeldOut(string name) => _heldOut.TryGetValue(name, out var ids)
        ? ids
        : throw new ArgumentException($"There is no domain '{name}' in this mixture. There are: {string.Join(", ", Names)}.", nameof(name));

    private static (int[] Ids, byte[] Domains) Interleave(int[][] domains, int piece)
    {
        var total = domains.Sum(d => d.Length);
        var (ids, labels, at) = (new int[total], new byte[total], 0);
        foreach (var (domain, start, count) in Interleaving.Pieces([.. domains.Select(d => d.Length)], piece))
        {
            domains[domain].AsSpan(start, count).CopyTo(ids.AsSpan(at));
            labels.AsSpan(at, count).Fill((byte)domain);
            at += count;
        }
        return (ids, labels);
    }
}
