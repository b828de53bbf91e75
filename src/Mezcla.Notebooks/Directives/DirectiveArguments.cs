using System.Text.RegularExpressions;

namespace Mezcla.Notebooks;

/// <summary>The arguments of a directive such as <c>#!share --from csharp data</c>.</summary>
internal sealed partial class DirectiveArguments
{
    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);

    /// <summary>Splits a directive's text at blanks that are outside quotation marks.</summary>
    public DirectiveArguments(string text)
    {
        string? option = null;
        foreach (Match match in Words().Matches(text))
        {
            var word = match.Groups["text"].Success ? match.Groups["text"].Value : match.Value;
            if (match.Value.StartsWith("--", StringComparison.Ordinal))
                _options[option = match.Value] = "";
            else if (option is not null)
                (_options[option], option) = (match.Value, null);
            else
                Names.Add(word);
        }
    }

    /// <summary>The words that belong to no option.</summary>
    public List<string> Names { get; } = [];

    /// <summary>The value of an option without its quotation marks, or null if it is not given.</summary>
    public string? this[string option] => Written(option)?.Trim('"');

    /// <summary>The value of an option as it is written, or null if it is not given.</summary>
    public string? Written(string option) => _options.GetValueOrDefault(option) is { Length: > 0 } value ? value : null;

    [GeneratedRegex("\"(?<text>[^\"]*)\"|\\S+", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}
