namespace Mezcla.Training;

/// <summary>
/// Where the data, tokenizer and weights of a training came from. Together with the configurations, it is enough to repeat the training.
/// </summary>
/// <param name="Data">The name of a corpus, or a file, as the user gave it.</param>
/// <param name="TextSha256">SHA-256 of the text; null if it is a mixture of several texts.</param>
/// <param name="Tokenizer">How the tokenizer was made: <c>bpe</c> (trained on the text), <c>characters</c>,
/// or the name or file of an encoding.</param>
/// <param name="Vocabulary">The vocabulary size asked for, if the tokenizer was trained.</param>
/// <param name="ValidationShare">The share at the end of the data that is held out.</param>
/// <param name="ModelSeed">Seed of the weights.</param>
/// <param name="Quantize">The number format that weights were rounded to in every forward pass; null for none.</param>
/// <param name="ActivationBits">The number of bits that activations were rounded to in those passes;
/// null for the default of the format.</param>
public sealed record TrainingSource(
    string Data, string? TextSha256, string Tokenizer, int Vocabulary, double ValidationShare, ulong ModelSeed, string? Quantize = null,
    int? ActivationBits = null);
