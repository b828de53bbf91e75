using System.Diagnostics;
using Mezcla.Models;

namespace Mezcla.Training;

/// <summary>
/// Trains a model on batches of tokens. The same model, data, configuration and seed give the same losses to the bit on the CPU.
/// </summary>
public sealed class Trainer
{
    // Streams of the same seed that never overlap: one for batches, one for noise inside the model.
    private const ulong BatchStream = 1, NoiseStream = 2;

    private readonly LanguageModel _model;
    private readonly TokenBatches _data;
    private readonly TrainingConfig _config;
    private readonly Optimizer _optimizer;
    private readonly Tensor[] _parameters;
    private readonly RandomStream _batches, _noise;
    private readonly ITrainingPeers? _peers;
    private int _step, _worse;
    private long _tokens;
    private double? _best;

    /// <summary>
    /// Prepares to train <paramref name="model"/>, from the start or from the state <paramref name="resume"/>; together with
    /// <paramref name="peers"/>, each on its share of every batch, if they are given.
    /// </summary>
    /// <exception cref="ArgumentException">A setting is out of range, the model's router could never learn, the data is too short for a
    /// batch, or the training to resume used other data, or a batch has fewer sequences than there are processes.</exception>
    public Trainer(LanguageModel model, TokenBatches data, TrainingConfig config, TrainingState? resume = null,
        ITrainingPeers? peers = null)
    {
        config.Validate();
        if (model is Transformer { Config.MixtureOfExperts: { Experts: > 1 } moe } && !moe.Routing.RouterLearns(moe.TopK))
            throw new ArgumentException($"The router cannot learn: {moe.Routing.GetType().Name} always weighs the one expert of a token " +
                "with 1. Choose two experts, or SwitchRouting, whose weight is the probability.", nameof(model));
        if (peers?.Count > config.BatchSize)
            throw new ArgumentException($"A batch of {config.BatchSize} sequences cannot be shared by {peers.Count} processes: each " +
                "needs one at least.", nameof(config));
        (_model, _data, _config, _peers) = (model, data, config, peers);
        _parameters = [.. model.Parameters()];
        _batches = new RandomStream(config.Seed, BatchStream);
        _noise = new RandomStream(config.Seed, NoiseStream + (ulong)(peers?.Rank ?? 0));
        SequenceLength = config.SequenceLength > 0 ? config.SequenceLength : model.ContextLength;
        if (SequenceLength > model.ContextLength)
            throw new ArgumentException($"Sequences of {SequenceLength} tokens exceed the model's context of {model.ContextLength}.",
                nameof(config));
        data.RequireLength(SequenceLength);
        if (resume is null)
        {
            _optimizer = CreateOptimizer(model, config);
            return;
        }

        if (resume.DataHash != data.Sha256)
            throw new ArgumentException(
                "The checkpoint was trained on other data (its SHA-256 differs): resume with the same file and tokenizer, or start anew.",
                nameof(resume));
        if (resume.ValidationShare is { } share && share != data.ValidationShare)
            throw new ArgumentException(
                $"The checkpoint was trained with {share:P1} of the data held out, not {data.ValidationShare:P1}: held-out data " +
                    "would be trained on.", nameof(resume));
        _optimizer = resume.Optimizer
            ?? throw new ArgumentException("The training state has no optimizer: load it with ModelCheckpoint.Load.", nameof(resume));
        (_step, _tokens, _batches.Position, _noise.Position) = (resume.Step, resume.Tokens, resume.BatchPosition, resume.NoisePosition);
        (_best, _worse) = (resume.BestValidationLoss, resume.EvaluationsWithoutImprovement);
    }

    /// <summary>Number of tokens in a training sequence.</summary>
    public int SequenceLength { get; }

    /// <summary>The current state of the training, for a checkpoint.</summary>
    public TrainingState State() => new()
    {
        Config = _config,
        Step = _step,
        Tokens = _tokens,
        BatchPosition = _batches.Position,
        NoisePosition = _noise.Position,
        DataHash = _data.Sha256,
        ValidationShare = _data.ValidationShare,
        BestValidationLoss = _best,
        EvaluationsWithoutImprovement = _worse,
        Optimizer = _optimizer,
    };

    /// <summary>
    /// Trains to the last step. <paramref name="progress"/> is called after every step, in order and on the calling thread. Cancelling
    /// stops after the current step, and <see cref="State"/> then describes the state between two steps.
    /// </summary>
    /// <exception cref="TrainingDivergedException">The loss or a gradient is infinite or NaN.</exception>
    /// <exception cref="DeviceException">The device has no products in <see cref="TrainingConfig.Precision"/>.</exception>
    public TrainingResult Run(Action<TrainingStep>? progress = null, CancellationToken cancellation = default)
    {
        var clock = Stopwatch.StartNew();
        var steps = new List<TrainingStep>(_config.Steps);
        var precision = _model.Device.ProductPrecision;
        try
        {
            _model.Device.ProductPrecision = _config.Precision;
            while (_step < _config.Steps && !StoppedEarly && !Stopped(cancellation.IsCancellationRequested))
            {
                var step = Step() with { Seconds = clock.Elapsed.TotalSeconds };
                if (EvaluationDue())
                    step = step with { ValidationLoss = Evaluate() };
                if (step.ValidationLoss is { } loss)
                    (_best, _worse) = loss < (_best ?? double.PositiveInfinity) ? (loss, 0) : (_best, _worse + 1);
                step = step with { Traffic = _peers?.Traffic() };
                steps.Add(step);
                progress?.Invoke(step);
            }
        }
        finally
        {
            _model.Device.ProductPrecision = precision;
        }

        return new(steps, _step >= _config.Steps, StoppedEarly);
    }

