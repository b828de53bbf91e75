using Mezcla.Tokenization;

namespace Mezcla.Quantization.Methods;

/// <summary>Sequences of tokens that a method observes a model on.</summary>
public sealed record CalibrationText
{
    /// <summary>Sequences, each of at least one token.</summary>
    public IReadOnlyList<int[]> Sequences { get; }

    private CalibrationText(IReadOnlyList<int[]> sequences) => Sequences = sequences;

    /// <summary>Evenly spread sequences of some tokens.</summary>
    /// <param name="ids">The tokens.</param>
    /// <param name="length">Tokens of a sequence: at most the model's context.</param>
    /// <param name="count">The most sequences; 128 is GPTQ's number.</param>
    /// <exception cref="ArgumentException">There is not one whole sequence.</exception>
    public static CalibrationText From(ReadOnlySpan<int> ids, int length, int count = 128)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var whole = Math.Min(count, ids.Length / length);
        if (whole == 0)
            throw new ArgumentException(
                $"The calibration text has {ids.Length} tokens, and one sequence needs {length}: use a longer text.", nameof(ids));
        var sequences = new List<int[]>(whole);
        for (var i = 0; i < whole; i++)
            sequences.Add(ids.Slice((int)((long)i * (ids.Length - length) / Math.Max(1, whole - 1)), length).ToArray());
        return new(sequences);
    }

    /// <summary>Evenly spread sequences of a text.</summary>
    /// <inheritdoc cref="From(ReadOnlySpan{int}, int, int)"/>
    public static CalibrationText From(string text, Tokenizer tokenizer, int length, int count = 128) =>
        From(tokenizer.Encode(text), length, count);
}
