namespace Mezcla.MixtureOfExperts;

/// <summary>Assignments sorted by expert: those of expert e are offsets[e] to
/// offsets[e+1]; what lies behind offsets[E] was dropped.</summary>
/// <param name="Rows">The token of each assignment, Int32 [M].</param>
/// <param name="Experts">The expert of each assignment, Int32 [M].</param>
/// <param name="Offsets">Int32 [E + 1].</param>
/// <param name="Weights">The weight of each assignment [M]; 0 where it was dropped.</param>
internal sealed record Dispatch(Tensor Rows, Tensor Experts, Tensor Offsets, Tensor Weights);
