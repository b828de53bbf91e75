using System.Globalization;

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
        var parts = new List<(string Text, bool IsNumber)>();
        Write(parts, number, 0, 0);
        var width = Rank == 0 ? 0 : parts.Where(part => part.IsNumber).Max(part => (int?)part.Text.Length) ?? 0;
        return $"{Described}\n{string.Concat(parts.Select(part => part.IsNumber ? part.Text.PadLeft(width) : part.Text))}";

        static Func<int, string> Shown<T>(T[] values, Func<T, string> format) => i => format(values[i]);
    }

    /// <summary>Type, shape and device, such as <c>Float32 [2, 3] on cpu</c>, for error messages.</summary>
    internal string Described => $"{DType} {_shape} on {Device}";

    private void Write(List<(string Text, bool IsNumber)> parts, Func<int, string> number, int axis, int start)
    {
        if (axis == Rank)
        {
            parts.Add((number(start), true));
            return;
        }
        int size = _shape[axis], step = (int)_shape.Product(axis + 1, Rank);
        var between = axis == Rank - 1 ? ", " : ",\n" + new string(' ', axis + 1);
        var cut = Count > ShowAll && size > 2 * Edge;
        parts.Add(("[", false));
        for (var i = 0; i < size; i++)
        {
            if (i > 0)
                parts.Add((between, false));
            if (cut && i == Edge)
            {
                i = size - Edge;
                parts.Add(("..." + between, false));
            }
            Write(parts, number, axis + 1, start + i * step);
        }
        parts.Add(("]", false));
    }
}
