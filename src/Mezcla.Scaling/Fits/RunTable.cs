using System.Text.Json;
using CsvHelper;

namespace Mezcla.Scaling.Fits;

/// <summary>The columns of a table of trainings. If a name is null, the usual names are
/// tried; letter case, spaces and punctuation are ignored.</summary>
/// <param name="Parameters">Column of model sizes.</param>
/// <param name="Tokens">Column of token counts.</param>
/// <param name="Flops">Column of training FLOPs; together with sizes it can replace the column of tokens.</param>
/// <param name="Loss">Column of losses.</param>
/// <param name="Where">A condition: only rows that have this value in a column are
/// used, such as <c>kind=moe</c>; null for all rows.</param>
public sealed record RunColumns(string? Parameters = null, string? Tokens = null, string? Flops = null, string? Loss = null,
    string? Where = null);

/// <summary>A row that could not be used.</summary>
/// <param name="Line">Its line in the file, from 1.</param>
/// <param name="Why">What is wrong with it.</param>
public sealed record BadRow(long Line, string Why);

/// <summary>Runs read from a CSV file or from JSON lines, and the rows that could not be read.</summary>
/// <param name="Runs">The good rows.</param>
/// <param name="BadRows">The rows that could not be used.</param>
public sealed record RunTable(IReadOnlyList<TrainingRun> Runs, IReadOnlyList<BadRow> BadRows)
{
    private static readonly string[] ParameterNames = ["parameters", "params", "nparams", "numparams", "n", "modelsize", "size"];
    private static readonly string[] TokenNames = ["tokens", "trainingtokens", "ntokens", "numtokens", "d", "data"];
    private static readonly string[] FlopNames = ["flops", "flop", "trainingflop", "trainingflops", "compute", "c"];
    private static readonly string[] LossNames = ["loss", "finalloss", "validationloss", "valloss", "evalloss", "testloss", "l"];

    /// <summary>Reads the file at <paramref name="path"/>: JSON lines if it is called
    /// .jsonl, as a sweep writes them, and CSV otherwise.</summary>
    /// <exception cref="FitException">A column is missing; the message lists those that exist.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RunTable Read(string path, RunColumns? columns = null)
    {
        if (Directory.Exists(path))
            throw new IOException($"{Path.GetFullPath(path)} is a folder: name a CSV file or a .jsonl file.");
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file of trainings {Path.GetFullPath(path)}.", path);
        using var reader = new StreamReader(path);
        return Path.GetExtension(path).Equals(".jsonl", StringComparison.OrdinalIgnoreCase)
            ? ReadJsonLines(reader, columns)
            : Read(reader, columns);
    }

    /// <summary>Reads CSV with a header line from <paramref name="reader"/>, separated by comma,
    /// semicolon or tab. Numbers may have a decimal point or a decimal comma.</summary>
    /// <exception cref="FitException">A column is missing (the message lists those that
    /// exist), or a line is longer than a megabyte.</exception>
    public static RunTable Read(TextReader reader, RunColumns? columns = null)
    {
        var options = new CsvReaderOptions
        {
            CommentPrefix = '#',
            TrimWhitespace = true,
            TrackLineNumbers = true,
            AllowLineBreaksInQuotes = false, // so that a stray quote spoils its own line only
            MaxRecordSize = 1 << 20,
        };
        try
        {
            using var csv = CsvReader.Create(reader, options, leaveOpen: true);
            csv.ReadHeader();
            return FromRows([.. csv.Headers], [.. CsvRows(csv)], columns ?? new(), semicolons: csv.Separator == ';');
        }
        catch (CsvFormatException error)
        {
            throw new FitException($"The file cannot be read as CSV: {error.Message}");
        }
    }

    /// <summary>Reads one JSON object a line from <paramref name="reader"/>; the properties of the first one are the columns.</summary>
    /// <exception cref="FitException">A column is missing; the message lists those that exist.</exception>
    public static RunTable ReadJsonLines(TextReader reader, RunColumns? columns = null)
    {
        var header = new List<string>();
        var rows = new List<(long, string[])>();
        var bad = new List<BadRow>();
        long number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            try
            {
                using var document = JsonDocument.Parse(line);
                if (document.RootElement.ValueKind != JsonValueKind.Object)
                    throw new JsonException();
                if (header.Count == 0)
                    header.AddRange(document.RootElement.EnumerateObject().Select(property => property.Name));
                rows.Add(
                    (number,
                        [
                            .. header.Select(
                                name => document.RootElement.TryGetProperty(name, out JsonElement value) ? value.ToString() : "")]));
            }
            catch (JsonException)
            {
                bad.Add(new(number, "it is not a JSON object"));
            }
        }

