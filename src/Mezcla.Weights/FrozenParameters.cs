using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;

namespace Mezcla.Weights;

/// <summary>The parameters of a model whose matrices are frozen, decoded to floats when asked for.</summary>
internal static class FrozenParameters
{
    public static Dictionary<string, Func<float[]>> Of(Transformer model)
    {
        var parameters = new Dictionary<string, Func<float[]>>();
        foreach (var (name, module) in model.NamedModules())
        {
            switch (module)
            {
                case Linear { Frozen: { } matrix }: parameters.Add(name + ".weight", () => Decode([matrix])); break;
                case Embedding { Frozen: { } matrix }: parameters.Add(name + ".weight", () => Decode([matrix])); break;
                case MixtureOfExpertsLayer { Frozen: { } experts }:
                    parameters.Add(name + ".up.weight", () => Decode(experts.Up));
                    parameters.Add(name + ".down.weight", () => Decode(experts.Down));
                    break;
            }
        }
        return parameters;
    }

    private static float[] Decode(IReadOnlyList<IFrozenMatrix> matrices)
    {
        int rows = matrices[0].Rows, columns = matrices[0].Columns;
        var values = new float[checked(matrices.Count * rows * columns)];
        Parallel.For(0, matrices.Count * rows, row => matrices[row / rows].ReadRow(row % rows, values.AsSpan(row * columns, columns)));
        return values;
    }
}
