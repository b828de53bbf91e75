using Mezcla.Experiments.Inference;
using Mezcla.Generation;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Training;

namespace Mezcla.Experiments.Tests;

/// <summary>Sums in characters, and continuations of many prompts at once.</summary>
public sealed class InferenceTests
{
    private static readonly AdditionTask Plain = new(3, Scratchpad: false), OnPaper = new(3, Scratchpad: true);

    [Fact]
    public void A_problem_and_its_answer_are_written_in_characters()
    {
        const int Problem = 478 * 1000 + 356;
        Assert.Equal("478+356=", Plain.Prompt(Problem));
        Assert.Equal("0834", Plain.Written(Problem));
        Assert.Equal("41;31;80;0834", OnPaper.Written(Problem));
        Assert.Equal("007+005=", Plain.Prompt(7005));
        Assert.Equal("21;10;00;0012", OnPaper.Written(7005));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(999_999)]
    [InlineData(512_488)]
    public void What_should_be_written_has_the_length_and_the_answer_that_the_task_says(int problem)
    {
        foreach (var task in new[] { Plain, OnPaper })
        {
            var ids = AdditionTask.Encode(task.Written(problem));
            Assert.Equal(task.WrittenLength, ids.Length);
            Assert.Equal(task.PromptLength, task.Prompt(problem).Length);
            Assert.Equal(problem / 1000 + problem % 1000, task.AnswerIn(ids));
            Assert.Equal(task.Written(problem), AdditionTask.Decode(ids));
        }
    }

    [Fact]
    public void An_answer_that_is_not_a_number_is_minus_one() => Assert.Equal(-1, Plain.AnswerIn(AdditionTask.Encode("08;4")));

    [Fact]
    public void A_strange_character_is_refused() => Assert.Throws<ArgumentException>(() => AdditionTask.Encode("1x2"));

    [Fact]
    public void Held_problems_are_different_and_the_same_for_the_same_seed()
    {
        Assert.Equal(100, Plain.Held(100).Distinct().Count());
        Assert.Equal(Plain.Held(100), Plain.Held(100));
    }

    [Fact]
    public void Training_lowers_the_loss_and_ends_when_it_is_told_to()
    {
        var task = new AdditionTask(1, Scratchpad: false);
        var model = new Transformer(task.Shape(16), new RandomStream(1));
        List<float> losses = [];
        task.Train(model, new TrainingConfig { Steps = 500, BatchSize = 16, LearningRate = 1e-2f, Seed = 1 }, new HashSet<int>(),
            (step, loss) =>
            {
                losses.Add(loss);
                return step < 149;
            });
        Assert.Equal(150, losses.Count);
        Assert.True(losses.TakeLast(10).Average() < 0.7 * losses.Take(10).Average());
    }

    [Fact]
    public void Greedy_continuations_of_a_batch_are_those_of_the_generator_one_by_one()
    {
        var model = new Transformer(Plain.Shape(16), new RandomStream(3));
        int[][] prompts = [.. Plain.Held(4).Select(p => AdditionTask.Encode(Plain.Prompt(p)))];
        var together = Continuations.Draw(model, prompts, 4, SamplingConfig.Greedy, new RandomStream(1));
        for (var i = 0; i < prompts.Length; i++)
        {
            List<int> alone = [.. prompts[i]];
            for (var t = 0; t < 4; t++)
            {
                var ids = Tensor.From([.. alone], 1, alone.Count);
                var logits = model.Logits(ids, new ForwardContext { LastPositionOnly = true }).ToArray();
                alone.Add(Array.IndexOf(logits, logits.Max()));
            }

            Assert.Equal(alone[prompts[i].Length..], together[i]);
        }
    }

    [Fact]
    public void Probabilities_of_all_continuations_sum_to_one_and_agree_with_draws()
    {
        var model = new Transformer(Plain.Shape(8), new RandomStream(4));
        var prompt = AdditionTask.Encode(Plain.Prompt(123_456));
        var n = AdditionTask.Alphabet.Length;
        int[][] all = [.. Enumerable.Range(0, n * n).Select(i => new[] { i / n, i % n })];
        var p = Continuations.ProbabilityOf(model, [.. all.Select(_ => prompt)], all);
        Assert.Equal(1, p.Sum(), 4);
        var drawn = Continuations.Draw(model, [.. Enumerable.Repeat(prompt, 4000)], 2, new SamplingConfig(), new RandomStream(5));
        var share = drawn.Count(row => row[0] == 0) / 4000.0;
        Assert.Equal(p.Take(n).Sum(), share, 0.03);
    }

    [Fact]
    public void Prompts_of_different_lengths_are_refused() => Assert.Throws<ArgumentException>(() => Continuations.Draw(
        new Transformer(Plain.Shape(8), new RandomStream(1)), [[1, 2], [1]], 1, SamplingConfig.Greedy, new RandomStream(1)));
}
