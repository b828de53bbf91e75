namespace Mezcla.Layers;

/// <summary>
/// The processes that compute one batch together, each with the same model and with its own rows of the batch. What a layer has to know
/// of the whole batch, such as how many tokens chose each expert, it asks through this. All of them must call the same members in
/// the same order. In a program of one process there is none.
/// </summary>
public interface IPeers
{
    /// <summary>The number of this process, from 0.</summary>
    int Rank { get; }

    /// <summary>The number of processes.</summary>
    int Count { get; }

    /// <summary>The sum over all processes of tensors of one shape, the same bits for each of them. No gradient.</summary>
    Tensor Sum(Tensor x);

    /// <summary>
    /// The rows of all processes: their tensors [rows, ...], Float32 or Int32, joined along the first axis in the order of their numbers.
    /// They may differ in the number of rows. No gradient.
    /// </summary>
    /// <param name="x">The rows of this process.</param>
    /// <param name="start">Where they begin in the result.</param>
    Tensor Gather(Tensor x, out int start);
}
