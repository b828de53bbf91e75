using Mezcla.Quantization.Formats;

namespace Mezcla.Weights;

/// <summary>How the rows of a source tensor are ordered.</summary>
public enum RowOrder
{
    /// <summary>The same order as in our parameters.</summary>
    Same,

    /// <summary>
    /// Within each group of h rows, the two that belong together are adjacent (2i, 2i + 1). In our parameters they are half a group apart
    /// (i, i + h/2). In llama.cpp's llama models a group is a head and its pairs are rotated together; in gpt-oss a group is an expert, and
    /// a pair a row of its activated half and one of its linear half.
    /// </summary>
    Pairs,
}

/// <summary>A range of rows of one of our parameters, taken from rows of a tensor in a file.</summary>
/// <param name="Source">The tensor in the file.</param>
/// <param name="FirstRow">Its first row.</param>
/// <param name="Rows">How many; for <see cref="RowOrder.Pairs"/>, a number of whole groups.</param>
/// <param name="Order">Their order.</param>
/// <param name="HeadSize">Rows of a group, where the order depends on it.</param>
public sealed record WeightPart(string Source, long FirstRow, long Rows, RowOrder Order = RowOrder.Same, int HeadSize = 0)
{
    /// <summary>The row of the source that is row <paramref name="row"/> of this part.</summary>
    public long SourceRow(long row) =>
        FirstRow + (Order == RowOrder.Same
            ? row
            : row / HeadSize * HeadSize + 2 * (row % HeadSize % (HeadSize / 2)) + row % HeadSize / (HeadSize / 2));
}

/// <summary>How one of our parameters is made from tensors in a file. A row runs along the last axis of a tensor; a vector counts as a
/// column, with one number in each row.</summary>
/// <param name="Name">Our name, such as <c>blocks.0.attention.qkv.weight</c>.</param>
/// <param name="Shape">Our shape.</param>
/// <param name="Parts">Its rows from the first on.</param>
/// <param name="Transposed">Whether the source is stored as [inputs, outputs]; it is then the only source and used as a whole.</param>
/// <param name="Blocks">In how many blocks of equal size a transposed source is stored, each transposed by itself.</param>
/// <param name="IsVector">Whether it counts as a column of numbers although it has several axes, as the biases of experts do.</param>
public sealed record WeightRecipe(string Name, long[] Shape, IReadOnlyList<WeightPart> Parts, bool Transposed = false, int Blocks = 1,
    bool IsVector = false)
{
    /// <summary>Numbers in a row.</summary>
    public int Columns => IsVector || Shape.Length == 1 ? 1 : (int)Shape[^1];

    /// <summary>How many numbers the parameter has.</summary>
    public long Count => Shape.Aggregate(1L, (count, size) => checked(count * size));
}

