namespace Mezcla.Charts;

/// <summary>What a GPU can do at most.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Flops">Operations a second in 16 bits.</param>
/// <param name="MemoryBytes">Its memory, in bytes.</param>
/// <param name="Bandwidth">Bytes that it reads from its memory in a second.</param>
public sealed record ServingChip(string Name, double Flops, double MemoryBytes, double Bandwidth);
