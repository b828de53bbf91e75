using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Quantization.Layers;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Methods;

/// <summary>Runs a text through a model block by block, and lets the caller change each block before the next block receives its
/// outputs.</summary>
internal static class LayerWalk
{
    private const int SequencesAtOnce = 8;

    /// <summary>
    /// Calls <paramref name="change"/> with the number of each block and the statistics of its matrices' inputs by name, and last with −1
    /// and those of the head. Without a text there are no statistics.
    /// </summary>
    public static void Run(Transformer model, CalibrationText? text, Action<int, IReadOnlyDictionary<string, InputStatistics>> change,
        IReadOnlyList<ModelMatrix> matrices)
    {
        if (text is null)
        {
            for (var block = 0; block < model.Blocks.Count; block++)
                change(block, new Dictionary<string, InputStatistics>());
            change(-1, new Dictionary<string, InputStatistics>());
            return;
        }
        using var noGrad = new NoGrad();
        var batches = text.Sequences.Chunk(SequencesAtOnce)
            .Select(chunk => Tensor.From(chunk.SelectMany(s => s).ToArray(), chunk.Length, chunk[0].Length)).ToList();
        var hidden = batches.Select(ids => Embed(model, ids)).ToList();
        for (var block = 0; block < model.Blocks.Count; block++)
        {
            var part = model.Blocks[block];
            change(block,
                Observe(model, [.. matrices.Where(m => m.Layer == block)], () => Each(i => part.Forward(hidden[i], Context(i)).Dispose())));
            Each(i =>
            {
                var next = part.Forward(hidden[i], Context(i));
                hidden[i].CopyFrom(next);
            });
        }
        change(-1,
            model.Head is null
                ? new Dictionary<string, InputStatistics>()
                : Observe(model, [.. matrices.Where(m => m.Role == MatrixRole.Head)],
                    () => Each(i => model.Head.Forward(model.FinalNorm.Forward(hidden[i])))));
        foreach (var tensor in hidden.Concat(batches))
            tensor.Dispose();

        void Each(Action<int> action)
        {
            for (var i = 0; i < hidden.Count; i++)
            {
                using var scope = new TensorScope();
                action(i);
            }
        }

        ForwardContext Context(int i) => new() { TokenIds = batches[i] };
    }

    private static Tensor Embed(Transformer model, Tensor ids)
    {
        var x = model.TokenEmbedding.Forward(ids);
        return model.PositionEmbedding is null
            ? x
            : x + model.PositionEmbedding.Weight.Slice(0, model.Config.Positions.ReservedRows, ids.Size(1));
    }

    /// <summary>The inputs that some matrices get while <paramref name="run"/> runs.</summary>
    private static Dictionary<string, InputStatistics> Observe(Transformer model, IReadOnlyList<ModelMatrix> matrices, Action run)
    {
        var statistics = matrices.ToDictionary(m => m.Name, m => new InputStatistics(m.Columns));
        using var observed = new TemporaryModules(model);
        foreach (var own in matrices.GroupBy(m => m.OwnerName))
        {
            switch (own.First().Owner)
            {
                case Linear linear:
                    observed.Put(own.Key, linear, new ObservedLinear(linear, x => statistics[own.Single().Name].Add(x.AsReadOnlySpan())));
                    break;
                case GroupedLinear experts:
                    observed.Put(own.Key, experts, new ObservedGroupedLinear(experts, (x, offsets) =>
                    {
                        var starts = offsets.ToIntArray();
                        foreach (var m in own)
                            statistics[m.Name].Add(x.AsReadOnlySpan()[(starts[m.Expert] * m.Columns)..(starts[m.Expert + 1] * m.Columns)]);
                    }));
                    break;
            }
        }

        run();
        return statistics;
    }
}
