using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Mezcla.Training;

/// <summary>
/// Draws batches of random windows from a long sequence of token ids. The end of the sequence is held out for validation.
/// </summary>
public sealed class TokenBatches
{
    private const int Ignored = -100; // the label that a cross-entropy skips

    private readonly int[] _training, _validation;
    private readonly bool[]? _trainingMask, _validationMask;
    private readonly Device _device;
    private readonly Lazy<string> _sha256;

    /// <summary>Makes batches from <paramref name="ids"/>.</summary>
    /// <param name="ids">The whole sequence.</param>
    /// <param name="validationShare">The share at the end that is held out, 0 to below 1.</param>
    /// <param name="device">The device on which batches are made; the CPU by default.</param>
    /// <param name="mask">Which ids are learned, for example answers but not questions; the others are
    /// inputs but never labels. Null for all.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is out of range.</exception>
    /// <exception cref="ArgumentException">The mask is not as long as the ids.</exception>
    public TokenBatches(int[] ids, double validationShare = 0.1, Device? device = null, bool[]? mask = null)
    {
        if (mask is not null && mask.Length != ids.Length)
            throw new ArgumentException($"The mask has {mask.Length} entries for {ids.Length} ids; it needs one for each.", nameof(mask));
        if (validationShare is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(validationShare), validationShare,
                "The held-out share must be at least 0 and below 1.");
        var held = (int)(ids.Length * validationShare);
        _training = ids[..^held];
        _validation = ids[^held..];
        (_trainingMask, _validationMask) = (mask?[..^held], mask?[^held..]);
        ValidationShare = validationShare;
        _device = device ?? Device.Cpu;
        _sha256 = new(
            () => Convert.ToHexStringLower(SHA256.HashData([.. MemoryMarshal.AsBytes<int>(ids), .. MemoryMarshal.AsBytes<bool>(mask)])));
    }

    /// <summary>Makes batches from sequences that are already split into training data and held-out data.</summary>
    public TokenBatches(int[] training, int[] validation)
    {
        (_training, _validation, _device) = (training, validation, Device.Cpu);
        _sha256 = new(() => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<int>([.. training, .. validation]))));
    }

    /// <summary>The ids that are trained on.</summary>
    public ReadOnlySpan<int> Training => _training;

    /// <summary>The ids that are held out.</summary>
    public ReadOnlySpan<int> Validation => _validation;

    /// <summary>Whether anything is held out.</summary>
    public bool HasValidation => _validation.Length > 0;

    /// <summary>The share of the data that is held out.</summary>
    public double ValidationShare { get; }

    /// <summary>
    /// SHA-256, in lower-case hexadecimal, of all ids as little-endian 32-bit integers, followed by the mask, if there is one, as bytes.
    /// </summary>
    public string Sha256 => _sha256.Value;

    /// <summary>Throws if a window of <paramref name="length"/> tokens plus the next token does not fit.</summary>
    /// <exception cref="ArgumentException">The data is too short; the message gives its length and the length required.</exception>
    public void RequireLength(int length)
    {
        if (_training.Length <= length)
            throw new ArgumentException(
                $"The training data has {_training.Length} tokens, too few for a sequence of {length} and the token after it. Use a " +
                    "longer text, a shorter context or a smaller held-out share.");
        if (HasValidation && _validation.Length <= length)
            throw new ArgumentException(
                $"The held-out data has {_validation.Length} tokens, too few for a sequence of {length} and the token after it. Use a " +
                    "longer text, a shorter context, or a larger held-out share (or none).");
        if (_trainingMask?.AsSpan(1).Contains(true) == false || HasValidation && _validationMask?.AsSpan(1).Contains(true) == false)
            throw new ArgumentException("The mask leaves nothing to learn in the training or in the held-out data: mark some of its ids.");
    }

    /// <summary>A batch of training windows: <paramref name="batch"/> sequences of <paramref name="length"/> tokens.</summary>
    public TokenBatch Next(RandomStream random, int batch, int length) => Draw(_training, _trainingMask, random, batch, length);

    /// <summary>A batch of windows of the held-out part.</summary>
    public TokenBatch NextValidation(RandomStream random, int batch, int length) =>
        Draw(_validation, _validationMask, random, batch, length);

    private TokenBatch Draw(int[] ids, bool[]? mask, RandomStream random, int batch, int length)
    {
        var (inputs, labels) = (new int[batch * length], new int[batch * length]);
        for (var row = 0; row < batch; row++)
        {
            var start = random.NextInt(ids.Length - length);
            // A window without any label is drawn again; RequireLength made sure that others exist.
            while (mask is not null && !mask.AsSpan(start + 1, length).Contains(true))
                start = random.NextInt(ids.Length - length);
            Array.Copy(ids, start, inputs, row * length, length);
            Array.Copy(ids, start + 1, labels, row * length, length);
            for (var i = 0; mask is not null && i < length; i++)
                if (!mask[start + 1 + i])
                    labels[row * length + i] = Ignored;
        }

        var counted = mask is null ? labels.Length : labels.Count(label => label != Ignored);
        return new(OnDevice(inputs), OnDevice(labels)) { CountedLabels = counted };

        Tensor OnDevice(int[] values) => Tensor.From(values, batch, length).To(_device);
    }
}
