using System.Text;
using Mezcla.Generation;
using Mezcla.Weights.Chat;

namespace Mezcla.Cli.Chat;

/// <summary>A conversation with a model. When it no longer fits into the model's context, its oldest questions and answers are
/// forgotten.</summary>
/// <param name="generator">The model.</param>
/// <param name="format">How the model sees a conversation.</param>
/// <param name="context">The longest text that the model reads, in tokens.</param>
/// <param name="system">What the model is told before the conversation; null for what its format says.</param>
internal sealed class Conversation(Generator generator, ChatFormat format, int context, string? system)
{
    private readonly List<ChatMessage> _said = [];

    /// <summary>Forgets everything but the message of the system.</summary>
    public void Forget() => _said.Clear();

    /// <summary>Asks, and yields the answer in pieces. What was written of it when the caller stops is remembered.</summary>
    /// <param name="question">The message.</param>
    /// <param name="count">The most tokens of the answer.</param>
    /// <param name="sampling">How tokens are drawn.</param>
    /// <param name="stop">Texts before which the answer ends.</param>
    /// <param name="sample">Which of several answers.</param>
    public IEnumerable<string> Ask(string question, int count, SamplingConfig sampling, IReadOnlyList<string>? stop = null,
        ulong sample = 0)
    {
        _said.Add(new(ChatRole.User, question));
        while (_said.Count > 1 && generator.Encode(Rendered()).Length + Math.Min(count, context / 4) > context)
            _said.RemoveRange(0, Math.Min(2, _said.Count - 1));
        var answer = new StringBuilder();
        try
        {
            foreach (var piece in Shown(generator.Stream(Rendered(), count, sampling, stop, sample)))
            {
                answer.Append(piece);
                yield return piece;
            }
        }
        finally
        {
            _said.Add(new(ChatRole.Assistant, format.Remembered(answer.ToString())));
        }
    }

    private string Rendered() => format.Render(system is null ? _said : _said.Prepend(new(ChatRole.System, system)));

    // What a model thinks before its answer is held back; if no answer follows, it is all there is.
    private IEnumerable<string> Shown(IEnumerable<string> pieces)
    {
        if (format.AnswerAfter is not { } mark)
        {
            foreach (var piece in pieces)
                yield return piece;
            yield break;
        }
        var held = new StringBuilder();
        var begun = false;
        foreach (var piece in pieces)
        {
            if (begun)
            {
                yield return piece;
                continue;
            }
            held.Append(piece);
            if (held.ToString().IndexOf(mark, StringComparison.Ordinal) is not (>= 0 and var at))
                continue;
            begun = true;
            held.Remove(0, at + mark.Length);
            if (held.Length > 0)
                yield return held.ToString();
        }
        if (!begun && held.Length > 0)
            yield return held.ToString();
    }
}
