using System.Runtime.CompilerServices;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Tensors.Tests;

// Each test has a device of its own: other tests use the processor's common pool at the same time.
public class MemoryTests
{
    private readonly Device _device = new(new CpuKernels());

    [Fact]
    public void A_scope_releases_what_was_made_in_it()
    {
        var x = Leaf(100);
        var before = _device.Memory;
        using (new TensorScope())
        {
            var y = (x * 2f).Exp().Reshape(10, 10).MatMul(x.Reshape(10, 10)).Softmax();
            Assert.True(_device.Memory.LiveBlocks > before.LiveBlocks);
            // The history of y is dropped without having been used.
        }
        Assert.Equal((before.Live, before.LiveBlocks), (_device.Memory.Live, _device.Memory.LiveBlocks));
    }

    [Fact]
    public void What_a_scope_keeps_belongs_to_the_scope_around_it()
    {
        Tensor inner, outer;
        using (var around = new TensorScope())
        {
            using (var scope = new TensorScope())
            {
                inner = scope.Keep(Zeros(10));
                outer = scope.Keep(Zeros(10));
                Zeros(10);
            }
            Assert.Equal(2, _device.Memory.LiveBlocks);
            around.Keep(outer);
        }
        Assert.Equal(1, _device.Memory.LiveBlocks);
        Assert.Throws<ObjectDisposedException>(() => inner.ToArray());
        Assert.Equal(10, outer.ToArray().Length);
        outer.Dispose();
        outer.Dispose();
        Assert.Equal(0, _device.Memory.LiveBlocks);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public void The_gradient_of_logits_takes_their_place_where_nobody_holds_them(bool dispose, int most)
    {
        const int rows = 32, vocabulary = 4096, bytes = rows * vocabulary * 4;
        Tensor x = Tensor.Normal(new RandomStream(1), 0, 1, rows, 8).To(_device), weight = Leaf(vocabulary * 8);
        using var scope = new TensorScope();
        var labels = Tensor.From([.. Enumerable.Range(0, rows)], rows).To(_device);
        var before = _device.Memory.Live;
        var logits = x.Linear(weight.Reshape(vocabulary, 8));
        var loss = logits.CrossEntropy(labels);
        if (dispose)
            logits.Dispose();
        _device.ResetPeak();
        loss.Backward();
        Assert.InRange(_device.Memory.Peak - before, most * (long)bytes, most * (long)bytes + bytes / 2);
    }

    [Fact]
    public void A_result_that_is_kept_keeps_what_its_history_needs()
    {
        var x = Leaf(100);
        Tensor loss;
        using (var scope = new TensorScope())
            loss = scope.Keep(x.Exp().Square().Sum());
        loss.Backward();
        Assert.Equal(2f, x.Grad!.ToArray()[7]);
        loss.Dispose();
        x.Dispose();
        Assert.Equal(0, _device.Memory.LiveBlocks);
    }

    [Fact]
    public void Nothing_is_left_after_a_step_that_failed()
    {
        var x = Leaf(4);
        using (new TensorScope())
        {
            var factor = Zeros(4);
            var y = (x.Exp() * factor).Sum();
            factor.CopyFrom([1f, 2, 3, 4]);
            Assert.Throws<InvalidOperationException>(() => y.Backward());
            Assert.Throws<ArgumentException>(() => x.MatMul(x));
        }
        x.Dispose();
        Assert.Equal(0, _device.Memory.LiveBlocks);
    }

    [Fact]
    public void Released_tensors_say_so()
    {
        var x = Zeros(2, 3);
        x.Dispose();
        Assert.Contains("MatMul", Assert.Throws<ObjectDisposedException>(() => x.MatMul(x)).Message);
        Assert.Throws<ObjectDisposedException>(() => x.Reshape(6));
        Assert.Throws<ObjectDisposedException>(() => Tensor.Concatenate(0, x));
        Assert.Contains("released", x.ToString());
    }

    [Fact]
    public void The_garbage_collector_finds_what_nobody_released()
    {
        Forget();
        for (var i = 0; i < 10 && _device.Memory.LiveBlocks > 0; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.Equal(0, _device.Memory.LiveBlocks);
        // What came back serves again.
        var allocations = _device.Memory.Allocations;
        Zeros(1000);
        Assert.Equal(allocations, _device.Memory.Allocations);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Forget()
        {
            var x = Leaf(1000);
            for (var i = 0; i < 5; i++)
                (x.Exp() * x).Reshape(10, 100).Sum(0).Softmax();
        }
    }

    [Fact]
    public void Memory_that_nobody_released_is_found_before_it_runs_out()
    {
        _device.MemoryLimit = 10_000_000;
        for (var i = 0; i < 100; i++)
            Make();
        Assert.InRange(_device.Memory.Peak, 1_000_000, 10_000_000);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Make() => Zeros(250_000);
    }

    [Fact]
    public void Running_out_names_the_size_and_who_holds_most()
    {
        _device.MemoryLimit = 10_000_000;
        Tensor large = Zeros(1_000_000), small = Zeros(1000);
        var failure = Assert.Throws<TensorMemoryException>(() => large.Exp().Exp());
        Assert.Contains("Exp needs 4.0 MB on cpu", failure.Message);
        Assert.Contains("10.0 MB", failure.Message);
        Assert.Contains("Zeros 4.", failure.Message);
        large.Dispose();
        small.Dispose();
        Assert.Equal(2_000_000, Zeros(2_000_000).Count);
        Assert.Throws<TensorMemoryException>(() => Zeros(1 << 30, 1 << 20));
        Assert.Throws<ArgumentException>(() => Zeros(1 << 30, 1 << 30, 1 << 30));
    }

    [Fact]
    public void The_peak_is_what_was_in_use_at_once()
    {
        Tensor a = Zeros(1024), b = Zeros(1024);
        a.Dispose();
        b.Dispose();
        Zeros(1024).Dispose();
        Assert.Equal((0, 8192, 8192, 2), (_device.Memory.Live, _device.Memory.Peak, _device.Memory.Cached, _device.Memory.Allocations));
        _device.ResetPeak();
        _device.TrimMemory();
        Assert.Equal((0, 0), (_device.Memory.Peak, _device.Memory.Cached));
        Assert.Equal("0 B in use, at most 0 B, 0 B waiting", _device.Memory.ToString());
    }

    [Fact]
    public void A_steady_training_step_needs_nothing_new()
    {
        const int layers = 12, width = 32, heads = 4, time = 16, vocabulary = 50;
        var random = new RandomStream(1);
        List<Tensor> all = [];
        Tensor embedding = Parameter(0.1f, vocabulary, width), positions = Parameter(0.1f, time, width), last = Parameter(1, width),
            lastBias = Parameter(1, width);
        var blocks = Enumerable.Range(0, layers)
            .Select(
                _ => (N1: Parameter(1, width), B1: Parameter(1, width), Qkv: Parameter(0.1f, 3 * width, width),
                    QkvB: Parameter(0.1f, 3 * width),
                    Out: Parameter(0.1f, width, width), OutB: Parameter(0.1f, width), N2: Parameter(1, width), B2: Parameter(1, width),
                    Up: Parameter(0.1f, 4 * width, width), UpB: Parameter(0.1f, 4 * width),
                    Down: Parameter(0.1f, width, 4 * width), DownB: Parameter(0.1f, width))).ToArray();
        Tensor[] parameters = [.. all], m = [.. all.Select(p => Zeros(p.Shape))], v = [.. all.Select(p => Zeros(p.Shape))];
        var gradients = new Tensor?[parameters.Length];
        Tensor ids = Tensor.From([.. Enumerable.Range(0, 2 * time).Select(i => i * 7 % vocabulary)], 2, time).To(_device),
            labels = Tensor.From([.. Enumerable.Range(0, 2 * time).Select(i => i * 11 % vocabulary)], 2, time).To(_device);
        var step = 0;
        for (var i = 0; i < 5; i++)
            Step();
        var before = _device.Memory;
        var managed = GC.GetAllocatedBytesForCurrentThread();
        Step();
        managed = GC.GetAllocatedBytesForCurrentThread() - managed;
        var after = _device.Memory;
        Assert.Equal((before.Allocations, before.LiveBlocks, before.Live, before.Peak),
            (after.Allocations, after.LiveBlocks, after.Live, after.Peak));
        Assert.InRange(managed, 0, 64 * 1024);
        TestContext.Current.SendDiagnosticMessage($"A step of {layers} layers: {managed} managed bytes, {before.Peak} native at most.");

        void Step()
        {
            using var scope = new TensorScope();
            foreach (var parameter in parameters)
                parameter.ClearGrad();
            var x = embedding.Embedding(ids) + positions;
            foreach (var b in blocks)
            {
                x += Attention.Packed(x.LayerNorm(b.N1, b.B1).Linear(b.Qkv, b.QkvB), heads, heads, new AttentionOptions { Causal = true })
                    .Linear(b.Out, b.OutB);
                x += x.LayerNorm(b.N2, b.B2).Linear(b.Up, b.UpB).Gelu().Linear(b.Down, b.DownB);
            }
            var loss = x.LayerNorm(last, lastBias).Linear(embedding).CrossEntropy(labels);
            loss.Backward();
            for (var i = 0; i < parameters.Length; i++)
                gradients[i] = parameters[i].Grad;
            Optimizers.AdamWStep(parameters, gradients, m, v, ++step, 1e-3f);
        }

        Tensor Parameter(float deviation, params ReadOnlySpan<int> shape)
        {
            var parameter = Tensor.Normal(random, 0, deviation, shape).To(_device);
            parameter.RequiresGrad = true;
            all.Add(parameter);
            return parameter;
        }
    }

    [Fact]
    public void Devices_do_not_mix_but_gradients_cross()
    {
        var here = Tensor.From([1f, 2]);
        here.RequiresGrad = true;
        Assert.Contains("To", Assert.Throws<ArgumentException>(() => here + Zeros(2)).Message);
        var there = here.To(_device);
        Assert.Same(_device, there.Device);
        there.Square().Sum().Backward();
        Assert.Equal([2f, 4], here.Grad!.ToArray());
        Assert.Same(Device.Cpu, here.Grad.Device);
    }

    [Fact]
    public void Blocks_are_aligned_and_waste_little()
    {
        for (long bytes = 1; bytes < 1 << 20; bytes = bytes * 9 / 8 + 1)
        {
            var storage = _device.Pool.Rent(bytes, "test");
            Assert.Equal(0, storage.Address % 64);
            Assert.InRange(storage.Bytes, bytes, Math.Max(bytes + 64, bytes * 9 / 8));
            storage.Release();
        }
    }

    [Fact]
    public void Scopes_belong_to_their_thread()
    {
        var scope = new TensorScope();
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(scope.Dispose));
        thread.Start();
        thread.Join();
        Assert.IsType<InvalidOperationException>(failure);
        scope.Dispose();
    }

    private Tensor Zeros(params ReadOnlySpan<int> shape) => Tensor.Zeros(DType.Float32, _device, shape);

    private Tensor Leaf(int count)
    {
        var tensor = Zeros(count);
        tensor.RequiresGrad = true;
        return tensor;
    }
}
