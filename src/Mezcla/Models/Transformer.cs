using Mezcla.MixtureOfExperts;

namespace Mezcla.Models;

/// <summary>A decoder-only transformer of any shape that a <see cref="TransformerConfig"/> describes, dense or with experts.</summary>
public sealed class Transformer : LanguageModel
{
    private readonly List<TransformerBlock> _blocks = [];

    /// <summary>Makes a model with initial weights drawn from <paramref name="random"/>.</summary>
    /// <exception cref="ArgumentException">The configuration contradicts itself; the message says how.</exception>
    public Transformer(TransformerConfig config, RandomStream random) : this(config, Fresh(config, random), null) { }

    /// <summary>
    /// Makes a model that is loaded part by part: the token table, each block, the last norm, the head. Each part is loaded before the next
    /// one is made, so a model with quantized weights never holds more than one part as floats.
    /// </summary>
    /// <param name="config">The shape.</param>
    /// <param name="load">Called with the name and each new part, whose matrices hold no weights yet. Returns the part to use: the same one
    /// with its weights filled in, or a replacement.</param>
    /// <exception cref="ArgumentException">The configuration contradicts itself; the message says how.</exception>
    public Transformer(TransformerConfig config, Func<string, Module, Module> load)
        : this(config, new Initialization(null), load) { }

    private Transformer(TransformerConfig config, Initialization initialization, Func<string, Module, Module>? load)
    {
        config.Validate();
        Config = config;
        TokenEmbedding = Part("embedding", new Embedding(config.VocabularySize, config.HiddenSize, initialization),
            table => TokenEmbedding = table);
        if (config.Positions.Kind == PositionKind.Learned)
            PositionEmbedding = Part("positions",
                new Embedding(config.ContextLength + config.Positions.ReservedRows, config.HiddenSize, initialization));
        var rotary = config.Positions.Kind == PositionKind.Rotary
            ? RotaryTable.Create(config.ContextLength, config.Attention.Latent?.RopeHeadSize ?? config.Attention.HeadSize, config.Positions)
            : null;
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var period = config.Positions.NoPositionPeriod;
            var turned = period == 0 || (layer + 1) % period != 0;
            _blocks.Add(Part($"blocks.{layer}", new TransformerBlock(config, layer, turned ? rotary : null, initialization)));
        }

        FinalNorm = Part("final_norm", new Normalization(config.HiddenSize, config.Norm));
        if (!config.TiedHead)
            Head = Part("head", new Linear(config.HiddenSize, config.VocabularySize, config.HeadBias, initialization),
                head => Head = head);

        T Part<T>(string name, T module, Action<T>? replaced = null) where T : Module =>
            Child(name, load is null ? module : (T)load(name, module), replaced);
    }

    // Each block adds two outputs to the residual stream. Dividing by the square root of the number of outputs keeps the variance of their
    // sum constant (Radford et al. 2019, section 2.3).
    private static Initialization Fresh(TransformerConfig config, RandomStream random) =>
        new(random, config.InitializerRange, 1 / MathF.Sqrt(2 * config.Layers));

    /// <summary>The shape.</summary>
    public TransformerConfig Config { get; }

    /// <inheritdoc/>
    public override int VocabularySize => Config.VocabularySize;

    /// <inheritdoc/>
    public override int ContextLength => Config.ContextLength;

    /// <summary>The token table [V, d].</summary>
    public Embedding TokenEmbedding { get; private set; }

    /// <summary>The position table [reserved rows + context, d]; null where positions are not learned.</summary>
    public Embedding? PositionEmbedding { get; }

    /// <summary>The blocks, first to last.</summary>
    public IReadOnlyList<TransformerBlock> Blocks => _blocks;

    /// <summary>The norm before the head.</summary>
    public Normalization FinalNorm { get; }

    /// <summary>The head [V, d]; null where it is tied to the token table.</summary>
    public Linear? Head { get; private set; }

    /// <inheritdoc/>
    public override Device Device => FinalNorm.Weight.Device;

    /// <inheritdoc/>
    public override void AfterStep()
    {
        foreach (var block in _blocks)
            block.Experts?.AfterStep();
    }

    /// <summary>
    /// Token ids, Int32 [batch, time], on any device → the residual stream after the last norm, [batch, time, d], or [batch, 1, d] if the
    /// context asks for the last position only.
    /// </summary>
    /// <exception cref="ArgumentException">The tensor is not [batch, time], or has more tokens than the context allows.</exception>
    public Tensor Hidden(Tensor ids, ForwardContext? context = null)
    {
        context ??= new ForwardContext();
        if (ids.Rank != 2)
            throw new ArgumentException($"Transformer: token ids must be [batch, time], not [{string.Join(", ", ids.Shape.ToArray())}].",
                nameof(ids));
        var (time, start) = (ids.Size(1), context.StartPosition);
        if (start + time > Config.ContextLength)
            throw new ArgumentException($"Transformer: {start + time} tokens exceed the context of {Config.ContextLength}.", nameof(ids));
        ids = ids.To(Device);
        context.TokenIds = ids;
        var x = TokenEmbedding.Forward(ids);
        if (Config.EmbeddingMultiplier is { } factor)
            x *= factor;
        if (PositionEmbedding is not null)
            x += PositionEmbedding.Weight.Slice(0, Config.Positions.ReservedRows + start, time);
        x = context.Dropout(x, Config.Dropout);
        foreach (var block in _blocks)
            x = Pass(block, x, context);
        context.Cache?.Advance(time);
        if (context.LastPositionOnly && time > 1)
            x = x.Slice(1, time - 1, 1);
        return FinalNorm.Forward(x);
    }

    // Without gradients, nothing computed within a block is needed after it, so a long prompt needs
    // the working memory of one block, not of all.
    private static Tensor Pass(TransformerBlock block, Tensor x, ForwardContext context)
    {
        if (!NoGrad.Active)
            return block.Forward(x, context);
        using var scope = new TensorScope();
        return scope.Keep(block.Forward(x, context));
    }

    /// <inheritdoc/>
    public override Tensor Logits(Tensor ids, ForwardContext? context = null)
    {
        var hidden = Hidden(ids, context);
        var logits = Head?.Forward(hidden) ?? TokenEmbedding.Project(hidden);
        return Config.LogitsScaling is { } scaling ? logits / scaling : logits;
    }

    /// <summary>Runs the model on [batch, time] token ids and returns the decisions of every Mixture of Experts in it.</summary>
    public RoutingTrace Observe(Tensor ids)
    {
        var trace = new RoutingTrace();
        using (new NoGrad())
        using (new TensorScope())
            Hidden(ids, new ForwardContext { Routing = trace });
        return trace;
    }
}
