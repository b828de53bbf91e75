using System.Collections;
using Mezcla.Notebooks;
using Mezcla.Notebooks.Cells;
using Mezcla.Notebooks.Html;
using Microsoft.DotNet.Interactive.Formatting;
using Formatter = Microsoft.DotNet.Interactive.Formatting.Formatter;

namespace Mezcla.Interactive;

/// <summary>Tells .NET Interactive's formatter the forms of values that have one of their own (<see cref="ValueForms.FormOf"/>).</summary>
internal static class TypeFormatters
{
    private static readonly string[] Everywhere = [MimeBundle.Html, MimeBundle.PlainText];

    // The forms that programs read: a grader finds an exercise by it.
    private static readonly Dictionary<Type, string> Machine = new()
    {
        [typeof(Exercise)] = Exercise.MimeType,
        [typeof(Question)] = Question.MimeType,
    };

    /// <summary>Registers the formatters of these types and that of lists.</summary>
    /// <param name="types">The types of which those count that have a form of their own.</param>
    public static void Register(IEnumerable<Type> types)
    {
        foreach (var type in types.Where(ValueForms.HasForm))
        {
            string[] mimes = [.. Everywhere, .. Machine.Where(entry => entry.Key == type).Select(entry => entry.Value)];
            foreach (var mime in mimes)
                Formatter.Register(type, (value, context) => TryWrite(value, context, mime), mime);
            Formatter.SetPreferredMimeTypesFor(type, mimes);
        }

        // The kernel takes the formatter of the nearest type and does not look further, so what is no table goes on to its own here.
        var texts = Formatter.GetPreferredFormatterFor(typeof(string), MimeBundle.Html);
        var others = Formatter.GetPreferredFormatterFor(typeof(object), MimeBundle.Html);
        Formatter.Register(
            typeof(IEnumerable),
            (value, context) => TryWrite(value, context, MimeBundle.Html) || (value is string ? texts : others).Format(value, context),
            MimeBundle.Html);
    }

    private static bool TryWrite(object value, FormatContext context, string mime)
    {
        if (ValueForms.FormOf(value)?[mime] is not { } text)
            return false;

        context.Writer.Write(text);
        return true;
    }
}
