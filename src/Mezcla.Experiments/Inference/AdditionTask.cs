using System.Globalization;
using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Tensors;
using Mezcla.Training;

namespace Mezcla.Experiments.Inference;

/// <summary>
/// Sums of two whole numbers, written one character a token, such as <c>478+356=0834</c>. With a scratchpad (Nye et al. 2021), the model
/// first adds as one does on paper, from the last digits to the first, and writes each digit of the sum with its carry:
/// <c>478+356=41;31;80;0834</c>. Every problem has the same length, and its answer can be checked.
/// </summary>
/// <param name="Digits">Digits of each number; shorter numbers are written with zeros in front.</param>
/// <param name="Scratchpad">Whether the digits and carries are written before the answer.</param>
public sealed record AdditionTask(int Digits, bool Scratchpad)
{
    /// <summary>The characters; a token's id is its place here.</summary>
    public const string Alphabet = "0123456789+=;";

    /// <summary>Characters of a problem, from its first digit to the equals sign.</summary>
    public int PromptLength => 2 * Digits + 2;

    /// <summary>Characters of an answer, one more than a number has digits.</summary>
    public int AnswerLength => Digits + 1;

    /// <summary>Characters that the model writes: the scratchpad, if there is one, and the answer.</summary>
    public int WrittenLength => AnswerLength + (Scratchpad ? 3 * Digits : 0);

    /// <summary>Tokens of the longest sequence that the model reads: the last character of an answer is never read.</summary>
    public int ContextLength => PromptLength + WrittenLength - 1;

    /// <summary>How many problems there are.</summary>
    public int Problems => Numbers * Numbers;

    private int Numbers => (int)Math.Pow(10, Digits);

    /// <summary>The text of problem number <paramref name="problem"/>, up to the equals sign.</summary>
    public string Prompt(int problem) => $"{Pad(problem / Numbers, Digits)}+{Pad(problem % Numbers, Digits)}=";

    /// <summary>The sum of problem number <paramref name="problem"/>.</summary>
    public int Sum(int problem) => problem / Numbers + problem % Numbers;

    /// <summary>What the model should write after the equals sign.</summary>
    public string Written(int problem)
    {
        var text = "";
        for (int place = 0, a = problem / Numbers, b = problem % Numbers, carry = 0; Scratchpad && place < Digits; place++)
        {
            var sum = a % 10 + b % 10 + carry;
            (a, b, carry) = (a / 10, b / 10, sum / 10);
            text += $"{sum % 10}{carry};";
        }

        return text + Pad(Sum(problem), AnswerLength);
    }

    /// <summary>The ids of a text.</summary>
    /// <exception cref="ArgumentException">A character is not in the alphabet.</exception>
    public static int[] Encode(string text) => [.. text.Select(c => Alphabet.IndexOf(c) is >= 0 and var id
        ? id : throw new ArgumentException($"The character '{c}' is not one of {Alphabet}.", nameof(text)))];

    /// <summary>The text of some ids.</summary>
    public static string Decode(IEnumerable<int> ids) => string.Concat(ids.Select(id => Alphabet[id]));

    /// <summary>The answer in what a model wrote, or −1 if its last characters are not a number. The scratchpad is not looked at.</summary>
    public int AnswerIn(ReadOnlySpan<int> written)
    {
        var answer = 0;
        foreach (var id in written[^AnswerLength..])
        {
            if (id >= 10)
                return -1;
            answer = 10 * answer + id;
        }

        return answer;
    }

    /// <summary>A small dense transformer for the task: two blocks of four heads, learned positions.</summary>
    /// <param name="width">Its width, a multiple of four.</param>
    public TransformerConfig Shape(int width) => new()
    {
        Name = $"additions-2x{width}",
        VocabularySize = Alphabet.Length,
        ContextLength = ContextLength,
        Layers = 2,
        HiddenSize = width,
        Attention = new() { Heads = 4, KeyValueHeads = 4, HeadSize = width / 4 },
        FeedForward = new(4 * width),
        Positions = new(PositionKind.Learned),
        InitializerRange = 1 / MathF.Sqrt(width),
    };

    /// <summary>Different problems to test with, the same ones for the same seed.</summary>
    public int[] Held(int count, ulong seed = 7)
    {
        var random = new RandomStream(seed);
        var held = new HashSet<int>();
        while (held.Count < count)
            held.Add(random.NextInt(Problems));
        return [.. held];
    }

    /// <summary>
    /// Trains a model on random problems other than <paramref name="held"/>. The loss is taken on what the model must write, not on the
    /// problem.
    /// </summary>
    /// <param name="model">The model; its vocabulary is the alphabet.</param>
    /// <param name="config">Steps, problems in a step, learning rate with its schedule, and seed.</param>
    /// <param name="held">Problems that must not be seen.</param>
    /// <param name="observe">Called with each step, from 0, and its loss in nats per character; false ends the training.</param>
    public void Train(Transformer model, TrainingConfig config, IReadOnlySet<int> held, Func<int, float, bool>? observe = null)
    {
        var optimizer = new AdamW(model.NamedParameters(), config);
        var parameters = model.Parameters().ToArray();
        var random = new RandomStream(config.Seed, 1);
        for (var step = 0; step < config.Steps; step++)
        {
            using var scope = new TensorScope();
            optimizer.ZeroGrad();
            var (inputs, labels) = Batch(config.BatchSize, held, random);
            var loss = model.Loss(inputs, labels).CrossEntropy;
            loss.Backward();
            var measured = Gradients.Measure(parameters, 1, loss);
            optimizer.Step(config.LearningRate * (float)config.Schedule.At(step, config.Steps), measured.Slice(0, 2, 1));
            if (observe?.Invoke(step, loss.Item()) == false)
                return;
        }
    }

    private (Tensor Inputs, Tensor Labels) Batch(int count, IReadOnlySet<int> held, RandomStream random)
    {
        const int Ignored = -100;
        var (inputs, labels) = (new int[count * ContextLength], new int[count * ContextLength]);
        for (var row = 0; row < count; row++)
        {
            int problem;
            do
                problem = random.NextInt(Problems);
            while (held.Contains(problem));
            var ids = Encode(Prompt(problem) + Written(problem));
            for (var t = 0; t < ContextLength; t++)
            {
                inputs[row * ContextLength + t] = ids[t];
                labels[row * ContextLength + t] = t + 1 < PromptLength ? Ignored : ids[t + 1];
            }
        }

        return (Tensor.From(inputs, count, ContextLength), Tensor.From(labels, count, ContextLength));
    }

    private static string Pad(int number, int digits) => number.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
}
