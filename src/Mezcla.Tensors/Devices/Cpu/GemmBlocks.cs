using System.Runtime.CompilerServices;

namespace Mezcla.Tensors.Devices.Cpu;

/// <summary>
/// Matrix products by tiles. Large ones are cut into blocks that fit the caches, whose factors are copied into strips in reading order
/// (Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008); small ones read factors where they lie.
/// </summary>
internal static unsafe class GemmBlocks
{
    // Depth and columns of a packed block of the right factor: a strip of it stays in the first cache or the second, all of it in the last.
    private const int MostDepth = 384, MostColumns = 2048;

    // Rows of a block of the left factor, which stays in the second cache.
    private const int MostRows = 168;

    /// <summary>On the calling thread, copying only the right factor, and only columns that are not neighbours or do not fill a strip.</summary>
    public static void MultiplySmall<L>(in MatrixProduct product) where L : unmanaged, ILanes<L>
    {
        var width = TileGrid.StripColumns<L>();
        var direct = product.BColumn == 1 ? product.Columns / width * width : 0;
        var grid = new TileGrid(product);
        if (direct > 0) (grid with { Columns = direct, BStep = product.BStep, BStrip = width }).Run<L>();
        var rest = product.Columns - direct;
        if (rest == 0) return;
        var packed = CpuScratch.Floats(CpuScratch.Use.RightPanels, (long)RoundUp(rest, width) * product.Depth);
        GemmPacking.Pack(product.B + direct * product.BColumn, product.BColumn, product.BStep, rest, product.Depth, width, packed);
        (grid with
        {
            Columns = rest,
            B = packed,
            BStep = width,
            BStrip = (nint)width * product.Depth,
            C = product.C + direct,
            Bias = product.Bias == null ? null : product.Bias + direct,
        }).Run<L>();
    }

    /// <summary>On all threads.</summary>
    public static void MultiplyLarge<L>(in MatrixProduct product) where L : unmanaged, ILanes<L>
    {
        var (height, width) = (TileGrid.StripRows<L>(), TileGrid.StripColumns<L>());
        var depth = EvenPart(product.Depth, MostDepth, 1);
        var columns = EvenPart(product.Columns, MostColumns, width);
        var panels = CpuScratch.Floats(CpuScratch.Use.RightPanels, (long)columns * depth);
        // At least sixteen chunks of work where the product has as many tiles, so that all threads end at about the same time. They are cut
        // from the columns first: few rows would go through the whole of the packed block again and again.
        var mostStrips = (Math.Min(columns, product.Columns) + width - 1) / width;
        var leastBlocks = (15 + mostStrips) / mostStrips;
        var rows = EvenPart(product.Rows, Math.Min(MostRows, RoundUp((product.Rows + leastBlocks - 1) / leastBlocks, height)), height);
        var rowBlocks = (product.Rows + rows - 1) / rows;
        for (var column = 0; column < product.Columns; column += columns)
        {
            for (var start = 0; start == 0 || start < product.Depth; start += depth)
            {
                var job = new BlockJob<L>
                {
                    Product = product,
                    Panels = panels,
                    FirstColumn = column,
                    FirstDepth = start,
                    BlockRows = rows,
                    RowBlocks = rowBlocks,
                    Columns = Math.Min(columns, product.Columns - column),
                    Depth = Math.Min(depth, product.Depth - start),
                };
                var strips = (job.Columns + width - 1) / width;
                job.ChunkColumns = width * Math.Max(1, 16384 / (width * Math.Max(1, depth)));
                job.Packing = true;
                CpuThreads.Run((job.Columns + job.ChunkColumns - 1) / job.ChunkColumns, ref job);
                job.ChunkColumns = width * Math.Clamp(strips * rowBlocks / 16, 1, strips);
                job.Packing = false;
                CpuThreads.Run(rowBlocks * ((job.Columns + job.ChunkColumns - 1) / job.ChunkColumns), ref job);
            }
        }
    }

    // One block of the depth against one of the columns: first the right factor is packed, then blocks of rows are multiplied by it.
    private struct BlockJob<L> : IParallelJob where L : unmanaged, ILanes<L>
    {
        public MatrixProduct Product;
        public float* Panels;
        public bool Packing;
        public int FirstColumn, Columns, FirstDepth, Depth, BlockRows, RowBlocks, ChunkColumns;

        public readonly void Run(int chunk)
        {
            if (Packing) Pack(chunk * ChunkColumns);
            else Multiply(chunk % RowBlocks * BlockRows, chunk / RowBlocks * ChunkColumns);
        }

