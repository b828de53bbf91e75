using FsCheck.Xunit;
using Mezcla.Tensors.Devices;
using static Mezcla.Tensors.Tests.Cpu.AgainstPlain;

namespace Mezcla.Tensors.Tests.Cpu;

/// <summary>
/// Functions of single elements on the CPU and on the plain device, special values included. One operation of arithmetic has the same bits
/// on both; what is added to a result afterwards is rounded twice on the CPU, so those differ in the last place, 1.2e-7.
/// </summary>
[Collection(KernelCollection.Name)]
[Properties(Arbitrary = [typeof(KernelSizes)], MaxTest = 25, QuietOnSuccess = true)]
public sealed class ElementKernelTests
{
    private const double LastPlace = 1.2e-7;

    [Property]
    public void Scaled(Sized s)
    {
        foreach (var factor in new[] { 1f, -0.3f })
        {
            Check(0, [s.Specials(s.Count, 1), Unwritten(s.Count)], (k, h) => k.Scale(h[0], h[1], s.Count, factor, false));
            Check(LastPlace, [s.Floats(s.Count, 1), s.Floats(s.Count, 2)], (k, h) => k.Scale(h[0], h[1], s.Count, factor, true), scale: 2);
        }
    }

    // The CPU's polynomials are good to about 2e-7, those of GELU by tanh and of Φ to
    // 3e-6: VectorMathTests measures each over its whole range.
    [Property]
    public void Functions_and_their_derivatives(Sized s)
    {
        foreach (var kind in Enum.GetValues<UnaryKind>())
        {
            var x = kind == UnaryKind.Pow ? s.Floats(s.Count, 1, 0.1f, 3) : s.Specials(s.Count, 1);
            const float a = 1.5f, b = -0.25f;
            var tolerance = kind is UnaryKind.GeluTanh ? 3e-6 : 5e-7;
            Check(tolerance, [x, Unwritten(s.Count)], (k, h) => k.Unary(kind, h[0], h[1], s.Count, a, b));
            // What is saved and squared or divided by must be such that nothing overflows: there the order of operations shows.
            var saved = kind.SavesNothing() ? null : s.Floats(s.Count, 2, 0.1f, 2);
            foreach (var accumulate in new[] { false, true })
                Check(tolerance, [saved, s.Floats(s.Count, 3), s.Floats(s.Count, 4)],
                    (k, h) => k.UnaryBackward(kind, h[0], h[1], h[2], s.Count, a, b, accumulate), scale: 4);
        }
    }

    [Property]
    public void Functions_of_two_with_repeated_axes(Sized s)
    {
        var shape = new Shape(s.Outer, s.N, s.Inner);
        long[] whole = [(long)s.N * s.Inner, s.Inner, 1], repeated = [s.Is(1) ? 0 : whole[0], s.Is(2) ? 0 : whole[1], s.Is(3) ? 0 : 1];
        foreach (var kind in Enum.GetValues<BinaryKind>())
        {
            Check(0, [s.Specials(s.Count, 1), s.Specials(s.Count, 2), Unwritten(s.Count)],
                (k, h) => k.Binary(kind, h[0], whole, h[1], repeated, h[2], shape, false));
            Check(LastPlace, [s.Floats(s.Count, 1), s.Floats(s.Count, 2, 0.5f, 2), s.Floats(s.Count, 3)],
                (k, h) => k.Binary(kind, h[0], repeated, h[1], whole, h[2], shape, true), scale: 4);
        }
    }

    [Property]
    public void Gated_units(Sized s)
    {
        var n = s.Count;
        Check(5e-7, [s.Floats(n, 1, -8, 8), s.Floats(n, 2), Unwritten(n)], (k, h) => k.SwiGlu(h[0], h[1], h[2], n));
        foreach (var accumulate in new[] { false, true })
            foreach (var both in new[] { true, false })
                Check(5e-7,
                    [s.Floats(n, 1, -8, 8), s.Floats(n, 2), s.Floats(n, 3), both || s.Is(1) ? s.Floats(n, 4) : null,
                        both || !s.Is(1) ? s.Floats(n, 5) : null],
                    (k, h) => k.SwiGluBackward(h[0], h[1], h[2], h[3], accumulate, h[4], !accumulate, n), scale: 8);
    }

    [Property]
    public void Dropout_drops_the_same_elements(Sized s)
    {
        foreach (var accumulate in new[] { false, true })
            Check(2 * LastPlace, [s.Floats(s.Count, 1), s.Floats(s.Count, 2)],
                (k, h) => k.Dropout(h[0], h[1], s.Count, 0.3f, 5, (ulong)s.Seed, (ulong)s.Pick(9), accumulate), scale: 4);
    }

    [Property]
    public void The_first_NaN(Sized s)
    {
        Check(0, [s.Specials(s.Count, 1)], (k, h) => k.FirstNaN(h[0], s.Count));
        Check(0, [s.Specials(s.Count, 1, nan: false)], (k, h) => k.FirstNaN(h[0], s.Count));
    }
}