    // All processes stop after the same step, whichever of them was asked to.
    private bool Stopped(bool here) => _peers is null ? here : _peers.Sum(here ? 1.0 : 0) > 0;

    private bool StoppedEarly => _config.Patience > 0 && _worse >= _config.Patience;

    /// <summary>Mean nats per token on held-out data, always on the same batches; NaN if none is held out.</summary>
    public double Evaluate() => _data.HasValidation
        ? Evaluation.CrossEntropy(_model, _data, _config.BatchSize, SequenceLength, _config.EvaluationBatches, _peers)
        : double.NaN;

    /// <summary>Makes an optimizer of the configured kind for all parameters of a model.</summary>
    public static Optimizer CreateOptimizer(LanguageModel model, TrainingConfig config) => config.Optimizer switch
    {
        OptimizerKind.AdamW => new AdamW(model.NamedParameters(), config),
        OptimizerKind.Muon => new Muon(model.NamedParameters(), config),
        var other => throw new ArgumentException($"Unknown optimizer {other}.", nameof(config)),
    };

    private bool EvaluationDue() => _data.HasValidation
        && (_step == _config.Steps || (_config.EvaluationInterval > 0 && _step % _config.EvaluationInterval == 0));

    private TrainingStep Step()
    {
        using var scope = new TensorScope();
        var batches = new TokenBatch[_config.AccumulationSteps];
        for (var i = 0; i < batches.Length; i++)
            batches[i] = _data.Next(_batches, _config.BatchSize, SequenceLength);
        // Each pass is a mean over its labels. Weighted by the number of its labels, the passes add up to the mean over all labels.
        var counted = batches.Sum(b => b.CountedLabels);
        var rate = _config.LearningRate * (float)_config.Schedule.At(_step, _config.Steps);
        // The device is given the whole step before the CPU reads any result, so a step waits only
        // once. A step that diverged changes nothing.
        var measured = Compute(batches, counted, rate);
        _tokens += (long)batches.Length * _config.BatchSize * SequenceLength;
        var (values, total, crossEntropy) = (measured.ToArray(), 0.0, 0.0);
        for (var i = 0; i < batches.Length; i++)
        {
            var share = (float)batches[i].CountedLabels / counted;
            total += values[2 * i] * share;
            crossEntropy += values[2 * i + 1] * share;
        }

        var norm = values[^2];
        if (!double.IsFinite(total) || !float.IsFinite(norm))
        {
            _optimizer.Steps--;
            throw new TrainingDivergedException(_step + 1, total, norm);
        }

        _model.AfterStep();
        _step++;
        return new(_step, _config.Steps, total, crossEntropy, rate, norm, _tokens, 0);
    }

    // From new batches to changed weights. Returns the total loss and the cross-entropy of each pass, followed
    // by the numbers that Gradients.Measure adds.
    private Tensor Compute(TokenBatch[] batches, int counted, float rate)
    {
        _optimizer.ZeroGrad();
        var losses = new Tensor[2 * batches.Length];
        var maxNorm = _config.ClipNorm > 0 ? _config.ClipNorm : float.PositiveInfinity;
        for (var i = 0; i < batches.Length; i++)
        {
            using var inner = new TensorScope();
            var whole = batches[i].CountedLabels;
            var batch = batches[i].Share(_peers);
            var loss = _model.Loss(batch.Inputs, batch.Labels, new ForwardContext { Training = true, Random = _noise, Peers = _peers });
            var share = (float)batch.CountedLabels / counted;
            // Gradients are complete in the last of the passes, one after another.
            var last = i == batches.Length - 1;
            (share == 1 ? loss.Total : loss.Total * share).Backward(completed: last && _peers is not null ? _peers.Complete : null);
            losses[2 * i] = inner.Keep(OfBatch(loss.Total));
            losses[2 * i + 1] = inner.Keep(OfBatch(loss.CrossEntropy));

            // The losses of the processes, each weighted by its share of the labels, add up to the mean over the batch.
            Tensor OfBatch(Tensor mean) => _peers is null ? mean.Detach() : mean.Detach() * ((float)batch.CountedLabels / whole);
        }

        var measured = _peers?.Measure(_parameters, maxNorm, losses) ?? Gradients.Measure(_parameters, maxNorm, losses);
        _optimizer.Step(rate, measured.Slice(0, losses.Length + 1, 1));
        return measured;
    }
}

/// <summary>Thrown when training diverges: the loss or the gradient is infinite or NaN.</summary>
public sealed class TrainingDivergedException(int step, double loss, float gradientNorm) : Exception(
    $"Training diverged at step {step}: loss {loss}, gradient norm {gradientNorm}. The parameters are those of the step before. " +
    "Try a smaller learning rate or a longer warm-up; DetectAnomaly names the operation that made the first NaN.");
