using System.Runtime.InteropServices;
using FsCheck;
using FsCheck.Fluent;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Tests.Cpu;

/// <summary>
/// Calls one kernel of the device contract on the plain device, and on the CPU with every vector width and with 1 and 4 threads, always on
/// copies of the same arrays, and compares every array afterwards, read or written.
/// </summary>
internal static class AgainstPlain
{
    // An odd number of floats, so that arrays begin at addresses that are multiples of 4 and of nothing more.
    private const int GuardBytes = 17 * 4;
    private const byte Guard = 0xA5;

    /// <summary>A result that a kernel must overwrite: NaN, which no comparison takes for a number.</summary>
    public static float[] Unwritten(int count) => [.. Enumerable.Repeat(float.NaN, count)];

    /// <summary>Compares a kernel that returns nothing.</summary>
    public static void Check(double tolerance, Array?[] arrays, Action<DeviceKernels, Handle[]> kernel, double scale = 1)
        => Check(tolerance, arrays, (kernels, handles) =>
        {
            kernel(kernels, handles);
            return -1;
        }, scale);

    /// <summary>Compares a kernel that returns a position.</summary>
    /// <param name="tolerance">The largest difference of two floats, relative to the plain one or to
    /// <paramref name="scale"/>, whichever is larger; 0 for equal numbers.</param>
    /// <param name="arrays">Operands and results: arrays of float, int, ushort or byte; null for an operand that is not there.</param>
    /// <param name="kernel">The call, given a handle for each array.</param>
    /// <param name="scale">The size of what is added up in the kernel, which rounding errors are relative to.</param>
    public static void Check(double tolerance, Array?[] arrays, Func<DeviceKernels, Handle[], long> kernel, double scale = 1)
    {
        var expected = Run(Device.Plain, arrays, kernel);
        var actual = KernelTest.OnEveryPath(() => Run(Device.Cpu, arrays, kernel));
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var same = expected[i].Equals(actual[i]) || expected[i] == actual[i]
                || Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(scale, Math.Abs(expected[i]));
            Assert.True(same,
                $"number {i} is {actual[i]:R} on the CPU and {expected[i]:R} on the plain device; arrays " +
                    $"of {string.Join(", ", arrays.Select(a => a?.Length ?? 0))}");
        }
    }

    // The number returned, then all arrays, one after the other; integers are small enough to be floats.
    private static float[] Run(Device device, Array?[] arrays, Func<DeviceKernels, Handle[], long> kernel)
    {
        var storages = arrays.Select(array => array is null ? null : device.Pool.Rent(Size(array) + 2 * GuardBytes, "test")).ToArray();
        try
        {
            for (var i = 0; i < arrays.Length; i++)
                if (arrays[i] is { } array)
                    device.Kernels.Upload(Guarded(array), new Handle(storages[i], 0));
            var all =
                new List<float>
                {
                    kernel(device.Kernels, [.. storages.Select(storage => storage is null ? default : new Handle(storage, GuardBytes))])
                };
            for (var i = 0; i < arrays.Length; i++)
                if (arrays[i] is { } array)
                    all.AddRange(Numbers(device, storages[i]!, array));
            return [.. all];
        }
        finally
        {
            foreach (var storage in storages)
                storage?.Release();
        }
    }

    private static int Size(Array array) => Buffer.ByteLength(array);

    private static byte[] Guarded(Array array)
    {
        var bytes = new byte[Size(array) + 2 * GuardBytes];
        Array.Fill(bytes, Guard);
        Buffer.BlockCopy(array, 0, bytes, GuardBytes, Size(array));
        return bytes;
    }

    private static IEnumerable<float> Numbers(Device device, Storage storage, Array array)
    {
        var bytes = new byte[Size(array) + 2 * GuardBytes];
        device.Kernels.Download(new Handle(storage, 0), bytes);
        Assert.True(!bytes.AsSpan(0, GuardBytes).ContainsAnyExcept(Guard), $"{device} has written before the start");
        Assert.True(!bytes.AsSpan(GuardBytes + Size(array)).ContainsAnyExcept(Guard), $"{device} has written behind the end");
        var middle = bytes.AsSpan(GuardBytes, Size(array));
        return array switch
        {
            float[] => MemoryMarshal.Cast<byte, float>(middle).ToArray(),
            int[] => MemoryMarshal.Cast<byte, int>(middle).ToArray().Select(value => (float)value),
            ushort[] => MemoryMarshal.Cast<byte, ushort>(middle).ToArray().Select(value => (float)value),
            _ => middle.ToArray().Select(value => (float)value),
        };
    }
}

