using System.Globalization;
using Mezcla.Datasets;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Tests.Training;

/// <summary>
/// nanoGPT's published small run on Tiny Shakespeare's characters: 4 layers, 4 heads, 128 wide, context 64, batch 12, 2,000 steps,
/// validation loss 1.88. The text is not part of this repository (1,115,394 characters, 65 kinds). Some minutes on two cores:
/// MEZCLA_SHAKESPEARE=input.txt dotnet Mezcla.Tests.dll -explicit only -class '*NanoGptBaseline' -showLiveOutput
/// </summary>
public class NanoGptBaseline(ITestOutputHelper output)
{
    private const string Variable = "MEZCLA_SHAKESPEARE";

    [Fact(Explicit = true)]
    public void The_published_loss_is_reproduced()
    {
        var path = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(path))
            Assert.Skip($"Set {Variable} to the file of Tiny Shakespeare (input.txt of char-rnn).");
        var text = Corpus.Read(path).Text;
        var tokenizer = CharacterTokenizer.Train(text);
        output.WriteLine($"{text.Length} characters, {tokenizer.VocabularySize} kinds");
        var model = new Transformer(new TransformerConfig
        {
            VocabularySize = tokenizer.VocabularySize,
            ContextLength = 64,
            Layers = 4,
            HiddenSize = 128,
            Attention = new() { Heads = 4, KeyValueHeads = 4, HeadSize = 32 },
            FeedForward = new(512, Activation.Gelu),
            Norm = new(NormKind.LayerNorm, Bias: false),
            TiedHead = true,
        }, new RandomStream(1337));
        var data = new TokenBatches(tokenizer.Encode(text), 0.1);
        var config = new TrainingConfig
        {
            Steps = 2000,
            BatchSize = 12,
            LearningRate = 1e-3f,
            Schedule = new CosineSchedule { WarmupSteps = 100, Final = 0.1 },
            WeightDecay = 0.1f,
            Beta2 = 0.99f,
            ClipNorm = 1,
            EvaluationInterval = 250,
            EvaluationBatches = 100,
            Seed = 1337,
        };
        var result = new Trainer(model, data, config).Run(step =>
        {
            if (step.ValidationLoss is { } loss)
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"step {step.Step}: training {step.CrossEntropy:F3}, validation {loss:F3}, {step.Seconds:F0} s"));
        });
        // Other texts are welcome for a look; only this one has a published loss.
        if (text.Length == 1_115_394 && tokenizer.VocabularySize == 65)
            Assert.InRange(result.FinalValidationLoss, 1.83, 1.93);
        else
            Assert.Skip($"This is not Tiny Shakespeare: validation loss {result.FinalValidationLoss:F4}, with nothing to compare it to.");
    }
}
