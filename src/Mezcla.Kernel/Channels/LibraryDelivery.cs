using Mezcla.Notebooks;
using Mezcla.Notebooks.Html;

namespace Mezcla.Kernel.Channels;

/// <summary>Gives front ends the libraries of scripts that draw outputs, each once in a session, in the HTML of the first output that it
/// draws.</summary>
internal sealed class LibraryDelivery(IReadOnlyList<ScriptLibrary> libraries)
{
    private readonly List<ScriptLibrary> _waiting = [.. libraries];

    /// <summary>An output as it goes out.</summary>
    public MimeBundle Add(MimeBundle bundle)
    {
        lock (_waiting)
        {
            if (bundle[MimeBundle.Html] is not { } html || _waiting.Find(one => bundle[one.MimeType] is not null) is not { } library)
                return bundle;

            _waiting.Remove(library);
            return new MimeBundle(bundle.Data.Append(KeyValuePair.Create(MimeBundle.Html, DrawnOutput.Provide(library) + html)), bundle.Metadata);
        }
    }
}
