using System.Reflection;

namespace Mezcla.Notebooks;

/// <summary>Asks .NET Interactive's formatter for the forms of values for whose types something was registered there.</summary>
internal static class InteractiveFormatters
{
    private const string MarkupContract = "Microsoft.AspNetCore.Html.IHtmlContent";

    /// <summary>A function that gives the forms of a value, or null if nothing was registered for its type.</summary>
    /// <param name="assembly">The assembly Microsoft.DotNet.Interactive.Formatting.</param>
    public static Func<object, IReadOnlyDictionary<string, string>?> Of(Assembly assembly)
    {
        var formatter = assembly.GetType("Microsoft.DotNet.Interactive.Formatting.Formatter", throwOnError: true)!;
        var contract = assembly.GetType("Microsoft.DotNet.Interactive.Formatting.ITypeFormatter", throwOnError: true)!;
        var (typeOf, mimeOf) = (contract.GetProperty("Type")!, contract.GetProperty("MimeType")!);
        var registered = formatter.GetMethod("RegisteredFormatters", [typeof(bool)])!.CreateDelegate<Func<bool, IEnumerable<object>>>();
        var preferred = formatter.GetMethod("GetPreferredMimeTypesFor", [typeof(Type)])!
            .CreateDelegate<Func<Type, IReadOnlyCollection<string>>>();
        var write = formatter.GetMethod("ToDisplayString", [typeof(object), typeof(string)])!
            .CreateDelegate<Func<object, string, string>>();
        return value =>
        {
            var ancestry = FormatterSet.Ancestry(value.GetType()).ToHashSet();
            var mimes = ancestry.Any(type => type.FullName == MarkupContract)
                ? [MimeBundle.Html]
                : registered(false).Where(known => (Type)typeOf.GetValue(known)! is var type && type != typeof(object)
                    && ancestry.Contains(type)).Select(known => (string)mimeOf.GetValue(known)!).ToHashSet();
            if (mimes.Count == 0)
                return null;

            // What the type is shown as at best; a formatter for another form of it applies where that form is asked for.
            var wanted = preferred(value.GetType()).Where(mimes.Contains).ToList();
            return (wanted.Count > 0 ? wanted : [.. mimes]).ToDictionary(mime => mime, mime => write(value, mime));
        };
    }
}
