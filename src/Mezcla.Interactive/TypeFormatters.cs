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

    /// <summary>Registers the formatters of packages' types, of those packages that the kernel can load.</summary>
    /// <param name="packages">The packages.</param>
    /// <param name="scripts">The libraries of scripts that draw values; each goes out with the first value that it draws.</param>
    public static void Register(IEnumerable<LibrariesOnDemand> packages, IReadOnlyList<ScriptLibrary> scripts)
    {
        var delivery = new LibraryDelivery(scripts);
        foreach (var package in packages)
        {
            try
            {
                foreach (var form in package.Forms?.Invoke() ?? [])
                    Register(form, delivery);
            }
            catch (Exception exception) when (exception is IOException or BadImageFormatException or TypeLoadException)
            {
                // The kernel's own version of a library that the package needs is older. All else works without it.
            }
        }
    }

    private static void Register(TypeForm form, LibraryDelivery delivery)
    {
        foreach (var mime in Everywhere)
        {
            Formatter.Register(form.Type, (value, context) =>
            {
                context.Writer.Write((mime == MimeBundle.Html ? delivery.Add(form.FormOf(value)) : form.FormOf(value))[mime]);
                return true;
            }, mime);
        }

        Formatter.SetPreferredMimeTypesFor(form.Type, Everywhere);
    }

    private static bool TryWrite(object value, FormatContext context, string mime)
    {
        if (ValueForms.FormOf(value)?[mime] is not { } text)
            return false;

        context.Writer.Write(text);
        return true;
    }
}
