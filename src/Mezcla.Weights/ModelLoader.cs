using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Quantization;
using Mezcla.Quantization.Formats;
using Mezcla.Tensors;

namespace Mezcla.Weights;

/// <summary>Builds a model part by part, filling or freezing each before the next is made.</summary>
internal sealed class ModelLoader(ModelSource source, bool asFloats)
{
    private bool frozen;

    public Transformer Load()
    {
        var model = new Transformer(source.Config, Fill);
        if (frozen)
            foreach (var parameter in model.Parameters()) parameter.RequiresGrad = false;
        return model;
    }

    private void Fill(string prefix, Module part)
    {
        foreach (var (name, module) in part.NamedModules().ToList())
        {
            var full = name.Length == 0 ? prefix : $"{prefix}.{name}";
            switch (module)
            {
                // Latent attention multiplies with these two in ways of its own.
                case Linear when full.EndsWith(".key_up", StringComparison.Ordinal) || full.EndsWith(".value_up", StringComparison.Ordinal): break;
                case Linear linear when Frozen(full + ".weight") is { } matrix: linear.Freeze(matrix); break;
                case Embedding embedding when !full.EndsWith("positions", StringComparison.Ordinal) && Frozen(full + ".weight") is { } matrix: embedding.Freeze(matrix); break;
                case MixtureOfExpertsLayer experts when Experts(full + ".up.weight") is { } up && Experts(full + ".down.weight") is { } down: experts.Freeze(up, down); break;
            }
        }
        foreach (var (name, tensor) in part.NamedParameters().Concat(part.NamedBuffers()))
        {
            var full = $"{prefix}.{name}";
            // A buffer that the file has not keeps what it was made with.
            if (!source.Has(full) && part.NamedBuffers().Any(b => b.Name == name)) continue;
            var recipe = source.Recipe(full);
            if (!recipe.Shape.SequenceEqual(tensor.Shape.ToArray().Select(n => (long)n)))
                throw new InvalidDataException($"{source.Weights.FilePath}: '{full}' is [{string.Join(", ", recipe.Shape)}], and the configuration says {tensor}.");
            Module.Assign(tensor, source.Read(full));
        }
    }

    /// <summary>The matrix of a recipe as it is, where all its parts are quantized.</summary>
    private IFrozenMatrix? Frozen(string name)
    {
        if (asFloats || !source.Has(name)) return null;
        var recipe = source.Recipe(name);
        return CanFreeze(recipe) ? Stack(recipe, recipe.Parts) : null;
    }

    /// <summary>The matrices of a recipe of shape [experts, rows, columns].</summary>
    private IReadOnlyList<IFrozenMatrix>? Experts(string name)
    {
        if (asFloats || !source.Has(name)) return null;
        var recipe = source.Recipe(name);
        if (!CanFreeze(recipe)) return null;
        var matrices = new List<IFrozenMatrix>();
        var parts = new Queue<WeightPart>(recipe.Parts);
        for (var expert = 0; expert < recipe.Shape[0]; expert++)
        {
            var own = new List<WeightPart>();
            for (long rows = 0; rows < recipe.Shape[1]; rows += own[^1].Rows) own.Add(parts.Dequeue());
            matrices.Add(Stack(recipe, own));
        }
        return matrices;
    }

    private bool CanFreeze(WeightRecipe recipe) => !recipe.Transposed && recipe.Shape.Length >= 2
        && recipe.Parts.All(p => source.Weights[p.Source].Format is { } format && QuantizedMatrix.Supports(format));

    private IFrozenMatrix Stack(WeightRecipe recipe, IReadOnlyList<WeightPart> parts)
    {
        frozen = true;
        var matrices = new List<QuantizedMatrix>();
        try
        {
            // Neighbours in the same format become one matrix.
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
            foreach (var matrix in matrices) matrix.Dispose();
            throw new InvalidDataException($"{source.Weights.FilePath}: {e.Message}", e);
        }
        return matrices.Count == 1 ? matrices[0] : new StackedMatrix(matrices);
    }

    private QuantizedMatrix Create(WeightRecipe recipe, BlockFormat format, List<WeightPart> parts)
    {
        var rowBytes = (int)format.BytesFor(recipe.Columns);
        return QuantizedMatrix.Create(format, (int)parts.Sum(p => p.Rows), recipe.Columns, (row, bytes) =>
        {
            long rest = row;
            var part = 0;
            for (; rest >= parts[part].Rows; part++) rest -= parts[part].Rows;
            source.Weights.Bytes(parts[part].Source, parts[part].SourceRow(rest) * rowBytes, rowBytes).CopyTo(bytes);
        }, string.Join(", ", parts.Select(p => p.Source).Distinct()));
    }
}
