namespace Mezcla.Notebooks.Html;

/// <summary>The forms of values that kernels other than this library's would show less well, for an extension of such a kernel.</summary>
public static class ValueForms
{
    /// <summary>Whether values of a type have a form of their own: a bundle, or a type with a public method <c>ToMimeBundle</c>
    /// (<see cref="MimeBundle"/>).</summary>
    public static bool HasForm(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return type == typeof(MimeBundle) || FormatterSet.BundleMethod(type) is not null;
    }

    /// <summary>
    /// The form of a value of such a type, and of a list of objects with properties or a matrix, which becomes a table. It contains HTML
    /// and plain text. Null for any other value.
    /// </summary>
    public static MimeBundle? FormOf(object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var form = value as MimeBundle ?? FormatterSet.OwnBundle(value) ?? FormatterSet.Shared.Table(value);
        if (form is null || form[MimeBundle.Html] is not null)
            return form;

        var html = OutputHtml.ToHtml(form, new MarkdownHtml(folder: null));
        return new MimeBundle(form.Data.Append(KeyValuePair.Create(MimeBundle.Html, html)), form.Metadata);
    }
}
