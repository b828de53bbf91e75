namespace Mezcla.Tensors.Devices.Gpu;

/// <summary>Products of factors that are rounded to bfloat16 first. A weight is rounded once for all products between two changes of it, other factors for each, or for two that follow each other.</summary>
internal sealed unsafe partial class GpuKernels
{
    // Rows and columns that a group makes: see products_mma.cl.
    private const long Wide = 128;

    private ProductPrecision precision;
    private int epoch;
    private Handle recent;
    private NarrowCopy? recentCopy;

    internal override ProductPrecision Precision
    {
        get => precision;
        set
        {
            if (value == precision)
                return;
            if (value == ProductPrecision.BFloat16)
            {
                if (driver.NoTensorCores is { } why)
                    throw new DeviceException($"{Name} has no products of bfloat16: {why}. Use float32 there, or another device; mezcla doctor lists them.");
                if (!tensorCores)
                    driver.Compile(KernelSource.For(group, KernelSource.TensorCoreFiles));
                tensorCores = true;
            }
            precision = value;
            NewEpoch();
        }
    }

    private bool tensorCores;

    private void NarrowMatMul(in Product product, Handle a, Handle b, Handle bias, Handle c, bool accumulate)
    {
        var (batch, m, n, k, transposeA, transposeB, strideA, strideB, strideC) = product;
        Handle left = Narrow(a, (strideA == 0 ? 1 : batch) * (long)m * k), right = Narrow(b, (strideB == 0 ? 1 : batch) * (long)n * k);
        if (!DriversProduct(product, true, left, right, bias, c, accumulate))
        {
            long ai = transposeA ? 1 : k, ak = transposeA ? m : 1, bk = transposeB ? 1 : n, bj = transposeB ? k : 1;
            Products("matmul_mma", c, batch * Tiles(m) * Tiles(n), left, ai, ak, strideA, right, bk, bj, strideB, bias, c, strideC, (long)m, (long)n, (long)k, accumulate);
        }
        left.Storage!.Release();
        right.Storage!.Release();
    }

    private void NarrowGroupedMatMul(Handle a, Handle b, long bk, long bj, Handle offsets, Handle c, int groups, long rows, int n, int k, bool accumulate)
    {
        Handle left = Narrow(a, rows * k), right = Narrow(b, (long)groups * n * k);
        Products("grouped_matmul_mma", c, (Tiles(rows) + groups) * Tiles(n), left, right, bk, bj, offsets, c, (long)groups, rows, (long)n, (long)k, accumulate);
        left.Storage!.Release();
        right.Storage!.Release();
    }

    private void NarrowGroupedOuter(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int m, int n, bool accumulate)
    {
        Handle left = Narrow(a, rows * m), right = Narrow(b, rows * n);
        Products("grouped_outer_mma", c, groups * Tiles(m) * Tiles(n), left, right, offsets, c, rows, (long)m, (long)n, accumulate);
        left.Storage!.Release();
        right.Storage!.Release();
    }

    private static long Tiles(long size) => (size + Wide - 1) / Wide;

    // Writes only to C: other rounded copies stay good.
    private void Products(string kernel, Handle c, long groups, params ReadOnlySpan<KernelArgument> arguments)
    {
        Launch(kernel, groups, GpuDriver.TensorCoreGroup, arguments);
        Wrote(c);
    }

    /// <summary>So many numbers from <paramref name="x"/> on, rounded. The caller releases the storage.</summary>
    private Handle Narrow(Handle x, long count)
    {
        var storage = x.Storage!;
        bool learned = storage.IsLearned;
        lock (gate)
            if ((learned ? storage.Narrow : recent.Storage == storage ? recentCopy : null) is { } made
                && (made.Version, made.Epoch, made.Offset, made.Count) == (storage.Version, epoch, x.Offset, count))
            {
                made.Copy.AddReference();
                return new Handle(made.Copy, 0);
            }
        var to = new Handle(Pool.Rent(Math.Max(count, 1) * 2, "factors in bfloat16"), 0);
        Launch("narrow_all", ((count + 3) / 4 + FlatGroup - 1) / FlatGroup, FlatGroup, [x, to, count]);
        var copy = new NarrowCopy(to.Storage!, storage.Version, epoch, x.Offset, count);
        copy.Copy.AddReference();
        lock (gate)
            if (learned)
            {
                storage.Narrow?.Copy.Release();
                storage.Narrow = copy;
            }
            else
            {
                ForgetNarrow();
                (recent, recentCopy) = (x, copy);
            }
        return to;
    }

    /// <summary>What was rounded before does not count any more: numbers change without a version from here on.</summary>
    private void NewEpoch()
    {
        ForgetNarrow();
        epoch++;
    }

    /// <summary>Some other kernel may have written to what was rounded.</summary>
    private void ForgetNarrow()
    {
        if (recentCopy is null)
            return;
        lock (gate)
        {
            recentCopy?.Copy.Release();
            (recent, recentCopy) = (default, null);
        }
    }

    private bool Wrote(Handle c)
    {
        if (c.Storage == recent.Storage)
            ForgetNarrow();
        return true;
    }
}
