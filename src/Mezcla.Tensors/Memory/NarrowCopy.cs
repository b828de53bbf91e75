namespace Mezcla.Tensors;

/// <summary>Numbers of a storage rounded to bfloat16, of the version and the part they were made from. Whoever keeps it holds a reference to <paramref name="Copy"/>.</summary>
/// <param name="Copy">Where they lie.</param>
/// <param name="Version">The version of the storage.</param>
/// <param name="Epoch">Of the kernels: what was made in another does not count, since a graph changes numbers without a version.</param>
/// <param name="Offset">Where in the storage they begin, in bytes.</param>
/// <param name="Count">How many they are.</param>
internal sealed record NarrowCopy(Storage Copy, int Version, int Epoch, long Offset, long Count);
