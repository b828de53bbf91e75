using Mezcla.Datasets;
using Mezcla.Experiments.Comparisons;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Training;

namespace Mezcla.Experiments.Tests.Comparisons;

public class RecurrentModelTests
{
    // Made with PyTorch: see peers/recurrent.py. The logits of the first and the last position, and the loss.
    [Theory]
    [InlineData(RecurrentCell.Lstm,
        new[] { -0.010754, -0.379481, -0.479898, -0.093647, 0.369291, -0.029785, -0.367422, -0.484744, -0.096112, 0.379018 }, 1.717941)]
    [InlineData(RecurrentCell.Gru,
        new[] { -0.485017, 0.085413, 0.424172, 0.417704, 0.09173, -0.570242, 0.148819, 0.383854, 0.434126, 0.099531 }, 1.6252)]
    public void Cells_compute_what_PyTorchs_do(RecurrentCell cell, double[] expected, double loss)
    {
        var model = new RecurrentModel(new(5, 6, 2, 3, cell), new RandomStream(1));
        var count = 0;
        foreach (var (_, tensor) in model.NamedParameters())
            Module.Assign(tensor, [.. Enumerable.Range(0, (int)tensor.Count).Select(_ => (float)(Math.Sin(++count) / 2))]);
        using var noGrad = new NoGrad();
        var ids = Tensor.From([0, 3, 1, 4, 2, 2], 1, 6);
        var logits = model.Logits(ids).ToArray();
        float[] ends = [.. logits[..5], .. logits[25..]];
        for (var i = 0; i < ends.Length; i++)
            Assert.Equal(expected[i], ends[i], 2e-6);
        Assert.Equal(loss, model.Loss(ids, Tensor.From([3, 1, 4, 2, 2, 0], 1, 6)).CrossEntropy.Item(), 2e-6);
    }

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
