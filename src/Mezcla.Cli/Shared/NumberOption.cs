using System.CommandLine;

namespace Mezcla.Cli.Shared;

/// <summary>Options that take an integer with a smallest value.</summary>
internal static class NumberOption
{
    /// <summary>An option that refuses smaller values before the command starts.</summary>
    /// <param name="name">The option as it is typed.</param>
    /// <param name="description">Its help text.</param>
    /// <param name="value">Its default value.</param>
    /// <param name="least">The smallest value it accepts.</param>
    public static Option<int> Create(string name, string description, int value, int least)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var number) && number < least)
                result.AddError($"{name} is {number}; it must be {least} or more.");
        });
        return option;
    }
}
