using Mezcla.Tensors.Cpu;

namespace Mezcla.Tensors.Tests.Cpu;

[Collection(KernelCollection.Name)]
public sealed unsafe class CpuThreadsTests
{
    private struct CountJob : IParallelJob
    {
        public int* Counts;
        public int FailAt;
        public bool Nested;

        public readonly void Run(int chunk)
        {
            Interlocked.Increment(ref Counts[chunk]);
            if (chunk == FailAt)
                throw new ArithmeticException("on purpose");
            if (!Nested)
                return;
            var inner = new CountJob { Counts = Counts + 100, FailAt = -1 };
            CpuThreads.Run(3, ref inner);
        }
    }

    private static void With(int threads, Action action)
    {
        var before = CpuThreads.Count;
        CpuThreads.Count = threads;
        try
        {
            action();
        }
        finally
        {
            CpuThreads.Count = before;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Every_chunk_runs_once_over_thousands_of_jobs(int threads) => With(threads, () =>
    {
        var counts = new int[64];
        var expected = new int[64];
        fixed (int* pointer = counts)
            for (var round = 0; round < 5000; round++)
            {
                var chunks = round % 64;
                var job = new CountJob { Counts = pointer, FailAt = -1 };
                CpuThreads.Run(chunks, ref job);
                for (var i = 0; i < chunks; i++)
                    expected[i]++;
                if (round % 1000 == 999)
                    Thread.Sleep(5); // long enough for the workers to fall asleep
            }
        Assert.Equal(expected, counts);
    });

    [Fact]
    public void A_job_inside_a_job_runs_on_its_own_thread() => With(4, () =>
    {
        var counts = new int[200];
        fixed (int* pointer = counts)
        {
            var job = new CountJob { Counts = pointer, FailAt = -1, Nested = true };
            CpuThreads.Run(20, ref job);
        }
        Assert.All(counts[..20], count => Assert.Equal(1, count));
        Assert.All(counts[100..103], count => Assert.Equal(20, count));
    });

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void An_exception_reaches_the_caller_and_the_pool_lives_on(int threads) => With(threads, () =>
    {
        var counts = new int[200];
        fixed (int* pointer = counts)
        {
            var job = new CountJob { Counts = pointer, FailAt = 5 };
            var thrown = false;
            try
            {
                CpuThreads.Run(10, ref job);
            }
            catch (ArithmeticException)
            {
                thrown = true;
            }
            Assert.True(thrown);
            job.FailAt = -1;
            CpuThreads.Run(10, ref job);
        }
        Assert.True(counts[9] >= 1);
    });

    [Fact]
    public void Callers_on_several_threads_do_not_disturb_each_other() => With(3, () =>
    {
        var all = Enumerable.Range(0, 4).Select(_ => new int[16]).ToArray();
        var threads = all.Select(counts => new Thread(() =>
        {
            fixed (int* pointer = counts)
                for (var round = 0; round < 2000; round++)
                {
                    var job = new CountJob { Counts = pointer, FailAt = -1 };
                    CpuThreads.Run(16, ref job);
                }
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.All(all, counts => Assert.All(counts, count => Assert.Equal(2000, count)));
    });

    [Fact]
    public void No_threads_is_an_error() => Assert.Throws<ArgumentOutOfRangeException>(() => CpuThreads.Count = 0);
}
