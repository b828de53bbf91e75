using Mezcla.BytePairs;
using Mezcla.Datasets;
using Mezcla.Tokenization;

namespace Mezcla.Tests.Tokenization;

public class MergingTests
{
    [Fact]
    public void The_heap_merges_as_the_scan_does()
    {
        var merges = new MergeTable(0);
        foreach (var (left, right) in BytePairReference.Train("aaaaaaaaabbbabababbaaabbabbbbbaaaaab", 290, SplitPattern.None))
            merges.Add(left, right, rank: merges.Count, id: 256 + merges.Count);
        var random = new Random(3);
        for (var n = 0; n < 2000; n++)
        {
            int[] scanned = [.. Enumerable.Range(0, random.Next(0, n % 20 == 0 ? 700 : 60)).Select(_ => random.Next('a', 'c'))],
                heaped = [.. scanned];
            Assert.Equal(scanned[..Merging.Scan(merges, scanned)], heaped[..Merging.Heap(merges, heaped)]);
        }
    }

    [Fact]
    public void Of_equal_ranks_the_leftmost_merges_first()
    {
        var merges = new MergeTable(2);
        merges.Add('a', 'b', 0, 256);
        merges.Add('b', 'c', 0, 257);
        foreach (var merge in (Func<MergeTable, int[], int>[])[(m, ids) => Merging.Scan(m, ids), (m, ids) => Merging.Heap(m, ids)])
        {
            int[] ids = ['a', 'b', 'c', 'b', 'c'];
            Assert.Equal([256, 'c', 257], ids[..merge(merges, ids)]);
        }
    }

    [Fact]
    public void A_word_of_a_megabyte_is_encoded_and_decoded()
    {
        var tokenizer = Tokenizer.ForEncoding("gpt2");
        string half = string.Concat(Corpus.Load("moby-dick").Text.Where(char.IsAsciiLetterLower))[..500_000], word = half + half;
        Assert.Equal(word, tokenizer.Decode(tokenizer.Encode(word)));
    }
}
