using Mezcla.Cli.Commands;

return MezclaCommand.Create().Parse(args).Invoke();
