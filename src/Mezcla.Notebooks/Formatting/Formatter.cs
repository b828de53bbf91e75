namespace Mezcla.Notebooks.Cells;

/// <summary>
/// Turns values into what front ends show, and lets a notebook say how its own types are shown.
/// </summary>
/// <remarks>
/// What a cell registers holds for its engine, and from then on. A library that wants its types shown in a certain way needs no reference
/// to this one: a public instance method
/// <c>IReadOnlyDictionary&lt;string, string&gt; ToMimeBundle()</c> on the type is enough (<see cref="MimeBundle"/>).
/// </remarks>
public static class Formatter
{
    private static FormatterSet Set => FormatterSet.Current ?? FormatterSet.Shared;

    /// <summary>Shows values of a type, and of types derived from it, the way a function says.</summary>
    /// <typeparam name="T">The type; an interface counts for everything that implements it.</typeparam>
    /// <param name="formatter">Gives the content; HTML must be encoded by it.</param>
    /// <param name="mimeType">What the content is.</param>
    public static void Register<T>(Func<T, string> formatter, string mimeType = MimeBundle.Html)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        Set.Register(typeof(T), mimeType, value => formatter((T)value));
    }

    /// <summary>Shows values of a type, and of types derived from it, the way a procedure writes them.</summary>
    /// <param name="formatter">Writes the content; HTML must be encoded by it.</param>
    /// <param name="mimeType">What the content is.</param>
    public static void Register<T>(Action<T, TextWriter> formatter, string mimeType = MimeBundle.Html)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        Register(typeof(T), (value, writer) => formatter((T)value, writer), mimeType);
    }

    /// <summary>Shows values of a type, which may be a generic type without arguments
    /// (<c>typeof(List&lt;&gt;)</c>), the way a procedure writes them.</summary>
    /// <param name="type">The type.</param>
    /// <param name="formatter">Writes the content; HTML must be encoded by it.</param>
    /// <param name="mimeType">What the content is.</param>
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

    /// <summary>Says in which forms values of a type are shown, in place of all that are known.</summary>
    /// <exception cref="ArgumentException">No MIME type is given.</exception>
    public static void SetPreferredMimeTypesFor(Type type, params string[] mimeTypes)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(mimeTypes);
        if (mimeTypes.Length == 0)
            throw new ArgumentException("Name at least one MIME type, for instance \"text/plain\".", nameof(mimeTypes));

        Set.Prefer(type, mimeTypes);
    }

    /// <summary>Forgets everything registered by cells of this engine.</summary>
    public static void ResetToDefault() => Set.Clear();

    /// <summary>The forms in which a value is shown.</summary>
    public static MimeBundle ToBundle(object? value) => Set.ToBundle(value);

    /// <summary>A value in the form of one MIME type. A string is taken to be that form already.</summary>
    public static MimeBundle ToBundle(object? value, string mimeType) => new(mimeType, Set.ToText(value, mimeType));

    /// <summary>A value as text of one MIME type.</summary>
    public static string ToDisplayString(this object? value, string mimeType = MimeBundle.PlainText) => Set.ToText(value, mimeType);
}