/// <summary>The recipes of all parameters of a model for one kind of file. Reading applies them, and writing applies their
/// inverse.</summary>
/// <param name="Recipes">One for each of our parameters.</param>
/// <param name="Sources">Name and shape of each tensor in the file that the recipes use.</param>
/// <param name="Zeros">Tensors that the file format requires and our model does not have, such as biases: they are written as zeros and not
/// read.</param>
public sealed record WeightMap(IReadOnlyList<WeightRecipe> Recipes, IReadOnlyDictionary<string, long[]> Sources,
    IReadOnlyDictionary<string, long[]> Zeros)
{
    /// <summary>Checks that a file has every tensor that is needed, in the right shape.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing or has another shape.</exception>
    public void Check(WeightSource source)
    {
        foreach (var (name, shape) in Sources)
        {
            if (!source[name].Shape.SequenceEqual(shape))
                throw new InvalidDataException(
                    $"{source.FilePath}: tensor '{name}' is [{string.Join(", ", source[name].Shape)}], and its configuration asks for " +
                        $"[{string.Join(", ", shape)}].");
        }
    }

    /// <summary>Reads one parameter as floats.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing, of another shape, or cannot be decoded.</exception>
    public static float[] Read(WeightSource source, WeightRecipe recipe)
    {
        if (recipe.Count > Array.MaxLength)
            throw new InvalidDataException($"{source.FilePath}: '{recipe.Name}' has {recipe.Count} numbers, more than one array holds.");
        var values = new float[recipe.Count];
        if (recipe.Transposed)
        {
            Transpose(source.ReadFloats(recipe.Parts[0].Source), recipe.Columns, values, recipe.Blocks);
            return recipe.Parts[0].Order == RowOrder.Same ? values : Sorted(recipe, values, toFile: false);
        }
        int columns = recipe.Columns, at = 0;
        foreach (var part in recipe.Parts)
        {
            var destination = values.AsSpan(at * columns, (int)part.Rows * columns);
            if (part.Order == RowOrder.Same)
                source.ReadFloats(part.Source, part.FirstRow * columns, destination);
            else
            {
                var rows = new float[destination.Length];
                source.ReadFloats(part.Source, part.FirstRow * columns, rows);
                for (var row = 0; row < part.Rows; row++)
                    rows.AsSpan((int)(part.SourceRow(row) - part.FirstRow) * columns, columns).CopyTo(destination[(row * columns)..]);
            }
            at += (int)part.Rows;
        }
        return values;
    }

    /// <summary>Makes one tensor of a file from our parameters.</summary>
    /// <param name="name">One of <see cref="Sources"/> or <see cref="Zeros"/>.</param>
    /// <param name="parameter">Our parameters by name.</param>
    public float[] Write(string name, Func<string, float[]> parameter)
    {
        if (Zeros.TryGetValue(name, out var zeros))
            return new float[zeros.Aggregate(1L, (count, size) => count * size)];
        var values = new float[Sources[name].Aggregate(1L, (count, size) => checked(count * size))];
        foreach (var recipe in Recipes)
        {
            long first = 0;
            float[]? ours = null;
            foreach (var part in recipe.Parts)
            {
                if (part.Source == name)
                {
                    ours ??= parameter(recipe.Name);
                    if (ours.LongLength != recipe.Count)
                        throw new ArgumentException(
                            $"'{recipe.Name}' has {ours.Length} numbers where [{string.Join(", ", recipe.Shape)}] needs {recipe.Count}.");
                    if (recipe.Transposed)
                        Transpose(part.Order == RowOrder.Same ? ours : Sorted(recipe, ours, toFile: true), (int)Sources[name][^1], values,
                            recipe.Blocks);
                    else
                    {
                        var columns = recipe.Columns;
                        for (var row = 0L; row < part.Rows; row++)
                            ours.AsSpan((int)((first + row) * columns), columns)
                                .CopyTo(values.AsSpan((int)(part.SourceRow(row) * columns)));
                    }
                }
                first += part.Rows;
            }
        }
        return values;
    }

    /// <summary>Makes one tensor of a file from the encoded rows of our parameters; returns null if some of its rows are not encoded in
    /// this format.</summary>
    /// <param name="name">One of <see cref="Sources"/> or <see cref="Zeros"/>.</param>
    /// <param name="format">The format.</param>
    /// <param name="encoded">The bytes of a parameter in that format, row after row; null if the parameter is not encoded in it.</param>
    public byte[]? WriteEncoded(string name, BlockFormat format, Func<string, BlockFormat, byte[]?> encoded)
    {
        if (!Sources.TryGetValue(name, out var shape) || shape.Length < 2 || shape[^1] % format.BlockSize != 0)
            return null;
        var rowBytes = format.BytesFor(shape[^1]);
        var bytes = new byte[shape[..^1].Aggregate(rowBytes, (count, size) => checked(count * size))];
        foreach (var recipe in Recipes.Where(r => r.Parts.Any(p => p.Source == name)))
        {
            if (recipe.Transposed || encoded(recipe.Name, format) is not { } ours)
                return null;
            long first = 0;
            foreach (var part in recipe.Parts)
            {
                for (var row = 0L; part.Source == name && row < part.Rows; row++)
                    ours.AsSpan((int)((first + row) * rowBytes), (int)rowBytes).CopyTo(bytes.AsSpan((int)(part.SourceRow(row) * rowBytes)));
                first += part.Rows;
            }
        }
        return bytes;
    }

    // All rows of a transposed source whose order is another.
    private static float[] Sorted(WeightRecipe recipe, float[] rows, bool toFile)
    {
        var (sorted, columns) = (new float[rows.Length], recipe.Columns);
        for (var row = 0; row < rows.Length / columns; row++)
        {
            var (ours, theirs) = (row * columns, (int)recipe.Parts[0].SourceRow(row) * columns);
            rows.AsSpan(toFile ? ours : theirs, columns).CopyTo(sorted.AsSpan(toFile ? theirs : ours));
        }
        return sorted;
    }

    /// <summary>Transposes each block into rows of <paramref name="columns"/>.</summary>
    private static void Transpose(ReadOnlySpan<float> from, int columns, Span<float> to, int blocks)
    {
        var size = to.Length / blocks;
        var rows = size / columns;
        for (var at = 0; at < to.Length; at += size)
            for (var row = 0; row < rows; row++)
                for (var column = 0; column < columns; column++)
                    to[at + row * columns + column] = from[at + column * rows + row];
    }
}
