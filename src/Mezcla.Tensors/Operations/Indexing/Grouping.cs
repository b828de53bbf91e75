namespace Mezcla.Tensors;

/// <summary>
/// Choices sorted by group. There are M = tokens·k places: group g has those from offsets[g] to before offsets[g + 1], and after the last
/// group come the choices that were dropped.
/// </summary>
/// <param name="Order">The flat position t·k + j of each place's choice, Int32 [M].</param>
/// <param name="Rows">Its token t, Int32 [M].</param>
/// <param name="Groups">Its group, Int32 [M]; 0 for a dropped choice.</param>
/// <param name="Kept">1, or 0 for a dropped choice [M].</param>
/// <param name="Offsets">Int32 [groups + 1].</param>
public sealed record Grouping(Tensor Order, Tensor Rows, Tensor Groups, Tensor Kept, Tensor Offsets);
