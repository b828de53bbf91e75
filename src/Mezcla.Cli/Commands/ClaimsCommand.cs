using System.CommandLine;
using Mezcla.Cli.Shared;
using Mezcla.Scaling.Claims;
using Mezcla.Scaling.Claims.Expressions;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla claims</c>: checks claims with arithmetic, and statements against each other.</summary>
internal static class ClaimsCommand
{
    public static Command Create()
    {
        var file =
            new Argument<FileInfo?>(
                "FILE")
            {
                Description = "A claim file of your own, in JSON or text form. [default: the claims that come with Mezcla]",
                Arity = ArgumentArity.ZeroOrOne
            };
        var functions =
            new Option<bool>(
                "--functions")
            {
                Description =
                        "List the functions that expressions can call and the relations between quantities, instead of checking claims."
            };
        var command = new Command("claims",
            "Check claims about models with arithmetic. Each is shown with the source's own words, their place, and the verdict (holds, " +
                "does not hold, or cannot be checked) with its reason and tolerance.") { file, functions };
        command.SetAction(parse => Failures.Report(() =>
        {
            if (parse.GetValue(functions))
                return List(AnsiConsole.Console);
            return parse.GetValue(file) is { } own
                ? Show(AnsiConsole.Console, [ClaimFile.Read(own.FullName)])
                : Show(AnsiConsole.Console, ClaimFile.Shipped);
        }));
        return command;
    }

    internal static int Show(IAnsiConsole console, IEnumerable<ClaimFile> files)
    {
        ClaimReport[] reports = [.. files.Select(ClaimChecker.Check)];
        foreach (ClaimReport report in reports)
        {
            console.WriteLine();
            console.Write(new Text(report.Title, new Style(decoration: Decoration.Bold)));
            console.WriteLine();
            if (report.Claims.Count > 0)
                console.Write(TableOf(report));
            if (report.Consistency is { } consistency)
                Show(console, consistency);
        }

        int Count(Verdict verdict) => reports.Sum(report => report.Count(verdict));
        console.WriteLine();
        console.WriteLine(
            $"{Count(Verdict.Holds)} hold, {Count(Verdict.DoesNotHold)} do not hold, {Count(Verdict.CannotBeChecked)} cannot be checked.");
        return 0;
    }

    private static Table TableOf(ClaimReport report)
    {
        var table = new Table { ShowRowSeparators = true, Expand = true };
        table.AddColumn("claim");
        table.AddColumn("verdict");
        table.AddColumn("why");
        foreach (ClaimResult claim in report.Claims)
        {
            Color colour = claim.Verdict switch { Verdict.Holds => Color.Green, Verdict.DoesNotHold => Color.Red, _ => Color.Yellow };
            var said = new Paragraph(claim.Claim.Said);
            if (ClaimWords.Quotation(claim.Claim) is { Length: > 0 } quotation)
                said.Append($"\n{quotation}", new Style(decoration: Decoration.Italic));
            said.Append($"\n{ClaimWords.Origin(claim.Claim)}\n{ClaimWords.Kind(claim.Claim)}", new Style(Color.Grey));
            var why = new Paragraph(claim.Why);
            if (ClaimWords.Tolerance(claim) is { Length: > 0 } tolerance)
                why.Append($"\nTolerance {tolerance}.", new Style(Color.Grey));
            table.AddRow(said, new Text(ClaimWords.Of(claim.Verdict), new Style(colour)), why);
        }

        return table;
    }

    private static void Show(IAnsiConsole console, ConsistencyReport consistency)
    {
        if (consistency.IsConsistent)
        {
            console.WriteLine("The statements can all be true.");
            if (consistency.Follows.Count > 0)
            {
                var table = new Table();
                table.AddColumns("what follows", "at least", "at most");
                foreach (Derived follow in consistency.Follows)
                    table.AddRow(new Text(follow.Quantity), new Text(Number(follow.Low)), new Text(Number(follow.High)));
                console.Write(table);
            }
        }

        foreach (Conflict conflict in consistency.Conflicts)
        {
            console.Write(new Text("These statements cannot all be true:", new Style(Color.Red)));
            console.WriteLine();
            foreach (Statement statement in conflict.Statements)
                console.WriteLine($"  {statement}");
            foreach (Relation relation in conflict.Relations)
                console.WriteLine($"  because {relation.Formula}{(relation.Why.Length > 0 ? $" ({relation.Why})" : "")}");
        }

        foreach (Unusable unusable in consistency.Unusable)
        {
            console.Write(new Text($"Cannot be read: {unusable.What}: {unusable.Why}", new Style(Color.Yellow)));
            console.WriteLine();
        }
    }

    private static string Number(double value) =>
        value.ToString(Math.Abs(value) is >= 1e15 or < 1e-3 ? "0.####e+0" : "#,0.####", System.Globalization.CultureInfo.InvariantCulture);

    private static int List(IAnsiConsole console)
    {
        var table = new Table();
        table.AddColumns("function", "what it gives");
        foreach (Function function in Functions.All)
            table.AddRow(new Text(function.Signature.Replace("|n", "")), new Text(function.Meaning));
        console.Write(table);
        table = new Table();
        table.AddColumns("relation between quantities", "why");
        foreach (Relation relation in Relations.BuiltIn)
            table.AddRow(new Text(relation.Formula), new Text(relation.Why));
        console.Write(table);
        return 0;
    }
}
