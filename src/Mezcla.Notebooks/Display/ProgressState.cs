using System.Globalization;

namespace Mezcla.Notebooks;

/// <summary>How far some work has come, and how that looks.</summary>
/// <param name="Label">What the work is; may be empty.</param>
/// <param name="Value">Steps done.</param>
/// <param name="Total">Steps in all, or null where that isn't known.</param>
/// <param name="Elapsed">Time since the start.</param>
/// <param name="Note">The latest thing worth telling; may be empty.</param>
/// <param name="IsEnded">Whether no more steps come.</param>
internal sealed record ProgressState(string Label, long Value, long? Total, TimeSpan Elapsed, string Note, bool IsEnded)
{
    private const int Width = 24;

    private bool IsComplete => Total is null || Value >= Total;

    private double PerSecond => Elapsed.TotalSeconds > 0 ? Value / Elapsed.TotalSeconds : 0;

    public MimeBundle ToBundle() => new(new Dictionary<string, string>
    {
        [MimeBundle.Html] = ToHtml(),
        [MimeBundle.PlainText] = ToText(),
    });

    public string ToText()
    {
        if (IsEnded)
            return Joined(EndLine(), Note);

        var label = Label.Length > 0 ? Label + "  " : "";
        if (Total is not { } total)
            return label + Joined(Count(Value), Rate(), Duration(Elapsed), Note);

        var filled = total == 0 ? Width : (int)(Width * Math.Min(Value, total) / total);
        return label + new string('█', filled) + new string('░', Width - filled) + " " + Joined(Percent(total),
            $"{Count(Value)}/{Count(total)}", Rate(), TimeLeft(total), Note);
    }

    public string ToHtml()
    {
        if (IsEnded)
            return $"<div>{HtmlWriter.Encode(ToText())}</div>";

        var bar = Total is { } total
            ? FormattableString.Invariant(
                $"<progress value=\"{Value}\" max=\"{Math.Max(1, total)}\" style=\"width:14em;vertical-align:middle\"></progress> ")
            : "<progress style=\"width:14em;vertical-align:middle\"></progress> ";
        var text = Total is { } known
            ? Joined(Percent(known), $"{Count(Value)}/{Count(known)}", Rate(), TimeLeft(known), Note)
            : Joined(Count(Value), Rate(), Duration(Elapsed), Note);
        return $"<div style=\"font-variant-numeric:tabular-nums\">{HtmlWriter.Encode(Label)} {bar}{HtmlWriter.Encode(text)}</div>";
    }

    /// <summary>A time the way one says it: 0.35 s, 12 s, 3 min 05 s, 2 h 10 min.</summary>
    public static string Duration(TimeSpan time)
    {
        var culture = CultureInfo.InvariantCulture;
        return time.TotalSeconds switch
        {
            < 9.95 => time.TotalSeconds.ToString(time.TotalSeconds < 0.995 ? "0.00" : "0.0", culture) + " s",
            < 59.5 => time.TotalSeconds.ToString("0", culture) + " s",
            < 3600 => string.Create(culture, $"{(int)time.TotalMinutes} min {time.Seconds:00} s"),
            _ => string.Create(culture, $"{(long)time.TotalHours} h {time.Minutes:00} min"),
        };
    }

    private string EndLine()
    {
        var lead = Label.Length > 0 ? Label + ": " : "";
        return IsComplete
            ? $"{lead}{Count(Value)} in {Duration(Elapsed)}{(Value > 1 ? $" ({Rate()})" : "")}"
            : $"{lead}stopped at {Count(Value)} of {Count(Total ?? 0)} after {Duration(Elapsed)}";
    }

    private string Percent(long total) => FormattableString.Invariant($"{(total == 0 ? 100 : 100 * Math.Min(Value, total) / total)}%");

    private string Rate() => PerSecond switch
    {
        0 => "",
        >= 100 => PerSecond.ToString("N0", CultureInfo.InvariantCulture) + "/s",
        >= 1 => PerSecond.ToString("0.0", CultureInfo.InvariantCulture) + "/s",
        _ => Duration(TimeSpan.FromSeconds(1 / PerSecond)) + " each",
    };

    private string TimeLeft(long total) =>
        Value > 0 && Value < total ? Duration(TimeSpan.FromSeconds(Math.Min((total - Value) / PerSecond, 1e9))) + " left" : "";

    private static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Joined(params string[] parts) => string.Join(" · ", parts.Where(part => part.Length > 0));
}