/// <summary>Sizes [outer, n, inner] of a kernel's operand, and a seed for the numbers in it and for options.</summary>
public sealed record Sized(int Outer, int N, int Inner, int Seed)
{
    public int Count => Outer * N * Inner;

    /// <summary>Option number <paramref name="bit"/>: on or off.</summary>
    public bool Is(int bit) => (Pick(2, bit) & 1) != 0;

    /// <summary>A number from 0 to below <paramref name="n"/>.</summary>
    public int Pick(int n, int salt = 0) => new Random(Seed + 7919 * salt).Next(n);

    public float[] Floats(int count, int salt, float low = -2, float high = 2) => KernelTest.Random(count, Seed + 31 * salt, low, high);

    /// <summary>Numbers among which are ties, zeros of both signs, infinities and, where wanted, NaN.</summary>
    public float[] Specials(int count, int salt, bool nan = true)
    {
        float[] special = [0, -0f, 1, 1, -1, float.PositiveInfinity, float.NegativeInfinity, 1e-40f, float.MaxValue,
            .. nan ? [float.NaN] : Array.Empty<float>()];
        var random = new Random(Seed + 77 * salt);
        return [.. Floats(count, salt).Select(value => random.Next(4) == 0 ? special[random.Next(special.Length)] : value)];
    }

    public int[] Ints(int count, int salt, int from, int to)
    {
        var random = new Random(Seed + 13 * salt);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(from, Math.Max(to, from + 1)))];
    }

    public override string ToString() => $"[{Outer}, {N}, {Inner}] seed {Seed}";
}

/// <summary>Sizes around the widths of vectors and, now and then, of the pieces that threads share; at most 60,000 elements.</summary>
public static class KernelSizes
{
    public static Arbitrary<Sized> Any() => Arb.From(
        from n in Gen.Frequency((1, Gen.Constant(0)), (3, Gen.Constant(1)), (8, Gen.Choose(2, 40)),
            (4, Gen.Elements(15, 16, 17, 31, 32, 33, 255, 256, 257)),
            (2, Gen.Elements(1000, 16383, 16385, 40001)))
        from outer in Gen.Frequency((1, Gen.Constant(0)), (6, Gen.Constant(1)), (8, Gen.Choose(2, 9)), (2, Gen.Elements(33, 70, 300)))
        from inner in Gen.Frequency((8, Gen.Constant(1)), (8, Gen.Choose(2, 9)), (2, Gen.Elements(16, 65, 300)))
        from seed in Gen.Choose(0, 1_000_000)
        select Limited(outer, n, inner, seed), Shrink);

    private static Sized Limited(int outer, int n, int inner, int seed)
    {
        inner = Math.Min(inner, Math.Max(1, 60_000 / Math.Max(1, n)));
        outer = Math.Min(outer, Math.Max(1, 60_000 / Math.Max(1, n * inner)));
        return new Sized(outer, n, inner, seed);
    }

    private static IEnumerable<Sized> Shrink(Sized sized)
    {
        if (sized.Outer > 1)
            yield return sized with { Outer = sized.Outer / 2 };
        if (sized.N > 1)
            yield return sized with { N = sized.N / 2 };
        if (sized.Inner > 1)
            yield return sized with { Inner = sized.Inner / 2 };
    }
}
