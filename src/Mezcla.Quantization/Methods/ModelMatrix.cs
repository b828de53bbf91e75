using Mezcla.Layers;
using Mezcla.MixtureOfExperts;
using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.Quantization.Methods;

/// <summary>What a matrix of a model is for.</summary>
public enum MatrixRole
{
    /// <summary>The token embeddings, which are also the output head in models with tied embeddings.</summary>
    Embedding,

    /// <summary>Projections of attention.</summary>
    Attention,

    /// <summary>A dense feed-forward network, or the experts that every token uses.</summary>
    Network,

    /// <summary>One routed expert.</summary>
    Expert,

    /// <summary>The map that scores experts.</summary>
    Router,

    /// <summary>The output head, in models where it is a separate matrix.</summary>
    Head,
}

/// <summary>One matrix W [rows, columns] of a model with float weights, y = x·Wᵀ: a linear
/// map, the token table, or one expert's part of a stack.</summary>
public sealed class ModelMatrix
{
    private readonly Tensor _tensor;
    private readonly int _offset;

    private ModelMatrix(string ownerName, Module owner, MatrixRole role, Tensor tensor, int expert = -1)
    {
        var name = expert < 0 ? $"{ownerName}.weight" : $"{ownerName}.weight[{expert}]";
        (Name, OwnerName, Owner, Role, _tensor, Expert) = (name, ownerName, owner, role, tensor, expert);
        (Rows, Columns) = (tensor.Size(-2), tensor.Size(-1));
        _offset = Math.Max(0, expert) * Rows * Columns;
        Layer = name.Split('.') is ["blocks", var number, ..] ? int.Parse(number, System.Globalization.CultureInfo.InvariantCulture) : -1;
    }

    /// <summary>The parameter's name, and for an expert's part its number: <c>blocks.0.experts.up.weight[3]</c>.</summary>
    public string Name { get; }

    /// <summary>What it is for.</summary>
    public MatrixRole Role { get; }

    /// <summary>The number of its block; -1 for a matrix outside the blocks.</summary>
    public int Layer { get; }

    /// <summary>The number of its expert; -1 for a matrix that belongs to no expert.</summary>
    public int Expert { get; }

    /// <summary>Outputs.</summary>
    public int Rows { get; }

    /// <summary>Inputs.</summary>
    public int Columns { get; }

    /// <summary>The module that the weights are a parameter of: a linear map, the token table, or the linear maps of all experts.</summary>
    internal Module Owner { get; }

    /// <summary>The dotted name of <see cref="Owner"/>, by which another module can take its place.</summary>
    internal string OwnerName { get; }

    /// <summary>A copy of the weights, row after row.</summary>
    public float[] Read() => _tensor.AsReadOnlySpan().Slice(_offset, Rows * Columns).ToArray();

    /// <summary>Overwrites the weights.</summary>
    public void Write(ReadOnlySpan<float> values)
    {
        if (values.Length != Rows * Columns)
            throw new ArgumentException($"{Name} is [{Rows}, {Columns}]: {values.Length} numbers do not fill it.", nameof(values));
        values.CopyTo(_tensor.AsSpan().Slice(_offset, values.Length));
    }

    /// <summary>Every matrix of a model on the CPU in the order in which tokens meet
    /// them; tables of positions are not among them.</summary>
    /// <exception cref="InvalidOperationException">The model is quantized already, so that it has no float weights.</exception>
    public static IReadOnlyList<ModelMatrix> Of(Transformer model)
    {
        var matrices = new List<ModelMatrix>();
        foreach (var (name, module) in model.NamedModules())
        {
            switch (module)
            {
                case Linear linear:
                    var role = name == "head" ? MatrixRole.Head
                        : name.Contains(".router.", StringComparison.Ordinal) ? MatrixRole.Router
                        : name.Contains(".attention.", StringComparison.Ordinal) ? MatrixRole.Attention
                        : MatrixRole.Network;
                    matrices.Add(new(name, linear, role, linear.Weight));
                    break;
                case Embedding embedding when name != "positions":
                    matrices.Add(new(name, embedding, MatrixRole.Embedding, embedding.Weight));
                    break;
                case MixtureOfExpertsLayer experts:
                    for (var expert = 0; expert < experts.Up.Weight.Size(0); expert++)
                    {
                        matrices.Add(new(name + ".up", experts.Up, MatrixRole.Expert, experts.Up.Weight, expert));
                        matrices.Add(new(name + ".down", experts.Down, MatrixRole.Expert, experts.Down.Weight, expert));
                    }
                    break;
            }
        }
        return matrices;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} [{Rows}, {Columns}]";
}
