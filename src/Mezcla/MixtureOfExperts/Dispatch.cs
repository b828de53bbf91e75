namespace Mezcla.MixtureOfExperts;

/// <summary>
/// Assignments sorted by expert: those of expert e are from offsets[e] to before offsets[e+1]; those from offsets[E] on were dropped.
/// </summary>
/// <param name="Rows">The token of each assignment, Int32 [M].</param>
/// <param name="Experts">The expert of each assignment, Int32 [M].</param>
/// <param name="Offsets">Int32 [E + 1].</param>
/// <param name="Weights">The weight of each assignment [M]; 0 if it was dropped.</param>
internal sealed record Dispatch(Tensor Rows, Tensor Experts, Tensor Offsets, Tensor Weights);
