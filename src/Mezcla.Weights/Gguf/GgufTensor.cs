namespace Mezcla.Weights.Gguf;

/// <summary>One tensor of a GGUF file.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Type">Its element type.</param>
/// <param name="Shape">Its sizes, outermost first (the file lists them in the opposite order): [outputs, inputs] for a matrix.</param>
/// <param name="Offset">Where its bytes start in the file.</param>
/// <param name="Length">How many bytes.</param>
internal sealed record GgufTensor(string Name, GgmlType Type, IReadOnlyList<long> Shape, long Offset, long Length);
