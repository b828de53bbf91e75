using FsCheck;
using FsCheck.Fluent;

namespace Mezcla.Tensors.Tests.Reference;

/// <summary>A random shape, and a seed for the numbers in it.</summary>
public sealed record Shaped(int[] Sizes, int Seed)
{
    public int Rank => Sizes.Length;

    /// <summary>A number from 0 to below <paramref name="n"/> that depends on the seed and on what it is for.</summary>
    public int Pick(int n, int salt = 0) => (int)((uint)(Seed * 31 + salt * 7919 + 17) * 2654435761u >> 8) % n;

    public override string ToString() => $"[{string.Join(", ", Sizes)}] seed {Seed}";
}

/// <summary>
/// Shapes of rank 0 to 4 with at most 400 elements. Sizes: 1 and small odd ones
/// mostly, now and then 0, and such as cross the widths of vectors.
/// </summary>
public static class Shapes
{
    public static Arbitrary<Shaped> Any() => Arb.From(
        from rank in Gen.Choose(0, 4)
        from sizes in Size.ArrayOf(rank)
        from seed in Gen.Choose(0, 1_000_000)
        select new Shaped(Limited(sizes), seed), Shrink);

    private static Gen<int> Size =>
        Gen.Frequency((1, Gen.Constant(0)), (4, Gen.Constant(1)), (12, Gen.Choose(2, 7)), (3, Gen.Elements(8, 15, 16, 17, 33, 67)));

    private static int[] Limited(int[] sizes)
    {
        var product = 1;
        for (var i = 0; i < sizes.Length; i++)
        {
            while (product * sizes[i] > 400)
                sizes[i] = (sizes[i] + 1) / 2;
            product *= Math.Max(sizes[i], 1);
        }
        return sizes;
    }

    private static IEnumerable<Shaped> Shrink(Shaped shaped)
    {
        for (var i = 0; i < shaped.Rank; i++)
        {
            yield return shaped with { Sizes = [.. shaped.Sizes.Where((_, axis) => axis != i)] };
            if (shaped.Sizes[i] > 1)
                yield return shaped with { Sizes = [.. shaped.Sizes.Select((size, axis) => axis == i ? size / 2 : size)] };
        }
    }
}
