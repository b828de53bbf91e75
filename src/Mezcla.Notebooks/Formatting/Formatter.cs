using System.Globalization;

namespace Mezcla.Notebooks.Cells;

/// <summary>Turns values into what front ends show.</summary>
public static class Formatter
{
    /// <summary>The forms in which a value is shown.</summary>
    public static MimeBundle ToBundle(object? value)
    {
        if (value is MimeBundle bundle)
            return bundle;

        return DuckTyped(value) ?? new MimeBundle(MimeBundle.PlainText, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "null");
    }

    /// <summary>A value in the form of one MIME type; a string is taken to be that form already.</summary>
    public static MimeBundle ToBundle(object? value, string mimeType) =>
        value is string text
            ? new MimeBundle(mimeType, text)
            : new MimeBundle(mimeType, ToBundle(value)[mimeType] ?? Convert.ToString(value, CultureInfo.InvariantCulture) ?? "null");

    private static MimeBundle? DuckTyped(object? value)
    {
        var method = value?.GetType().GetMethod("ToMimeBundle", Type.EmptyTypes);
        return method is not null && typeof(IReadOnlyDictionary<string, string>).IsAssignableFrom(method.ReturnType)
            ? new MimeBundle((IReadOnlyDictionary<string, string>)method.Invoke(value, null)!)
            : null;
    }
}
