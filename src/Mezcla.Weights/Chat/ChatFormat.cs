using System.Text;

namespace Mezcla.Weights.Chat;

/// <summary>
/// How a model was taught to see a conversation: marks around each message, and the token with which it ends its answer. In the texts {0}
/// stands for the message, {bos} and {eos} for the tokens that begin and end a text.
/// </summary>
public sealed record ChatFormat
{
    /// <summary>A name, such as <c>chatml</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What stands before the conversation.</summary>
    public string Begin { get; init; } = "{bos}";

    /// <summary>A message of the system; null if it is put before the first message of the user.</summary>
    public string? System { get; init; }

    /// <summary>The first message of the user, {1}, and that of the system, {0}, where <see cref="System"/> is null.</summary>
    public string SystemInUser { get; init; } = "{0}\n\n{1}";

    /// <summary>A message of the user.</summary>
    public required string User { get; init; }

    /// <summary>An answer of the model.</summary>
    public required string Assistant { get; init; }

    /// <summary>What stands before the answer that is to be written.</summary>
    public string Answer { get; init; } = "";

    /// <summary>The message of the system of a conversation without one; null for none.</summary>
    public string? DefaultSystem { get; init; }

    /// <summary>What stands before the system's message, which is then never left out; null for nothing.</summary>
    public string? SystemPreface { get; init; }

    /// <summary>Whether white space around messages is left out.</summary>
    public bool Trims { get; init; }

    /// <summary>Texts of special tokens that end an answer, besides the one that ends a text.</summary>
    public IReadOnlyList<string> Stops { get; init; } = [];

    /// <summary>The mark after which an answer really begins, where the model thinks before it; null for none.</summary>
    public string? AnswerAfter { get; init; }

    /// <summary>The token that begins a text; empty for none.</summary>
    public string BeginOfText { get; init; } = "";

    /// <summary>The token that ends a text; empty for none.</summary>
    public string EndOfText { get; init; } = "";

    /// <summary>The text that the model continues with its answer.</summary>
    /// <exception cref="ArgumentException">The last message is not the user's.</exception>
    public string Render(IEnumerable<ChatMessage> messages)
    {
        var list = messages.ToList();
        if (list.LastOrDefault()?.Role != ChatRole.User)
            throw new ArgumentException("A conversation that the model is to continue ends with a message of the user.", nameof(messages));
        var system = string.Join("\n\n", list.Where(m => m.Role == ChatRole.System).Select(m => m.Text));
        list.RemoveAll(m => m.Role == ChatRole.System);
        if (system.Length == 0)
            system = DefaultSystem ?? "";
        if (Trims)
            system = system.Trim();
        var text = new StringBuilder(Filled(Begin));
        if (System is not null && (system.Length > 0 || SystemPreface is not null))
            text.Append(Filled(System, SystemPreface + system));
        foreach (var (number, message) in list.Index())
        {
            var said = Trims ? message.Text.Trim() : message.Text;
            if (number == 0 && System is null && system.Length > 0)
                said = Filled(SystemInUser, system, said);
            text.Append(Filled(message.Role == ChatRole.User ? User : Assistant, said));
        }
        return text.Append(Filled(Answer)).ToString();
    }

    /// <summary>What of an answer stays in the conversation: not what the model thought before it.</summary>
    public string Remembered(string answer)
    {
        foreach (var mark in (string?[])[AnswerAfter, "</think>"])
            if (mark is not null && answer.LastIndexOf(mark, StringComparison.Ordinal) is var at and >= 0)
                answer = answer[(at + mark.Length)..];
        return answer.Trim();
    }

    // Messages may contain braces, so nothing that was filled in is looked at again.
    private string Filled(string form, string first = "", string second = "")
    {
        var text = new StringBuilder();
        for (var at = 0; at < form.Length;)
        {
            var rest = form.AsSpan(at);
            var (length, value) = rest switch
            {
                ['{', '0', '}', ..] => (3, first),
                ['{', '1', '}', ..] => (3, second),
                ['{', 'b', 'o', 's', '}', ..] => (5, BeginOfText),
                ['{', 'e', 'o', 's', '}', ..] => (5, EndOfText),
                _ => (1, form[at].ToString()),
            };
            text.Append(value);
            at += length;
        }
        return text.ToString();
    }
}
