namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>
    /// A pair (a, b) of a row at position p is rotated by the angle whose cosine and sine are in row p of the tables: it becomes (a·cos -
    /// b·sin, a·sin + b·cos) (Su et al., arXiv:2104.09864). The inverse rotates by the opposite angle, which is also the derivative.
    /// Elements that are not rotated are copied.
    /// </summary>
    public override void Rotary(Handle x, Handle cos, Handle sin, Handle y, in RotaryLayout layout, bool inverse, bool accumulate)
    {
        NumberSpan<float> from = Floats(x), to = Floats(y);
        var half = layout.Rotated / 2;
        for (long row = 0; row < layout.Blocks * layout.Time * layout.Heads; row++)
        {
            var start = row * layout.Size;
            var position = row / layout.Heads % layout.Time + layout.Start;
            for (var i = 0; i < half; i++)
            {
                var first = start + (layout.Interleaved ? 2 * i : i);
                var second = layout.Interleaved ? first + 1 : first + half;
                double c = Floats(cos)[position * half + i], s = Floats(sin)[position * half + i] * (inverse ? -1 : 1);
                double a = from[first], b = from[second];
                Put(ref to[first], a * c - b * s, accumulate);
                Put(ref to[second], a * s + b * c, accumulate);
            }
            for (long i = layout.Rotated; i < layout.Size; i++)
                Put(ref to[start + i], from[start + i], accumulate);
        }
    }
}