        RunTable table = FromRows([.. header], rows, columns ?? new(), semicolons: false);
        return bad.Count == 0 ? table : table with { BadRows = [.. table.BadRows.Concat(bad).OrderBy(row => row.Line)] };
    }

    private static IEnumerable<(long Line, string[] Fields)> CsvRows(CsvReader csv)
    {
        while (csv.Read())
            yield return (csv.LineNumber, [.. Enumerable.Range(0, csv.FieldCount).Select(csv.GetString)]);
    }

    private static RunTable FromRows(string[] header, List<(long Line, string[] Fields)> rows, RunColumns columns, bool semicolons)
    {
        if (header.Length == 0)
            throw new FitException("The file is empty: it needs a header line and a row for each run.");
        var parameters = Find(header, columns.Parameters, ParameterNames) ?? throw Missing("parameters", header);
        var loss = Find(header, columns.Loss, LossNames) ?? throw Missing("loss", header);
        int? tokens = Find(header, columns.Tokens, TokenNames), flops = Find(header, columns.Flops, FlopNames);
        if (tokens is null && flops is null)
            throw Missing("tokens or FLOPs", header);
        (int Column, string Value)? condition = Condition(header, columns.Where);

        int[] used = [.. new[] { parameters, loss, tokens ?? loss, flops ?? loss }.Distinct()];
        var style = NumberStyle.Of(
            rows.SelectMany(row => used.Where(column => column < row.Fields.Length).Select(column => row.Fields[column])), semicolons);
        var runs = new List<TrainingRun>();
        var bad = new List<BadRow>();
        foreach (var (line, fields) in rows)
        {
            if (fields.All(string.IsNullOrWhiteSpace))
                continue;
            if (condition is { } wanted
                && (wanted.Column >= fields.Length || !fields[wanted.Column].Equals(wanted.Value, StringComparison.OrdinalIgnoreCase)))
                continue;
            var why = fields.Skip(header.Length).Any(field => field.Length > 0)
                ? $"it has {fields.Length} columns and the header {header.Length}; if commas separate the columns, write numbers with a " +
                    "decimal point" : null;
            double? n = Number(fields, parameters, header, style, ref why), l = Number(fields, loss, header, style, ref why);
            double? d = tokens is { } t ? Number(fields, t, header, style, ref why) : null, c = flops is { } f
                ? Number(fields, f, header, style, ref why) : null;
            if (why is not null)
                bad.Add(new(line, why));
            else
                runs.Add(new(n!.Value, d ?? c!.Value / (6 * n.Value), l!.Value, c));
        }

        return new(runs, bad);
    }

    private static (int Column, string Value)? Condition(string[] header, string? where)
    {
        if (where is null)
            return null;
        var at = where.IndexOf('=');
        if (at <= 0)
            throw new FitException($"'{where}' is not a condition: write a column, = and a value, such as kind=moe.");
        return (Find(header, where[..at], [])!.Value, where[(at + 1)..].Trim());
    }

    private static int? Find(string[] header, string? wanted, string[] usual)
    {
        string[] plain = [.. header.Select(Plain)];
        if (wanted is not null)
        {
            var exact = Array.IndexOf(plain, Plain(wanted));
            return exact >= 0
                ? exact
                : throw new FitException($"There is no column '{wanted}'. The columns are: {string.Join(", ", header)}.");
        }

        foreach (var name in usual)
        {
            var at = Array.IndexOf(plain, name);
            if (at >= 0)
                return at;
        }

        return null;
    }

    private static string Plain(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    private static FitException Missing(string what, string[] header) =>
        new($"No column for {what} was found among: {string.Join(", ", header)}. Name it with an option.");

    private static double? Number(string[] fields, int column, string[] header, NumberStyle style, ref string? why)
    {
        if (why is not null)
            return null;
        var text = column < fields.Length ? fields[column] : "";
        if (text.Length == 0)
            why = $"column '{header[column]}' is empty";
        else if (style.Parse(text, out var problem) is not { } value)
            why = $"'{text}' in column '{header[column]}' {problem}";
        else if (!double.IsFinite(value) || value <= 0)
            why = $"'{text}' in column '{header[column]}' must be above zero";
        else
            return value;
        return null;
    }
}
