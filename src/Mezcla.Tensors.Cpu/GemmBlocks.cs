using System.Runtime.CompilerServices;
using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

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

    // Up to this many rows, all of a block of the left factor fits the second cache.
    private const int MostRowsOfStrips = 512;

    // Up to this many columns, those of a left factor are not worth packing: a cache line
    // of them, 16, serves all columns of C from the near caches.
    private const int MostColumnsInPlace = 256, RowsInPlace = 16;

    // Of a block of the left factor that is packed for all chunks: 4 MB.
    private const int MostLeftFloats = 1 << 20;

    /// <summary>Computes the product on the calling thread. It copies only the right factor, and only those columns that are not neighbours
    /// or do not fill a strip.</summary>
    public static void MultiplySmall<L>(in MatrixProduct product) where L : unmanaged, ILanes<L>
    {
        var width = TileGrid.StripColumns<L>();
        var direct = product.BColumn == 1 ? product.Columns / width * width : 0;
        var grid = new TileGrid(product);
        if (direct > 0)
            (grid with { Columns = direct, BStep = product.BStep, BStrip = width }).Run<L>();
        var rest = product.Columns - direct;
        if (rest == 0)
            return;
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

    /// <summary>Computes the product on all threads.</summary>
    public static void MultiplyLarge<L>(in MatrixProduct product) where L : unmanaged, ILanes<L>
    {
        if (product.Rows <= MostRowsOfStrips && product.AStep == 1 && product.BStep == 1)
            MultiplyStrips<L>(product);
        else
            MultiplyPanels<L>(product);
    }

    // Few rows, and columns that each lie together: a chunk packs one strip for itself
    // and multiplies all rows by it while it is in the first cache.
    private static void MultiplyStrips<L>(in MatrixProduct product) where L : unmanaged, ILanes<L>
    {
        var width = TileGrid.StripColumns<L>();
        var job = new StripJob<L> { Product = product, Depth = EvenPart(product.Depth, MostDepth, 1) };
        CpuThreads.Run((product.Columns + width - 1) / width, ref job);
    }

    private struct StripJob<L> : IParallelJob where L : unmanaged, ILanes<L>
    {
        public MatrixProduct Product;
        public int Depth;

        public readonly void Run(int chunk)
        {
            var width = TileGrid.StripColumns<L>();
            var column = chunk * width;
            var columns = Math.Min(width, Product.Columns - column);
            var panel = CpuScratch.Floats(CpuScratch.Use.RightPanels, (long)width * Depth);
            for (var start = 0; start == 0 || start < Product.Depth; start += Depth)
            {
                var depth = Math.Min(Depth, Product.Depth - start);
                GemmPacking.Pack(Product.B + column * Product.BColumn + start, Product.BColumn, 1, columns, depth, width, panel);
                new TileGrid(Product)
                {
                    Columns = columns,
                    Depth = depth,
                    A = Product.A + start,
                    B = panel,
                    BStep = width,
                    C = Product.C + column,
                    Beta = start == 0 ? Product.Beta : 1,
                    Bias = Product.Bias == null || start > 0 ? null : Product.Bias + column,
                }.Run<L>();
            }
            GemmFinish.Run<L>(Product, 0, Product.Rows, column, columns);
        }
    }

    private static void MultiplyPanels<L>(in MatrixProduct product) where L : unmanaged, ILanes<L>
    {
        var (height, width) = (TileGrid.StripRows<L>(), TileGrid.StripColumns<L>());
        var depth = EvenPart(product.Depth, MostDepth, 1);
        var columns = EvenPart(product.Columns, MostColumns, width);
        var right = CpuScratch.Floats(CpuScratch.Use.RightPanels, (long)columns * depth);
        // At least sixteen chunks of work where the product has as many tiles, so that all threads end at about the same time. They are cut
        // from the columns first: few rows would go through the whole of the packed block again and again.
        var mostStrips = (Math.Min(columns, product.Columns) + width - 1) / width;
        var leastBlocks = (15 + mostStrips) / mostStrips;
        var inPlace = product.AStep != 1 && product.Columns <= MostColumnsInPlace;
        var rows = inPlace
            ? RowsInPlace
            : EvenPart(product.Rows, Math.Min(MostRows, RoundUp((product.Rows + leastBlocks - 1) / leastBlocks, height)), height);
        var rowBlocks = (product.Rows + rows - 1) / rows;
        // Rows are read in place, at full speed; only columns, which would take a new page for every depth, are packed where C has many
        // columns: once for all chunks where the rows are so few that the chunks are cut
        // along the columns too, else by each chunk for itself.
        var leftFloats = (long)RoundUp(product.Rows, height) * depth;
        var left = product.AStep != 1 && !inPlace && rowBlocks < 16 && leftFloats <= MostLeftFloats
            ? CpuScratch.Floats(CpuScratch.Use.LeftPanels, leftFloats) : null;
        for (var column = 0; column < product.Columns; column += columns)
        {
            for (var start = 0; start == 0 || start < product.Depth; start += depth)
            {
                var job = new BlockJob<L>
                {
                    Product = product,
                    Right = right,
                    Left = left,
                    LeftInPlace = inPlace || product.AStep == 1,
                    FirstColumn = column,
                    FirstDepth = start,
                    BlockRows = rows,
                    RowBlocks = rowBlocks,
                    Columns = Math.Min(columns, product.Columns - column),
                    Depth = Math.Min(depth, product.Depth - start),
                };
                var strips = (job.Columns + width - 1) / width;
                job.ChunkColumns = inPlace ? job.Columns : width * Math.Clamp(strips * rowBlocks / 16, 1, strips);
                CpuThreads.Run(job.CutPacking(), ref job);
                job.Packing = false;
                CpuThreads.Run(rowBlocks * ((job.Columns + job.ChunkColumns - 1) / job.ChunkColumns), ref job);
            }
        }
    }

    // One block of the depth against one of the columns: first the factors are packed, then blocks of rows are multiplied.
    private struct BlockJob<L> : IParallelJob where L : unmanaged, ILanes<L>
    {
        // Floats that a chunk packs, about.
        private const int PackedFloats = 16384;

        public MatrixProduct Product;
        public float* Right, Left;
        public bool Packing, LeftInPlace;
        public int FirstColumn, Columns, FirstDepth, Depth, BlockRows, RowBlocks, ChunkColumns;
        private int _leftChunks, _leftDepth, _rightDepth, _rightColumns;

        // Memory is read from end to end: where lanes are neighbours, a chunk packs all of them for a few depths.
        public int CutPacking()
        {
            Packing = true;
            var width = TileGrid.StripColumns<L>();
            _leftDepth = Math.Max(1, PackedFloats / Product.Rows);
            _leftChunks = Left == null ? 0 : Parts(Depth, _leftDepth);
            (_rightDepth, _rightColumns) = Product.BColumn == 1
                ? (Math.Max(1, PackedFloats / Columns), Columns)
                : (Depth, width * Math.Max(1, PackedFloats / (width * Depth)));
            return _leftChunks + Parts(Depth, _rightDepth) * Parts(Columns, _rightColumns);
        }

        public readonly void Run(int chunk)
        {
            if (!Packing)
                Multiply(chunk % RowBlocks * BlockRows, chunk / RowBlocks * ChunkColumns);
            else if (chunk < _leftChunks)
                PackLeft(0, Product.Rows, chunk * _leftDepth, _leftDepth, Left);
            else
            {
                chunk -= _leftChunks;
                var parts = Parts(Depth, _rightDepth);
                PackRight(chunk / parts * _rightColumns, chunk % parts * _rightDepth);
            }
        }

        private static int Parts(int whole, int part) => (whole + part - 1) / part;

        private readonly void PackRight(int column, int depth)
        {
            var width = TileGrid.StripColumns<L>();
            GemmPacking.Pack(Product.B + (FirstColumn + column) * Product.BColumn + (FirstDepth + depth) * Product.BStep, Product.BColumn,
                Product.BStep,
                Math.Min(_rightColumns, Columns - column), Math.Min(_rightDepth, Depth - depth), width,
                Right + (nint)column * Depth + (nint)depth * width, Depth);
        }

        private readonly void PackLeft(int row, int rows, int depth, int depths, float* target)
        {
            var height = TileGrid.StripRows<L>();
            GemmPacking.Pack(Product.A + row * Product.ARow + (FirstDepth + depth) * Product.AStep, Product.ARow, Product.AStep,
                Math.Min(rows, Product.Rows - row), Math.Min(depths, Depth - depth), height, target + (nint)depth * height, Depth);
        }

        private readonly void Multiply(int row, int column)
        {
            var (height, width) = (TileGrid.StripRows<L>(), TileGrid.StripColumns<L>());
            var grid = new TileGrid(Product)
            {
                Rows = Math.Min(BlockRows, Product.Rows - row),
                Columns = Math.Min(ChunkColumns, Columns - column),
                Depth = Depth,
                A = Product.A + row * Product.ARow + FirstDepth * Product.AStep,
                B = Right + (nint)column * Depth,
                BStep = width,
                BStrip = (nint)width * Depth,
                C = Product.C + row * Product.CRow + FirstColumn + column,
                Beta = FirstDepth == 0 ? Product.Beta : 1,
                Bias = Product.Bias == null || FirstDepth > 0 ? null : Product.Bias + FirstColumn + column,
            };
            if (!LeftInPlace)
            {
                var packed = Left + (nint)row * Depth;
                if (Left == null)
                {
                    packed = CpuScratch.Floats(CpuScratch.Use.LeftPanels, (long)RoundUp(grid.Rows, height) * Depth);
                    PackLeft(row, BlockRows, 0, Depth, packed);
                }
                grid = grid with { A = packed, ARow = 1, AStep = height, AStrip = (nint)height * Depth };
            }
            grid.Run<L>();
            if (FirstDepth + Depth >= Product.Depth)
                GemmFinish.Run<L>(Product, row, grid.Rows, FirstColumn + column, grid.Columns);
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
/// Tiles over a block: strips of the left factor lie AStrip apart, strips of the right one BStrip apart, and within a strip one depth lies
/// AStep or BStep after the other.
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
                if (L.HasManyRegisters)
                    GemmTiles.Tile8x32<L>(Depth, left, b, BStep, target);
                else
                    GemmTiles.Tile6x16<L>(Depth, left, b, BStep, target);
            }
        }
    }
}
