using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Notebooks;

/// <summary>
/// Carries out <c>#!value</c>, <c>#!set</c> and <c>#!share</c> of Polyglot notebooks: texts that a notebook holds, and values that go from
/// C# to C# and to scripts.
/// </summary>
/// <param name="variables">Gives the variables that cells have declared.</param>
internal sealed partial class SharedValues(Func<IReadOnlyList<CellVariable>> variables)
{
    private static readonly JsonSerializerOptions Options = new() { IncludeFields = true };

    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);

    /// <summary>Keeps a text under a name.</summary>
    /// <param name="argument">The directive's arguments: <c>--name</c>, and <c>--from-file</c> if the text is not in the cell.</param>
    /// <param name="content">The lines below the directive.</param>
    /// <param name="resolve">Makes a path absolute.</param>
    /// <exception cref="DirectiveException">There is no name, or no such file.</exception>
    public void Keep(string argument, string content, Func<string, string> resolve)
    {
        var arguments = new DirectiveArguments(argument);
        var name = arguments["--name"] ?? throw new DirectiveException(
            "#!value needs a name for the text below it, as in #!value --name data");
        if (arguments["--from-url"] is { } url)
            throw new DirectiveException($"#!value does not load from the network. Write in C#: "
                + $"var {name} = await new HttpClient().GetStringAsync(\"{url}\");");
        if (arguments["--from-file"] is { } file)
        {
            var path = resolve(file);
            content = File.Exists(path) ? File.ReadAllText(path) : throw new DirectiveException($"There is no file {path}.");
        }

        _texts[name] = content;
    }

    /// <summary>The C# statements by which a directive declares variables.</summary>
    /// <param name="directive"><c>set</c> or <c>share</c>.</param>
    /// <param name="argument">Its arguments.</param>
    /// <exception cref="DirectiveException">The directive is incomplete, or there is no such value.</exception>
    public string ToCSharp(string directive, string argument)
    {
        var values = Assignments(directive, argument).Select(one => (one.Name, Value: one.Source switch
        {
            { From: "csharp" } => Require(one.Source).Name,
            { From: "value" } => SymbolDisplay.FormatLiteral(TextOf(one.Source.Text), quote: true),
            _ => Literal(one.Source.Text),
        }));
        return string.Join('\n', values.Where(one => one.Name != one.Value).Select(one => $"var {one.Name} = {one.Value};"));
    }

    /// <summary>A script's text in which the directives that share values are statements that declare them.</summary>
    /// <exception cref="DirectiveException">A directive is incomplete, there is no such value, or it cannot be written as JSON.</exception>
    public string ToJavaScript(string script) => Directive().Replace(script, match =>
        string.Join(' ', Assignments(match.Groups["name"].Value, match.Groups["argument"].Value).Select(one =>
            $"var {one.Name} = {one.Source switch
            {
                { From: "csharp" } => Json(Require(one.Source)),
                { From: "value" } => JsonSerializer.Serialize(TextOf(one.Source.Text)),
                _ => Literal(one.Source.Text),
            }};")));

    private static IEnumerable<(string Name, Source Source)> Assignments(string directive, string argument)
    {
        var arguments = new DirectiveArguments(argument);
        if (directive == "set")
        {
            var (name, value) = (arguments["--name"], arguments.Written("--value"));
            if (name is null || value is null)
                throw new DirectiveException("#!set needs a name and a value, as in #!set --name copy --value @csharp:data");
            var (from, text) = value.StartsWith('@') && value.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon
                ? (value[1..colon], value[(colon + 1)..])
                : ("", value);
            return [(Identifier(name), new Source(Known(from), text))];
        }

        if (arguments["--from"] is not { } kernel || arguments.Names.Count == 0)
            throw new DirectiveException("#!share needs a variable and where it comes from, as in #!share --from csharp data");
        return arguments.Names.Select(name => (Identifier(arguments["--as"] ?? name), new Source(Known(kernel), name)));
    }

    private static string Known(string from) => from switch
    {
        "" or "csharp" or "value" => from,
        "c#" or ".NET" => "csharp",
        "javascript" or "js" => throw new DirectiveException(
            "A script runs in the browser after its cell has ended, so its values cannot come back. Compute the value in C# and share it "
            + "with the script."),
        _ => throw new DirectiveException($"Only C# and #!value hold values here, not {from}."),
    };

    private static string Identifier(string name) => SyntaxFacts.IsValidIdentifier(name)
        ? name
        : throw new DirectiveException($"'{name}' cannot be the name of a variable.");

    // Numbers, true and false stay what they are; all else is text.
    private static string Literal(string written)
    {
        var text = written.Trim('"');
        return written == text && (written is "true" or "false" || Number().IsMatch(written)) ? written : JsonSerializer.Serialize(text);
    }

    private static string Json(CellVariable variable)
    {
        try
        {
            return JsonSerializer.Serialize(variable.Value, variable.Type, Options);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new DirectiveException($"{variable.Name} cannot be written as JSON: {exception.Message}", exception);
        }
    }

    private CellVariable Require(Source source) => variables().FirstOrDefault(one => one.Name == source.Text)
        ?? throw new DirectiveException($"There is no variable {source.Text}: run the cell that declares it first.");

    private string TextOf(string name) => _texts.GetValueOrDefault(name)
        ?? throw new DirectiveException($"There is no value {name}: run the cell with #!value --name {name} first.");

    [GeneratedRegex(@"^\s*#!(?<name>set|share)\b(?<argument>.*)$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Directive();

    [GeneratedRegex(@"^-?\d+(\.\d+)?([eE][-+]?\d+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    /// <summary>Where a value comes from.</summary>
    /// <param name="From"><c>csharp</c>, <c>value</c>, or nothing for a value that stands in the directive.</param>
    /// <param name="Text">Its name there, or the value as it is written.</param>
    private sealed record Source(string From, string Text);
}
