using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

/// <summary>What is done to the elements of a product once they are finished.</summary>
internal enum ProductFinish
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>GELU with the error function.</summary>
    Gelu,

    /// <summary>GELU by tanh.</summary>
    GeluTanh,
}

/// <summary>An activation applied to a block of a product by the thread that made it, while it is in that one's cache.</summary>
internal static unsafe class GemmFinish
{
    /// <summary>Finishes some rows and columns of C, and writes the derivatives there where the product wants them.</summary>
    public static void Run<L>(in MatrixProduct product, int row, int rows, int column, int columns) where L : unmanaged, ILanes<L>
    {
        if (product.Finish == ProductFinish.None)
            return;
        var at = row * product.CRow + column;
        float* c = product.C + at, slopes = product.Slopes == null ? null : product.Slopes + at;
        rows = Math.Min(rows, product.Rows - row);
        columns = Math.Min(columns, product.Columns - column);
        for (var i = 0; i < rows; i++, c += product.CRow, slopes += slopes == null ? 0 : product.CRow)
            if (product.Finish == ProductFinish.Gelu)
                Activate<L, UnaryFunctions.Gelu>(c, slopes, columns);
            else
                Activate<L, UnaryFunctions.GeluTanh>(c, slopes, columns);
    }

    [MethodImpl(Lanes.Kernel)]
    private static void Activate<L, F>(float* c, float* slopes, int n) where L : unmanaged, ILanes<L> where F : struct, IActivation
    {
        var none = L.Of(0);
        if (slopes == null)
            for (var i = 0; i < n; i += Lanes.Width)
                Lanes.StoreFirst(F.Value(Lanes.LoadFirst<L>(c + i, n - i), none, none), c + i, n - i);
        else
            for (var i = 0; i < n; i += Lanes.Width)
            {
                Lanes.StoreFirst(F.Both(Lanes.LoadFirst<L>(c + i, n - i), out var slope), c + i, n - i);
                Lanes.StoreFirst(slope, slopes + i, n - i);
            }
    }
}
