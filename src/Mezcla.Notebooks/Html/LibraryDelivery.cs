namespace Mezcla.Notebooks.Html;

/// <summary>Gives front ends the libraries of scripts that draw outputs, each once in a session, in the HTML of the first output that it
/// draws.</summary>
/// <param name="libraries">The libraries.</param>
public sealed class LibraryDelivery(IReadOnlyList<ScriptLibrary> libraries)
{
    private readonly List<ScriptLibrary> _waiting = [.. libraries];

    /// <summary>An output as it goes out.</summary>
    /// <param name="bundle">The output; it gets the library only if it has HTML, and content that the library draws.</param>
    public MimeBundle Add(MimeBundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        lock (_waiting)
        {
            if (bundle[MimeBundle.Html] is not { } html || _waiting.Find(one => bundle[one.MimeType] is not null) is not { } library)
                return bundle;

            _waiting.Remove(library);
            html = DrawnOutput.Provide(library) + html;
            return new MimeBundle(bundle.Data.Append(KeyValuePair.Create(MimeBundle.Html, html)), bundle.Metadata);
        }
    }
}
