namespace Mezcla.Training;

/// <summary>Where data, tokenizer and weights of a training came from: with it and
/// the configurations, the training can be run again.</summary>
/// <param name="Data">A corpus name or a file, as it was named.</param>
/// <param name="TextSha256">SHA-256 of the text (<see cref="Datasets.Corpus.Sha256"/>); null where it was mixed of several.</param>
/// <param name="Tokenizer">How the tokenizer was made: <c>bpe</c> (trained on the text),
/// <c>characters</c>, or the name or file of an encoding.</param>
/// <param name="Vocabulary">Tokens asked for, where it was trained.</param>
/// <param name="ValidationShare">The share held out at the end.</param>
/// <param name="ModelSeed">Seed of the weights.</param>
/// <param name="Quantize">The number format that weights were rounded to in every forward pass; null for none.</param>
/// <param name="ActivationBits">Bits that activations were rounded to there; null for what goes with the format.</param>
public sealed record TrainingSource(
    string Data, string? TextSha256, string Tokenizer, int Vocabulary, double ValidationShare, ulong ModelSeed, string? Quantize = null,
    int? ActivationBits = null);
