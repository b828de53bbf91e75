using Mezcla.Cli.Commands;
using Mezcla.Cli.Shared;

var parse = MezclaCommand.Create().Parse(args);
return Misuse.In(parse) is { Count: > 0 } mistakes ? Failures.Misused(parse.CommandResult.Command, mistakes) : parse.Invoke();
