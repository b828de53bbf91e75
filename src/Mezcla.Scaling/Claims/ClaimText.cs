namespace Mezcla.Scaling.Claims;

/// <summary>The text form of claim files.</summary>
internal static class ClaimText
{
    public static ClaimFile Parse(string text)
    {
        var title = "";
        var definitions = new List<Definition>();
        var claims = new List<PublishedClaim>();
        var statements = new List<Statement>();
        var relations = new List<Relation>();
        foreach (Entry entry in Entries(text))
        {
            switch (entry.Kind)
            {
                case "title":
                    entry.Only();
                    title = entry.Body;
                    break;
                case "define":
                    entry.Only();
                    var (name, value) = Halves(entry);
                    definitions.Add(new(name, value, entry.Line));
                    break;
                case "claim":
                    claims.Add(ReadClaim(entry));
                    break;
                case "statement":
                    statements.Add(ReadStatement(entry));
                    break;
                case "relation":
                    entry.Only("why");
                    relations.Add(new(entry.Body, entry["why"] ?? "", entry.Line));
                    break;
                default:
                    throw new ClaimFileException(
                        $"line {entry.Line}: '{entry.Kind}' is not one of title, define, claim, statement and relation.");
            }
        }

        return new() { Title = title, Definitions = definitions, Claims = claims, Statements = statements, Relations = relations };
    }

    private static PublishedClaim ReadClaim(Entry entry)
    {
        entry.Only("said", "quote", "language", "translation", "who", "place", "source", "status", "because", "unit", "correction", "note",
            "reason");
        var (formula, tolerance) = Within(entry.Body);
        var claim = new PublishedClaim
        {
            Said = entry["said"] ?? entry.Body,
            Quote = entry["quote"],
            Language = entry["language"],
            Translation = entry["translation"],
            Who = entry["who"] ?? "",
            Place = entry["place"] ?? "",
            Source = entry["source"] ?? "",
            Status = ClaimJson.Status(entry["status"], $"line {entry.Line}"),
            Unit = entry["unit"] ?? "",
            Tolerance = tolerance,
            Because = entry["because"],
            Correction = entry["correction"],
            Note = entry["note"],
            Reason = entry["reason"],
            Line = entry.Line,
        };
        if (formula.Length == 0)
            return claim;
        foreach (var relation in (string[])["<=", ">=", "==", "<", ">", "="])
        {
            var at = formula.IndexOf(relation, StringComparison.Ordinal);
            if (at < 0)
                continue;
            return claim with
            {
                Expression = formula[..at].Trim(),
                Relation = relation,
                Expected = formula[(at + relation.Length)..].Trim()
            };
        }

        return claim with { Expression = formula };
    }

    private static Statement ReadStatement(Entry entry)
    {
        entry.Only("who", "status");
        var (quantity, rest) = Halves(entry);
        var (value, tolerance) = Within(rest);
        return new()
        {
            Quantity = quantity,
            Value = value,
            Tolerance = tolerance,
            Who = entry["who"] ?? "",
            Status = ClaimJson.Status(entry["status"], $"line {entry.Line}"),
            Line = entry.Line,
        };
    }

    private static (string, string) Halves(Entry entry)
    {
        var at = entry.Body.IndexOf('=');
        var name = at < 0 ? "" : entry.Body[..at].Trim();
        if (name.Length == 0 || !(char.IsLetter(name[0]) || name[0] == '_') || !name.All(c => char.IsLetterOrDigit(c) || c == '_'))
            throw new ClaimFileException($"line {entry.Line}: '{entry.Kind}: name = value' is expected.");
        return (name, entry.Body[(at + 1)..].Trim());
    }

    private static (string Formula, string? Tolerance) Within(string body)
    {
        var at = body.LastIndexOf(" within ", StringComparison.Ordinal);
        return at < 0 ? (body.Trim(), null) : (body[..at].Trim(), body[(at + 8)..].Trim());
    }

    private static IEnumerable<Entry> Entries(string text)
    {
        Entry? entry = null;
        string? last = null;
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var line = WithoutComment(lines[i]).TrimEnd();
            if (line.Length == 0)
                continue;
            var indented = char.IsWhiteSpace(line[0]);
            var colon = line.IndexOf(':');
            string key = colon < 0 ? "" : line[..colon].Trim().ToLowerInvariant(), value = line[(colon + 1)..].Trim();
            var isKey = key.Length > 0 && key.All(char.IsAsciiLetter);
            if (!indented)
            {
                if (!isKey)
                    throw new ClaimFileException($"line {i + 1}: an entry such as 'claim: 2 + 2 = 4' is expected.");
                if (entry is not null)
                    yield return entry;
                (entry, last) = (new(key, value, i + 1), null);
            }
            else if (entry is null)
            {
                throw new ClaimFileException($"line {i + 1}: an indented line belongs to an entry, and none has begun.");
            }
            else if (isKey && Entry.Keys.Contains(key))
            {
                entry.Add(key, value, i + 1);
                last = key;
            }
            else if (last is not null)
            {
                entry.Extend(last, line.Trim());
            }
            else
            {
                throw new ClaimFileException($"line {i + 1}: one of {string.Join(", ", Entry.Keys)} and a colon is expected.");
            }
        }

        if (entry is not null)
            yield return entry;
    }

    // A hash begins a comment at the start of a line or after a space; the one in "C#" does not.
    private static string WithoutComment(string line)
    {
        for (var i = line.IndexOf('#'); i >= 0; i = line.IndexOf('#', i + 1))
            if (i == 0 || char.IsWhiteSpace(line[i - 1]))
                return line[..i];
        return line;
    }

    private sealed class Entry(string kind, string body, int line)
    {
        public static readonly string[] Keys =
        [
            "said", "quote", "language", "translation", "who", "place", "source", "status", "because", "unit", "correction", "note",
            "reason", "why",
        ];


        private readonly Dictionary<string, string> _more = [];

        public string Kind => kind;

        public string Body => body;

        public int Line => line;

        public string? this[string key] => _more.GetValueOrDefault(key);

        public void Add(string key, string value, int at)
        {
            if (!_more.TryAdd(key, value))
                throw new ClaimFileException($"line {at}: this entry has '{key}' already.");
        }

        public void Extend(string key, string text) => _more[key] += " " + text;

        public void Only(params string[] keys)
        {
            if (_more.Keys.FirstOrDefault(key => !keys.Contains(key)) is { } key)
                throw new ClaimFileException(
                    $"line {line}: '{kind}' has no '{key}'{(keys.Length > 0 ? $"; it has {string.Join(", ", keys)}" : "")}.");
        }
    }
}
