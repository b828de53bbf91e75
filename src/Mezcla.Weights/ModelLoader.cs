using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Quantization;
using Mezcla.Quantization.Formats;
using Mezcla.Quantization.Layers;
using Mezcla.Tensors;

namespace Mezcla.Weights;

/// <summary>Loads a model part by part: the float weights of each part are replaced by quantized matrices before the next part is
/// created.</summary>
internal sealed class ModelLoader(ModelSource source, bool asFloats, bool expertsOnDemand)
{
    private bool _quantized;

    public Transformer Load()
    {
        var model = new Transformer(source.Config, Fill);
        if (_quantized)
            foreach (var parameter in model.Parameters())
                parameter.RequiresGrad = false;
        return model;
    }

    private Module Fill(string prefix, Module part)
    {
        var loaded = part;
        foreach (var (name, module) in part.NamedModules().ToList())
        {
            var full = name.Length == 0 ? prefix : $"{prefix}.{name}";
            switch (module)
            {
                // Latent attention uses these two matrices in its own way, not as plain linear layers.
                case Linear when full.EndsWith(".key_up", StringComparison.Ordinal) || full.EndsWith(".value_up", StringComparison.Ordinal):
                    break;
                case Linear linear when Quantized(full + ".weight") is { } matrix:
                    Replace(name, new QuantizedLinear(matrix, linear.Bias), linear.Weight);
                    break;
                case Embedding embedding when !full.EndsWith("positions", StringComparison.Ordinal)
                    && Quantized(full + ".weight") is { } matrix:
                    Replace(name, new QuantizedEmbedding(matrix), embedding.Weight);
                    break;
                case MixtureOfExpertsLayer experts when Experts(full + ".up.weight") is { } up
                    && Experts(full + ".down.weight") is { } down:
                    Replace(name + ".up", new QuantizedGroupedLinear(up, experts.Up.Bias), experts.Up.Weight);
                    Replace(name + ".down", new QuantizedGroupedLinear(down, experts.Down.Bias), experts.Down.Weight);
                    break;
            }
        }
        foreach (var (name, tensor) in loaded.NamedParameters().Concat(loaded.NamedBuffers()))
        {
            var full = $"{prefix}.{name}";
            // A buffer that the file does not contain keeps its initial values.
            if (!source.Has(full) && loaded.NamedBuffers().Any(b => b.Name == name))
                continue;
            var recipe = source.Recipe(full);
            if (!recipe.Shape.SequenceEqual(tensor.Shape.ToArray().Select(n => (long)n)))
                throw new InvalidDataException(
                    $"{source.Weights.FilePath}: '{full}' is [{string.Join(", ", recipe.Shape)}], and the configuration says {tensor}.");
            Module.Assign(tensor, source.Read(full));
            foreach (var from in recipe.Parts)
                source.Weights.Release(from.Source, 0, source.Weights[from.Source].Length);
        }
        return loaded;

        void Replace(string name, Module module, Tensor weight)
        {
            if (name.Length == 0)
                loaded = module;
            else
                part.Replace(name, module);
            weight.Dispose();
        }
    }

    /// <summary>The matrix of a recipe in its stored format, if all its parts are quantized.</summary>
    private IQuantizedMatrix? Quantized(string name)
    {
        if (asFloats || !source.Has(name))
            return null;
        var recipe = source.Recipe(name);
        return IsQuantized(recipe) ? Stack(recipe, recipe.Parts) : null;
    }

    /// <summary>The matrices of a recipe of shape [experts, rows, columns].</summary>
    private IReadOnlyList<IQuantizedMatrix>? Experts(string name)
    {
        if (asFloats || !source.Has(name))
            return null;
        var recipe = source.Recipe(name);
        if (!IsQuantized(recipe))
            return null;
        var matrices = new List<IQuantizedMatrix>();
        var parts = new Queue<WeightPart>(recipe.Parts);
        for (var expert = 0; expert < recipe.Shape[0]; expert++)
        {
            var own = new List<WeightPart>();
            for (long rows = 0; rows < recipe.Shape[1]; rows += own[^1].Rows)
                own.Add(parts.Dequeue());
            matrices.Add(expertsOnDemand ? new MatrixOnDemand((int)recipe.Shape[1], recipe.Columns, () => Stack(recipe, own))
                : Stack(recipe, own));
        }
        _quantized = true;
        return matrices;
    }

    private bool IsQuantized(WeightRecipe recipe) => !recipe.Transposed && recipe.Shape.Length >= 2
        && recipe.Parts.All(p => source.Weights[p.Source].Format is { } format && QuantizedMatrix.Supports(format));

    private IQuantizedMatrix Stack(WeightRecipe recipe, IReadOnlyList<WeightPart> parts)
    {
        _quantized = true;
        var matrices = new List<QuantizedMatrix>();
        try
        {
            // Consecutive parts in the same format are joined into one matrix.
            for (var i = 0; i < parts.Count;)
            {
                var format = source.Weights[parts[i].Source].Format!;
                var run = parts.Skip(i).TakeWhile(p => source.Weights[p.Source].Format == format).ToList();
                matrices.Add(Create(recipe, format, run));
                i += run.Count;
            }
        }
        catch (ArgumentException e)
        {
            foreach (var matrix in matrices)
                matrix.Dispose();
            throw new InvalidDataException($"{source.Weights.FilePath}: {e.Message}", e);
        }
        return matrices.Count == 1 ? matrices[0] : new StackedMatrix(matrices);
    }

    private QuantizedMatrix Create(WeightRecipe recipe, BlockFormat format, List<WeightPart> parts)
    {
        var rowBytes = (int)format.BytesFor(recipe.Columns);
        var matrix = QuantizedMatrix.Create(format, (int)parts.Sum(p => p.Rows), recipe.Columns, (row, bytes) =>
        {
            long rest = row;
            var part = 0;
            for (; rest >= parts[part].Rows; part++)
                rest -= parts[part].Rows;
            source.Weights.Bytes(parts[part].Source, parts[part].SourceRow(rest) * rowBytes, rowBytes).CopyTo(bytes);
        }, string.Join(", ", parts.Select(p => p.Source).Distinct()));
        foreach (var part in parts)
            source.Weights.Release(part.Source, part.SourceRow(0) * rowBytes, part.Rows * rowBytes);
        return matrix;
    }
}
