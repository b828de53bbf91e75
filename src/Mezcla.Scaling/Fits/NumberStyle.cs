using System.Globalization;
using System.Text.RegularExpressions;

namespace Mezcla.Scaling.Fits;

/// <summary>
/// How the numbers of a table are written: 1,234.5 with a decimal point, or 1.234,5 with a decimal comma as a Spanish or German spreadsheet
/// saves them. One number can decide this (3,5 has a decimal comma) or leave it open (2,345 can be 2.345 or 2345); all numbers of a file
/// together usually decide it.
/// </summary>
internal sealed class NumberStyle
{
    private readonly bool? _decimalComma;

    private NumberStyle(bool? decimalComma) => _decimalComma = decimalComma;

    /// <summary>Finds the style of a file from all its numbers.</summary>
    /// <param name="texts">The numbers as they are written; texts that are not numbers are passed over.</param>
    /// <param name="semicolons">Whether semicolons separate the columns, as they do where the comma is needed for decimals.</param>
    public static NumberStyle Of(IEnumerable<string> texts, bool semicolons)
    {
        bool point = false, comma = false, openComma = false;
        foreach (var text in texts)
        {
            double? withPoint = Read(text, '.', ','), withComma = Read(text, ',', '.');
            point |= withPoint is not null && withComma is null;
            comma |= withComma is not null && withPoint is null;
            openComma |= withPoint is not null && withComma is not null && !withPoint.Equals(withComma) && text.Contains(',');
        }

        if (point != comma)
            return new(comma);
        // No number decides the style, or the numbers contradict each other. Without any comma, a point is a decimal point.
        return new(point || openComma && !semicolons ? null : openComma);
    }

    /// <summary>The value of a number.</summary>
    /// <param name="text">The number as it is written.</param>
    /// <param name="why">Why there is no value; null if there is one.</param>
    public double? Parse(string text, out string? why)
    {
        double? withPoint = Read(text, '.', ','), withComma = Read(text, ',', '.');
        why = null;
        if (withPoint is null && withComma is null)
            why = "is not a number";
        else if (withPoint is not null && withComma is not null && !withPoint.Equals(withComma) && _decimalComma is null)
            why = string.Create(CultureInfo.InvariantCulture,
                $"can be read as {withPoint} or as {withComma}, and nothing in the file tells which; write it without separators of " +
                    $"thousands and with a decimal point");
        else
            return _decimalComma == true ? withComma ?? withPoint : withPoint ?? withComma;
        return null;
    }

    /// <summary>Reads a number with one mark for decimals and another between thousands; null if it cannot be written so.</summary>
    private static double? Read(string text, char decimalMark, char thousands)
    {
        if (text.Contains(thousands))
        {
            var mark = Regex.Escape(thousands.ToString());
            if (!Regex.IsMatch(text,
                $@"^\s*[+-]?[1-9][0-9]{{0,2}}({mark}[0-9]{{3}})+({Regex.Escape(decimalMark.ToString())}[0-9]*)?([eE][+-]?[0-9]+)?\s*$",
                RegexOptions.CultureInvariant))
                return null;
            text = text.Replace(thousands.ToString(), "");
        }

        return double.TryParse(text.Replace(decimalMark, '.'), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;
    }
}
