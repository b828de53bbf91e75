using Mezcla.Datasets;
using Mezcla.Experiments.Comparisons;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Experiments.Tests.Comparisons;

public class RecurrentModelTests
{
    [Theory, InlineData(RecurrentCell.Lstm), InlineData(RecurrentCell.Gru)]
    public void A_character_model_learns_and_never_sees_what_comes(RecurrentCell cell)
    {
        var text = string.Concat(Enumerable.Repeat("abcabd", 100));
        var tokenizer = CharacterTokenizer.Train(text);
        var model = new RecurrentModel(new(tokenizer.VocabularySize, 12, 1, 16, cell), new RandomStream(1));
        var data = new TokenBatches(tokenizer.Encode(text), 0.2);
        var config = new TrainingConfig
        {
            Steps = 80,
            BatchSize = 4,
            LearningRate = 3e-2f,
            EvaluationInterval = 0,
            Schedule = new ConstantSchedule()
        };
        var result = new Trainer(model, data, config).Run();
        // Only the first letters of a window are uncertain, and whether c or d follows; guessing costs ln 4 = 1.39.
        Assert.InRange(result.FinalValidationLoss, 0.01, 0.6);
        using var noGrad = new NoGrad();
        var before = model.Logits(Tensor.From([0, 1, 2, 0, 1, 3], 1, 6)).ToArray();
        var after = model.Logits(Tensor.From([0, 1, 2, 3, 3, 3], 1, 6)).ToArray();
        Assert.Equal(before[..12], after[..12]);
        Assert.NotEqual(before[12..16], after[12..16]);
    }
}