        private readonly void Pack(int first) => GemmPacking.Pack(
            Product.B + (FirstColumn + first) * Product.BColumn + FirstDepth * Product.BStep, Product.BColumn, Product.BStep,
            Math.Min(ChunkColumns, Columns - first), Depth, TileGrid.StripColumns<L>(), Panels + (nint)first * Depth);

        private readonly void Multiply(int row, int column)
        {
            var (height, width) = (TileGrid.StripRows<L>(), TileGrid.StripColumns<L>());
            var grid = new TileGrid(Product)
            {
                Rows = Math.Min(BlockRows, Product.Rows - row),
                Columns = Math.Min(ChunkColumns, Columns - column),
                Depth = Depth,
                A = Product.A + row * Product.ARow + FirstDepth * Product.AStep,
                B = Panels + (nint)column * Depth,
                BStep = width,
                BStrip = (nint)width * Depth,
                C = Product.C + row * Product.CRow + FirstColumn + column,
                Beta = FirstDepth == 0 ? Product.Beta : 1,
                Bias = Product.Bias == null || FirstDepth > 0 ? null : Product.Bias + FirstColumn + column,
            };
            // Rows are read in place, at full speed; only columns, which would take a new page for every depth, are packed.
            if (Product.AStep != 1)
            {
                var packed = CpuScratch.Floats(CpuScratch.Use.LeftPanels, (long)RoundUp(grid.Rows, height) * Depth);
                GemmPacking.Pack(grid.A, Product.ARow, Product.AStep, grid.Rows, Depth, height, packed);
                grid = grid with { A = packed, ARow = 1, AStep = height, AStrip = (nint)height * Depth };
            }
            grid.Run<L>();
        }
    }

    // The smallest number of equal parts, none larger than most, each a multiple of the unit (except perhaps the last).
    private static int EvenPart(int whole, int most, int unit)
    {
        var parts = Math.Max(1, (whole + most - 1) / most);
        return RoundUp((whole + parts - 1) / parts, unit);
    }

    private static int RoundUp(int value, int unit) => (value + unit - 1) / unit * unit;
}

/// <summary>
/// Tiles over a block: strips of the left factor lie AStrip apart, strips of the right one BStrip apart, and within a strip one depth lies AStep
/// or BStep after the other.
/// </summary>
internal unsafe struct TileGrid
{
    public int Rows, Columns, Depth;
    public float Alpha, Beta;
    public float* A, B, C, Bias;
    public nint ARow, AStep, AStrip, BStep, BStrip, CRow;

    /// <summary>A grid over a whole product that reads the left factor where it lies; the right one is for the caller to give.</summary>
    public TileGrid(in MatrixProduct product)
    {
        this = default;
        (Rows, Columns, Depth, Alpha, Beta) = (product.Rows, product.Columns, product.Depth, product.Alpha, product.Beta);
        A = product.A;
        B = product.B;
        C = product.C;
        Bias = product.Bias;
        (ARow, AStep, AStrip, CRow) = (product.ARow, product.AStep, -1, product.CRow);
    }

    /// <summary>Height of a tile.</summary>
    public static int StripRows<L>() where L : unmanaged, ILanes<L> => L.HasManyRegisters ? 8 : 6;

    /// <summary>Width of a tile.</summary>
    public static int StripColumns<L>() where L : unmanaged, ILanes<L> => L.HasManyRegisters ? 32 : 16;

    /// <summary>Computes all tiles.</summary>
    [MethodImpl(Lanes.Kernel)]
    public readonly void Run<L>() where L : unmanaged, ILanes<L>
    {
        var (height, width) = (StripRows<L>(), StripColumns<L>());
        var strip = AStrip < 0 ? height * ARow : AStrip;
        var b = B;
        for (var column = 0; column < Columns; column += width, b += BStrip)
        {
            var a = A;
            for (var row = 0; row < Rows; row += height, a += strip)
            {
                var left = new TileLeft(a, ARow, AStep, AStrip < 0 ? Rows - row : height);
                var target = new TileTarget(
                    C + row * CRow + column, CRow, Rows - row, Columns - column, Alpha, Beta, Bias == null ? null : Bias + column);
                if (L.HasManyRegisters) GemmTiles.Tile8x32<L>(Depth, left, b, BStep, target);
                else GemmTiles.Tile6x16<L>(Depth, left, b, BStep, target);
            }
        }
    }
}
