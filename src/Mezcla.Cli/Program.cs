using System.CommandLine;

var root = new RootCommand("Mezcla: GPT-4's rumoured architecture, a Mixture of Experts, built from scratch and taken apart.");
return root.Parse(args).Invoke();
