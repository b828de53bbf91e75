using System.Diagnostics;

namespace Mezcla.Distributed;

/// <summary>
/// Adds up gradients over a group of processes while the backward pass still computes others (Li et al. 2020, section 3.2.3). The last
/// layers' gradients are complete first, so parameters are put into buckets in reverse order. Buckets cross one after another, in this
/// order in every process, each as soon as all its gradients are complete.
/// </summary>
/// <param name="group">The processes, which call nothing else of this group: it may be busy at any time.</param>
/// <param name="parameters">Those whose gradients are added up, in the same order in each process.</param>
internal sealed class GradientSums(MpiGroup group, IEnumerable<Tensor> parameters)
{
    // 1 MB a bucket: large enough to fill a link, small enough for many to be on their way before the pass ends.
    private const int BucketNumbers = 1 << 18;

    private readonly List<Bucket> _buckets = Pack(parameters);
    private Task _crossing = Task.CompletedTask;
    private int _next;
    private long _ticks;

    /// <summary>Bytes that this process has sent to others.</summary>
    public long BytesSent => group.BytesSent;

    /// <summary>Seconds in which <see cref="Finish"/> had nothing to do but wait.</summary>
    public double Waited => _ticks / (double)Stopwatch.Frequency;

    /// <summary>Takes note that the gradient of a parameter is complete. Sends what can be sent now.</summary>
    public void Complete(Tensor parameter)
    {
        if (group.Count == 1)
            return;
        foreach (var bucket in _buckets.Skip(_next))
            bucket.Incomplete.Remove(parameter);
        while (_next < _buckets.Count && _buckets[_next].Incomplete.Count == 0)
            Send(_buckets[_next++]);
    }

    /// <summary>Waits until all gradients are added up, and writes the sums in their place.</summary>
    public void Finish()
    {
        if (group.Count == 1)
            return;
        while (_next < _buckets.Count)
            Send(_buckets[_next++]);
        var began = Stopwatch.GetTimestamp();
        group.Pausing = false;
        _crossing.Wait();
        group.Pausing = true;
        _ticks += Stopwatch.GetTimestamp() - began;
        _next = 0;
        foreach (var bucket in _buckets)
            bucket.Write();
    }

    private void Send(Bucket bucket)
    {
        var numbers = bucket.Read();
        _crossing = _crossing.ContinueWith(before =>
        {
            before.GetAwaiter().GetResult();
            group.Sum(numbers.Span);
        }, TaskScheduler.Default);
    }

    private static List<Bucket> Pack(IEnumerable<Tensor> parameters)
    {
        var buckets = new List<Bucket>();
        var room = 0;
        foreach (var parameter in parameters.Reverse())
            for (long start = 0; start < parameter.Count;)
            {
                if (room == 0)
                {
                    buckets.Add(new());
                    room = BucketNumbers;
                }

                var count = (int)Math.Min(room, parameter.Count - start);
                buckets[^1].Parts.Add((parameter, (int)start, count));
                room -= count;
                start += count;
            }

        foreach (var bucket in buckets)
            bucket.Begin();
        return buckets;
    }

    private sealed class Bucket
    {
        private float[] _numbers = [];

        // The processes compute the same operations, so the same parameters have gradients in all of them.
        private IEnumerable<(Tensor Gradient, int Start, int Count)> Gradients =>
            Parts.Where(part => part.Parameter.Grad is not null).Select(part => (part.Parameter.Grad!, part.Start, part.Count));

        public List<(Tensor Parameter, int Start, int Count)> Parts { get; } = [];

        public HashSet<Tensor> Incomplete { get; } = [];

        public void Begin() => Incomplete.UnionWith(Parts.Select(part => part.Parameter));

        public Memory<float> Read()
        {
            if (_numbers.Length == 0)
                _numbers = new float[Parts.Sum(part => part.Count)];
            var at = 0;
            foreach (var (gradient, start, count) in Gradients)
            {
                HostMemory.Read(gradient, start, _numbers.AsSpan(at, count));
                at += count;
            }

            return _numbers.AsMemory(0, at);
        }

        public void Write()
        {
            var at = 0;
            foreach (var (gradient, start, count) in Gradients)
            {
                HostMemory.Write(gradient, start, _numbers.AsSpan(at, count));
                at += count;
            }

            Begin();
        }
    }
}
