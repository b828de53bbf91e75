using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Mezcla.Tensors;

namespace Mezcla.Datasets;

/// <summary>Draws batches of random windows from a long sequence of token ids, whose end is held out for validation.</summary>
public sealed class TokenBatches
{
    private readonly int[] _training, _validation;
    private readonly Device _device;
    private readonly Lazy<string> _sha256;

    /// <summary>Batches of <paramref name="ids"/>.</summary>
    /// <param name="ids">The whole sequence.</param>
    /// <param name="validationShare">The share at the end that is held out, 0 to below 1.</param>
    /// <param name="device">Where batches are made; the CPU by default.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is not within its range.</exception>
    public TokenBatches(int[] ids, double validationShare = 0.1, Device? device = null)
    {
        if (validationShare is not (>= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(validationShare), validationShare, "The held-out share must be at least 0 and below 1.");
        var held = (int)(ids.Length * validationShare);
        _training = ids[..^held];
        _validation = ids[^held..];
        _device = device ?? Device.Cpu;
        _sha256 = new(() => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<int>(ids))));
    }

    /// <summary>Batches of sequences that are split already.</summary>
    internal TokenBatches(int[] training, int[] validation)
    {
        (_training, _validation, _device) = (training, validation, Device.Cpu);
        _sha256 = new(() => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<int>([.. training, .. validation]))));
    }

    /// <summary>Ids that are trained on.</summary>
    public ReadOnlySpan<int> Training => _training;

    /// <summary>Ids that are held out.</summary>
    public ReadOnlySpan<int> Validation => _validation;

    /// <summary>Whether anything is held out.</summary>
    public bool HasValidation => _validation.Length > 0;

    /// <summary>SHA-256 of all ids as little-endian 32-bit integers, in lower-case hexadecimal.</summary>
    public string Sha256 => _sha256.Value;

    /// <summary>Throws where a window of <paramref name="length"/> tokens and the one after does not fit.</summary>
    /// <exception cref="ArgumentException">Says how long the data is and what it would need.</exception>
    public void RequireLength(int length)
    {
        if (_training.Length <= length)
            throw new ArgumentException($"The training data has {_training.Length} tokens, too few for a sequence of {length} and the token after it. Use a longer text, a shorter context or a smaller held-out share.");
        if (HasValidation && _validation.Length <= length)
            throw new ArgumentException($"The held-out data has {_validation.Length} tokens, too few for a sequence of {length} and the token after it. Use a longer text, a shorter context, or a larger held-out share (or none).");
    }

    /// <summary>A batch of training windows: Int32 inputs and labels [batch, length], labels one token ahead.</summary>
    public (Tensor Inputs, Tensor Labels) Next(RandomStream random, int batch, int length) => Draw(_training, random, batch, length);

    /// <summary>The same of the held-out part.</summary>
    public (Tensor Inputs, Tensor Labels) NextValidation(RandomStream random, int batch, int length) => Draw(_validation, random, batch, length);

    private (Tensor Inputs, Tensor Labels) Draw(int[] ids, RandomStream random, int batch, int length)
    {
        var (inputs, labels) = (new int[batch * length], new int[batch * length]);
        for (var row = 0; row < batch; row++)
        {
            var start = random.NextInt(ids.Length - length);
            Array.Copy(ids, start, inputs, row * length, length);
            Array.Copy(ids, start + 1, labels, row * length, length);
        }

        return (Tensor.From(inputs, batch, length).To(_device), Tensor.From(labels, batch, length).To(_device));
    }
}
