using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;

namespace Mezcla.Experiments.Comparisons;

/// <summary>The kind of cell of a recurrent network.</summary>
public enum RecurrentCell
{
    /// <summary>Long short-term memory (Hochreiter and Schmidhuber 1997, with a forget gate: Gers et al. 2000).</summary>
    Lstm,

    /// <summary>Gated recurrent unit (Cho et al. 2014).</summary>
    Gru,
}

/// <summary>The shape of a recurrent language model.</summary>
/// <param name="VocabularySize">Number of token ids.</param>
/// <param name="ContextLength">Longest training sequence.</param>
/// <param name="Layers">The number of stacked recurrent layers.</param>
/// <param name="HiddenSize">Width of embedding and state.</param>
/// <param name="Cell">LSTM or GRU.</param>
public sealed record RecurrentConfig(int VocabularySize, int ContextLength, int Layers, int HiddenSize,
    RecurrentCell Cell = RecurrentCell.Lstm);

/// <summary>
/// A recurrent language model, the usual kind before transformers: it carries a state from token to token. The products with the inputs are
/// computed for all positions at once, but each state needs the one before it, so the positions are processed in a loop. Transformers do
/// not need this loop.
/// </summary>
public sealed class RecurrentModel : LanguageModel
{
    private readonly RecurrentConfig _config;
    private readonly Embedding _embedding;
    private readonly List<(Linear Input, Linear State)> _cells = [];
    private readonly Linear _head;

    /// <summary>A model with random weights, drawn from a normal distribution. Its standard deviation is that of the uniform distribution
    /// on ±1/√hidden, which is usual for recurrent cells.</summary>
    public RecurrentModel(RecurrentConfig config, RandomStream random)
    {
        _config = config;
        var gates = config.Cell == RecurrentCell.Lstm ? 4 : 3;
        // The standard deviation of a uniform distribution on ±a is a/√3.
        var initialization = new Initialization(random, 1 / MathF.Sqrt(3 * config.HiddenSize));
        _embedding = Child("embedding", new Embedding(config.VocabularySize, config.HiddenSize, initialization));
        for (var layer = 0; layer < config.Layers; layer++)
        {
            _cells.Add((
                Child($"cells.{layer}.input", new Linear(config.HiddenSize, gates * config.HiddenSize, true, initialization)),
                Child($"cells.{layer}.state", new Linear(config.HiddenSize, gates * config.HiddenSize, true, initialization))));
        }

        _head = Child("head", new Linear(config.HiddenSize, config.VocabularySize, true, initialization));
    }

    /// <inheritdoc/>
    public override int VocabularySize => _config.VocabularySize;

    /// <inheritdoc/>
    public override int ContextLength => _config.ContextLength;

    /// <inheritdoc/>
    public override Device Device => _head.Weight.Device;

    /// <inheritdoc/>
    public override Tensor Logits(Tensor ids, ForwardContext? context = null)
    {
        var x = _embedding.Forward(ids.To(Device));
        foreach (var (input, state) in _cells)
            x = _config.Cell == RecurrentCell.Lstm ? Lstm(x, input, state) : Gru(x, input, state);
        return _head.Forward(x);
    }

    // i, f, o = σ(·), g = tanh(·) of Wx + Uh; c ← f·c + i·g; h ← o·tanh(c).
    private Tensor Lstm(Tensor x, Linear input, Linear state)
    {
        var (batch, time, size) = (x.Size(0), x.Size(1), _config.HiddenSize);
        var projected = input.Forward(x);
        var (hidden, memory) = (Tensor.Zeros(DType.Float32, x.Device, batch, size), Tensor.Zeros(DType.Float32, x.Device, batch, size));
        var outputs = new Tensor[time];
        for (var t = 0; t < time; t++)
        {
            var gates = projected.Slice(1, t, 1).Reshape(batch, 4 * size) + state.Forward(hidden);
            var open = gates.Slice(1, 0, 3 * size).Sigmoid();
            memory = open.Slice(1, size, size) * memory + open.Slice(1, 0, size) * gates.Slice(1, 3 * size, size).Tanh();
            outputs[t] = hidden = open.Slice(1, 2 * size, size) * memory.Tanh();
        }

        return Tensor.Stack(1, outputs);
    }

    // r, z = σ(·), n = tanh(Wx + r·(Uh)); h ← (1−z)·n + z·h.
    private Tensor Gru(Tensor x, Linear input, Linear state)
    {
        var (batch, time, size) = (x.Size(0), x.Size(1), _config.HiddenSize);
        var projected = input.Forward(x);
        var hidden = Tensor.Zeros(DType.Float32, x.Device, batch, size);
        var outputs = new Tensor[time];
        for (var t = 0; t < time; t++)
        {
            var fromInput = projected.Slice(1, t, 1).Reshape(batch, 3 * size);
            var fromState = state.Forward(hidden);
            var open = (fromInput.Slice(1, 0, 2 * size) + fromState.Slice(1, 0, 2 * size)).Sigmoid();
            var proposal = (fromInput.Slice(1, 2 * size, size) + open.Slice(1, 0, size) * fromState.Slice(1, 2 * size, size)).Tanh();
            outputs[t] = hidden = proposal + open.Slice(1, size, size) * (hidden - proposal);
        }

        return Tensor.Stack(1, outputs);
    }
}
