using FsCheck.Xunit;
using Mezcla.Kernel.History;

namespace Mezcla.Kernel.Tests;

public sealed class HistoryStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla").FullName;

    private string FilePath => Path.Combine(_folder, "history.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private HistoryStore Open() => new(FilePath, new KernelLog(TextWriter.Null));

    [Fact]
    public void Damaged_lines_are_passed_over()
    {
        Open().Add(1, "good");
        File.AppendAllText(FilePath,
            "{\"session\":1,\"line\":2,\"inp\n\n[]\n{\"session\":\"x\"}\n{\"session\":3,\"line\":1,\"input\":\"better\"}\n");
        HistoryStore store = Open();
        Assert.Equal(["good", "better"], store.Tail(10).Select(e => e.Input));
        Assert.Equal(4, store.Session);
    }

    [Fact]
    public void Kernels_at_the_same_time_get_sessions_of_their_own_and_lose_nothing()
    {
        HistoryStore[] stores = [.. Enumerable.Range(0, 8).AsParallel().WithDegreeOfParallelism(8).Select(_ =>
        {
            HistoryStore store = Open();
            for (var line = 1; line <= 20; line++)
                store.Add(line, $"line {line}\n of 😀");
            return store;
        })];
        Assert.Equal(8, stores.Select(s => s.Session).Distinct().Count());
        Assert.Equal(160, Open().Tail(1000).Count);
    }

    [Fact]
    public void A_file_grown_too_large_loses_its_older_half()
    {
        HistoryStore store = Open();
        string cell = new('x', 100_000);
        for (var line = 1; line <= 100; line++)
            store.Add(line, cell);
        Assert.Equal(50, Open().Tail(1000).Count);
        Assert.Equal(50, Open().Tail(1000).Count);
        Assert.InRange(new FileInfo(FilePath).Length, 4_000_000, 6_000_000);
    }

    [Fact]
    public void Where_the_file_cannot_be_written_history_lasts_as_long_as_the_kernel()
    {
        Directory.CreateDirectory(FilePath);
        var log = new StringWriter();
        var store = new HistoryStore(FilePath, new KernelLog(log));
        store.Add(1, "kept");
        Assert.Equal("kept", store.Tail(1).Single().Input);
        Assert.Contains("memory only", log.ToString());
    }

    [Fact]
    public void Unique_search_keeps_each_text_where_it_was_last()
    {
        HistoryStore store = Open();
        string[] inputs = ["a1", "b", "a2", "a1"];
        for (var i = 0; i < inputs.Length; i++)
            store.Add(i + 1, inputs[i]);
        Assert.Equal([3, 4], store.Search("a*", null, unique: true).Select(e => e.Line));
        Assert.Equal([4], store.Search("a?", 1, unique: false).Select(e => e.Line));
    }

    [Property]
    public bool Star_matches_any_text_between(string before, string between, string after)
    {
        (before, between, after) = (before ?? "", between ?? "", after ?? "");
        string Plain(string s) => s.Replace("*", "+").Replace("?", "!");
        return HistoryStore.Matches(Plain(before) + between + Plain(after), $"{Plain(before)}*{Plain(after)}");
    }

    [Fact]
    public void A_pattern_of_many_stars_takes_no_longer_than_it_should() =>
        Assert.False(HistoryStore.Matches(new string('a', 20_000), string.Concat(Enumerable.Repeat("a*", 200)) + "b"));
}
