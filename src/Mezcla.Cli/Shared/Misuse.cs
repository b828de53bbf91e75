using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;
using System.CommandLine.Parsing;

namespace Mezcla.Cli.Shared;

/// <summary>Finds the mistakes in a command line and describes each in one line, without .NET's names for types.</summary>
internal static class Misuse
{
    /// <summary>The mistakes. There are none if the command can run, if help was asked for, or if a
    /// group was named without a command, which shows the group's help.</summary>
    public static IReadOnlyList<string> In(ParseResult parse)
    {
        if (parse.Action is HelpAction)
            return [];
        var command = parse.CommandResult.Command;
        string[] unknown = [.. parse.UnmatchedTokens.Where(LooksLikeOption)];
        if (unknown.Length == 0)
            unknown = [.. parse.UnmatchedTokens];
        if (command.Subcommands.Count > 0)
            return [
                .. unknown.Take(1)
                    .Select(
                        name =>
                            $"'{name}' is not {(LooksLikeOption(name) ? "an option" : "a command")} of {NameOf(command)}. The commands " +
                                $"are: {string.Join(", ", command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name))}.")];

        // An argument accepts everything that is not an option, and so a misspelt option too. After -- everything is an argument.
        var taken = parse.Tokens.Any(t => t.Type == TokenType.DoubleDash) ? []
            : parse.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value).Where(LooksLikeOption);
        return [.. taken.Concat(unknown)
            .Select(token => LooksLikeOption(token) ? $"{NameOf(command)} has no option {token}." : $"'{token}' is one argument too many.")
            .Concat(
                parse.Errors.Where(
                    error => !parse.UnmatchedTokens.Any(token => error.Message.Contains($"'{token}'", StringComparison.Ordinal)))
                    .Select(Describe)).Distinct()];
    }

    /// <summary>The full name of a command, as it is typed: <c>mezcla scaling fit</c>.</summary>
    public static string NameOf(Command command) => string.Join(' ', command.Parents.OfType<Command>().Select(NameOf).Append(command.Name));

    // -5 and -.5 are numbers, not options.
    private static bool LooksLikeOption(string token) =>
        token.Length > 1 && token[0] == '-' && !char.IsAsciiDigit(token[1]) && token[1] != '.';

    private static string Describe(ParseError error) => error.SymbolResult switch
    {
        ArgumentResult { Tokens: [], Argument: var argument } => $"{argument.HelpName ?? argument.Name} is missing: {argument.Description}",
        OptionResult { Tokens: [], Option: var option } => $"{option.Name} needs a value: {option.Description}",
        ArgumentResult { Argument: var argument } result => Describe(error, argument.HelpName ?? argument.Name, argument.ValueType,
            argument.GetCompletions(CompletionContext.Empty), result.Tokens),
        OptionResult { Option: var option } result =>
            Describe(error, option.Name, option.ValueType, option.GetCompletions(CompletionContext.Empty), result.Tokens),
        _ => error.Message,
    };

    private static string Describe(ParseError error, string name, Type type, IEnumerable<CompletionItem> choices, IEnumerable<Token> tokens)
    {
        string[] values = [.. choices.Select(choice => choice.Label)];
        var kind = Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type.GetElementType() ?? type);
        var expected = values.Length > 1 ? $"{string.Join(", ", values[..^1])} or {values[^1]}" : kind switch
        {
            TypeCode.Int32 => FormattableString.Invariant($"an integer, at most {int.MaxValue:N0}"),
            TypeCode.UInt64 => "an integer, 0 or more",
            TypeCode.Single or TypeCode.Double => "a number, such as 0.5 or 1e21",
            _ => null,
        };
        // If every value can be read, the mistake is another one, and the parser's message describes it.
        return expected is not null && tokens.FirstOrDefault(token => !IsReadable(token.Value)) is { } wrong
            ? $"{name} is '{wrong.Value}'; it must be {expected}." : error.Message;

        bool IsReadable(string value) => values.Length > 1 ? values.Contains(value) : kind switch
        {
            TypeCode.Int32 => int.TryParse(value, out _),
            TypeCode.UInt64 => ulong.TryParse(value, out _),
            _ => double.TryParse(value, out _),
        };
    }
}
