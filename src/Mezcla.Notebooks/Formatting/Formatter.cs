namespace Mezcla.Notebooks.Cells;

/// <summary>
/// Formats values for front ends. Notebooks can register formatters for their own types.
/// </summary>
/// <remarks>
/// A formatter that a cell registers applies to all cells of its engine from then on. A library can define how its types are shown
/// without a reference to this one: it needs only a public instance method <c>IReadOnlyDictionary&lt;string, string&gt;
/// ToMimeBundle()</c> on the type (<see cref="MimeBundle"/>).
/// </remarks>
public static class Formatter
{
    private static FormatterSet Set => FormatterSet.Current ?? FormatterSet.Shared;

    /// <summary>Registers a function that formats values of a type and of types derived from it.</summary>
    /// <typeparam name="T">The type. An interface applies to all types that implement it.</typeparam>
    /// <param name="formatter">Returns the content. If the content is HTML, the function must encode text in it.</param>
    /// <param name="mimeType">The MIME type of the content.</param>
    public static void Register<T>(Func<T, string> formatter, string mimeType = MimeBundle.Html)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        Set.Register(typeof(T), mimeType, value => formatter((T)value));
    }

    /// <summary>Registers a procedure that writes values of a type and of types derived from it.</summary>
    /// <param name="formatter">Writes the content. If the content is HTML, the procedure must encode text in it.</param>
    /// <param name="mimeType">The MIME type of the content.</param>
    public static void Register<T>(Action<T, TextWriter> formatter, string mimeType = MimeBundle.Html)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        Register(typeof(T), (value, writer) => formatter((T)value, writer), mimeType);
    }

    /// <summary>Registers a procedure that writes values of a type, which may be
    /// an open generic type (<c>typeof(List&lt;&gt;)</c>).</summary>
    /// <param name="type">The type.</param>
    /// <param name="formatter">Writes the content. If the content is HTML, the procedure must encode text in it.</param>
    /// <param name="mimeType">The MIME type of the content.</param>
    public static void Register(Type type, Action<object, TextWriter> formatter, string mimeType = MimeBundle.Html)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(formatter);
        Set.Register(type, mimeType, value =>
        {
            using var writer = new StringWriter(System.Globalization.CultureInfo.InvariantCulture);
            formatter(value, writer);
            return writer.ToString();
        });
    }

    /// <summary>Sets the MIME types in which values of a type are shown. Other known MIME types of the type are left out.</summary>
    /// <exception cref="ArgumentException">No MIME type is given.</exception>
    public static void SetPreferredMimeTypesFor(Type type, params string[] mimeTypes)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(mimeTypes);
        if (mimeTypes.Length == 0)
            throw new ArgumentException("Name at least one MIME type, for instance \"text/plain\".", nameof(mimeTypes));

        Set.Prefer(type, mimeTypes);
    }

    /// <summary>Removes everything that cells of this engine have registered.</summary>
    public static void ResetToDefault() => Set.Clear();

    /// <summary>Formats a value in every MIME type in which it is shown.</summary>
    public static MimeBundle ToBundle(object? value) => Set.ToBundle(value);

    /// <summary>Formats a value in one MIME type. A string is assumed to be content of that type already.</summary>
    public static MimeBundle ToBundle(object? value, string mimeType) => new(mimeType, Set.ToText(value, mimeType));

    /// <summary>Formats a value as text of one MIME type.</summary>
    public static string ToDisplayString(this object? value, string mimeType = MimeBundle.PlainText) => Set.ToText(value, mimeType);
}
