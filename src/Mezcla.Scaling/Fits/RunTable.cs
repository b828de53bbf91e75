using System.Globalization;
using CsvHelper;

namespace Mezcla.Scaling.Fits;

/// <summary>Which columns hold what. A null name is looked for among the usual ones; letter case, spaces and punctuation do not count.</summary>
/// <param name="Parameters">Column of model sizes.</param>
/// <param name="Tokens">Column of token counts.</param>
/// <param name="Flops">Column of training FLOPs; with sizes it replaces tokens.</param>
/// <param name="Loss">Column of losses.</param>
public sealed record RunColumns(string? Parameters = null, string? Tokens = null, string? Flops = null, string? Loss = null);

/// <summary>A row that could not be used.</summary>
/// <param name="Line">Its line in the file, from 1.</param>
/// <param name="Why">What is wrong with it.</param>
public sealed record BadRow(long Line, string Why);

/// <summary>Runs read from a CSV file, and the rows that could not be.</summary>
/// <param name="Runs">The good rows.</param>
/// <param name="BadRows">The others.</param>
public sealed record RunTable(IReadOnlyList<TrainingRun> Runs, IReadOnlyList<BadRow> BadRows)
{
    private static readonly string[] ParameterNames = ["parameters", "params", "nparams", "numparams", "n", "modelsize", "size"];
    private static readonly string[] TokenNames = ["tokens", "trainingtokens", "ntokens", "numtokens", "d", "data"];
    private static readonly string[] FlopNames = ["flops", "flop", "trainingflop", "trainingflops", "compute", "c"];
    private static readonly string[] LossNames = ["loss", "finalloss", "validationloss", "valloss", "evalloss", "testloss", "l"];

    /// <summary>Reads the file at <paramref name="path"/>.</summary>
    /// <exception cref="FitException">A column is missing; the message lists those that exist.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static RunTable Read(string path, RunColumns? columns = null)
    {
        using var reader = new StreamReader(path);
        return Read(reader, columns);
    }

    /// <summary>Reads CSV with a header line from <paramref name="reader"/>; comma, semicolon or tab, whichever the header has.</summary>
    /// <exception cref="FitException">A column is missing (the message lists those that exist), or a line is longer than a megabyte.</exception>
    public static RunTable Read(TextReader reader, RunColumns? columns = null)
    {
        try
        {
            return Rows(reader, columns ?? new());
        }
        catch (CsvFormatException error)
        {
            throw new FitException($"This is no CSV file that can be read: {error.Message}");
        }
    }

    private static RunTable Rows(TextReader reader, RunColumns columns)
    {
        var options = new CsvReaderOptions
        {
            CommentPrefix = '#',
            TrimWhitespace = true,
            TrackLineNumbers = true,
            AllowLineBreaksInQuotes = false, // so that a stray quote spoils its own line only
            MaxRecordSize = 1 << 20,
        };
        using CsvReader csv = CsvReader.Create(reader, options, leaveOpen: true);
        csv.ReadHeader();
        string[] header = [.. csv.Headers];
        if (header.Length == 0) throw new FitException("The file is empty: it needs a header line and a row for each run.");
        int parameters = Find(header, columns.Parameters, ParameterNames) ?? throw Missing("parameters", header);
        int loss = Find(header, columns.Loss, LossNames) ?? throw Missing("loss", header);
        int? tokens = Find(header, columns.Tokens, TokenNames), flops = Find(header, columns.Flops, FlopNames);
        if (tokens is null && flops is null) throw Missing("tokens or FLOPs", header);

        var runs = new List<TrainingRun>();
        var bad = new List<BadRow>();
        while (csv.Read())
        {
            string[] fields = [.. Enumerable.Range(0, csv.FieldCount).Select(csv.GetString)];
            if (fields.All(string.IsNullOrWhiteSpace)) continue;
            string? why = null;
            double? n = Number(fields, parameters, header, ref why), l = Number(fields, loss, header, ref why);
            double? d = tokens is { } t ? Number(fields, t, header, ref why) : null, c = flops is { } f ? Number(fields, f, header, ref why) : null;
            if (why is not null) bad.Add(new(csv.LineNumber, why));
            else runs.Add(new(n!.Value, d ?? c!.Value / (6 * n.Value), l!.Value, c));
        }

        return new(runs, bad);
    }

    private static int? Find(string[] header, string? wanted, string[] usual)
    {
        string[] plain = [.. header.Select(Plain)];
        if (wanted is not null)
        {
            int exact = Array.IndexOf(plain, Plain(wanted));
            return exact >= 0 ? exact : throw new FitException($"There is no column '{wanted}'. There are: {string.Join(", ", header)}.");
        }

        foreach (string name in usual)
        {
            int at = Array.IndexOf(plain, name);
            if (at >= 0) return at;
        }

        return null;
    }

    private static string Plain(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    private static FitException Missing(string what, string[] header) =>
        new($"No column for {what} was found among: {string.Join(", ", header)}. Name it.");

    private static double? Number(string[] fields, int column, string[] header, ref string? why)
    {
        if (why is not null) return null;
        string text = column < fields.Length ? fields[column] : "";
        if (text.Length == 0) why = $"nothing in column '{header[column]}'";
        else if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)) why = $"'{text}' in column '{header[column]}' is not a number";
        else if (!double.IsFinite(value) || value <= 0) why = $"'{text}' in column '{header[column]}' must be above zero";
        else return value;
        return null;
    }
}
