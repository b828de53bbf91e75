using System.Globalization;
using System.Text;

namespace Mezcla.Tensors;

public sealed partial class Tensor
{
    // A tensor with more elements than this is shortened: only the first and the last three positions of a long axis are shown.
    private const int ShowAll = 200, Edge = 3;

    /// <summary>Type, shape and device, then the numbers with six digits, one row to a line. Long axes show only their two ends.</summary>
    public override string ToString()
    {
        if (_storage is null)
            return $"{Described}, released";
        Func<int, string> number = DType == DType.Int32
            ? Shown(ToIntArray(), v => v.ToString(CultureInfo.InvariantCulture))
            : Shown(ToArray(), v => v.ToString("G6", CultureInfo.InvariantCulture));
        var text = new StringBuilder($"{Described}\n");
        var width = 0;
        // Twice: the first time only to find the widest number shown.
        Write(text, number, 0, 0, ref width, measure: true);
        Write(text, number, 0, 0, ref width, measure: false);
        return text.ToString();

        static Func<int, string> Shown<T>(T[] values, Func<T, string> format) => i => format(values[i]);
    }

    /// <summary>Type, shape and device, such as <c>Float32 [2, 3] on cpu</c>, for error messages.</summary>
    internal string Described => $"{DType} {_shape} on {Device}";

    private void Write(StringBuilder text, Func<int, string> number, int axis, int start, ref int width, bool measure)
    {
        if (axis == Rank)
        {
            width = Math.Max(width, number(start).Length);
            if (!measure)
                text.Append(number(start).PadLeft(Rank == 0 ? 0 : width));
            return;
        }
        int size = _shape[axis], step = (int)_shape.Product(axis + 1, Rank);
        var between = axis == Rank - 1 ? ", " : ",\n" + new string(' ', axis + 1);
        var cut = Count > ShowAll && size > 2 * Edge;
        if (!measure)
            text.Append('[');
        for (var i = 0; i < size; i++)
        {
            if (!measure && i > 0)
                text.Append(between);
            if (cut && i == Edge)
            {
                i = size - Edge;
                if (!measure)
                    text.Append("...").Append(between);
            }
            Write(text, number, axis + 1, start + i * step, ref width, measure);
        }
        if (!measure)
            text.Append(']');
    }
}
