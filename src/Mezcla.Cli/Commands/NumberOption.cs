using System.CommandLine;

namespace Mezcla.Cli.Commands;

/// <summary>Options that take a whole number.</summary>
internal static class NumberOption
{
    /// <summary>An option whose smaller values are refused before the command begins.</summary>
    /// <param name="name">As it is typed.</param>
    /// <param name="description">For the help.</param>
    /// <param name="value">What it is where it is not given.</param>
    /// <param name="least">The smallest value.</param>
    public static Option<int> Create(string name, string description, int value, int least)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && int.TryParse(token.Value, out var number) && number < least) result.AddError($"{name} is {number}; it must be {least} or more.");
        });
        return option;
    }
}
