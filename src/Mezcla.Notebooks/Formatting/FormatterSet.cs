using System.Collections.Concurrent;
using System.Reflection;

namespace Mezcla.Notebooks;

/// <summary>How one engine's cells want values shown: what they registered, before the defaults.</summary>
internal sealed class FormatterSet
{
    /// <summary>Where formatters go that are registered outside any cell; every engine falls back to it.</summary>
    public static readonly FormatterSet Shared = new();

    private static readonly AsyncLocal<FormatterSet?> AmbientCurrent = new();
    private readonly ConcurrentDictionary<(Type Type, string Mime), Func<object, string>> _formatters = new();
    private readonly ConcurrentDictionary<Type, string[]> _preferred = new();

    /// <summary>The set of the engine on whose behalf the calling code works, or null outside cells.</summary>
    public static FormatterSet? Current
    {
        get => AmbientCurrent.Value;
        set => AmbientCurrent.Value = value;
    }

    public void Register(Type type, string mime, Func<object, string> formatter) => _formatters[(type, mime)] = formatter;

    public void Prefer(Type type, string[] mimes) => _preferred[type] = mimes;

    public void Clear()
    {
        _formatters.Clear();
        _preferred.Clear();
    }

    public MimeBundle ToBundle(object? value)
    {
        switch (value)
        {
            case null:
                return new MimeBundle(MimeBundle.PlainText, "null");
            case MimeBundle bundle:
                return bundle;
        }

        if (Preferred(value.GetType()) is { } mimes)
            return new MimeBundle(mimes.Select(mime => KeyValuePair.Create(mime, ToText(value, mime))));

        var data = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var mime in Registered(value.GetType()))
            data[mime] = Custom(value, mime)!;

        if (data.Count == 0 && OwnBundle(value) is { } own)
            return own.Data.ContainsKey(MimeBundle.PlainText)
                ? own
                : new MimeBundle(
                    own.Data.Append(KeyValuePair.Create(MimeBundle.PlainText, MimeForms.PlainOf(own) ?? TypeNames.Short(value.GetType()))),
                    own.Metadata);

        if (data.Count == 0 || !data.ContainsKey(MimeBundle.PlainText))
        {
            foreach (var (mime, text) in Default(value))
                data.TryAdd(mime, text);
        }

        return new MimeBundle(data);
    }

    /// <summary>A value as one MIME type.</summary>
    public string ToText(object? value, string mime)
    {
        if (value is null)
            return "null";

        if (Custom(value, mime) is { } custom)
            return custom;

        var bundle = value as MimeBundle ?? OwnBundle(value);
        if (bundle?[mime] is { } known)
            return known;

        if (value is string text)
            return text;

        var forms = Default(value);
        return forms.GetValueOrDefault(mime)
            ?? (mime == MimeBundle.Html ? HtmlWriter.Write(ViewOf(value)) : MimeForms.JsonOf(value, mime) ?? forms[MimeBundle.PlainText]);
    }

    private Dictionary<string, string> Default(object value)
    {
        var forms = new Dictionary<string, string>(StringComparer.Ordinal);
        if (MimeForms.OfJson(value) is { } json)
        {
            (forms[MimeBundle.Json], forms[MimeBundle.PlainText]) = (json.Compact, json.Indented);
            return forms;
        }

        if (value is string text)
        {
            forms[MimeBundle.PlainText] = text;
            return forms;
        }

        var view = ViewOf(value);
        if (view is not TextView)
            forms[MimeBundle.Html] = HtmlWriter.Write(view);

        forms[MimeBundle.PlainText] = PlainWriter.Write(view);
        return forms;
    }

    private View ViewOf(object value) => new ViewBuilder(new ViewLimits(), CustomView).Build(value);

    /// <summary>How a value inside another is shown if it has a form of its own.</summary>
    private MarkupView? CustomView(object value)
    {
        if (Custom(value, MimeBundle.Html) is { } html)
            return new MarkupView(html, Custom(value, MimeBundle.PlainText) ?? Scalars.OwnText(value) ?? TypeNames.Short(value.GetType()));

        if (Custom(value, MimeBundle.PlainText) is { } text)
            return new MarkupView(HtmlWriter.Encode(text), text);

        return OwnBundle(value) is { } own && own[MimeBundle.Html] is { } markup
            ? new MarkupView(markup, own[MimeBundle.PlainText] ?? TypeNames.Short(value.GetType()))
            : null;
    }

    private string? Custom(object value, string mime)
    {
        foreach (var type in Ancestry(value.GetType()))
        {
            if (_formatters.TryGetValue((type, mime), out var formatter))
                return formatter(value);
        }

        return this == Shared ? null : Shared.Custom(value, mime);
    }

    private IEnumerable<string> Registered(Type type)
    {
        var ancestry = Ancestry(type).ToHashSet();
        var own = _formatters.Keys.Where(key => ancestry.Contains(key.Type)).Select(key => key.Mime);
        return (this == Shared ? own : own.Concat(Shared.Registered(type))).Distinct().ToList();
    }

    private string[]? Preferred(Type type)
    {
        foreach (var ancestor in Ancestry(type))
        {
            if (_preferred.TryGetValue(ancestor, out var mimes))
                return mimes;
        }

        return this == Shared ? null : Shared.Preferred(type);
    }

    /// <summary>A type, its base classes and its interfaces, generic ones also without their arguments; the nearest first.</summary>
    private static IEnumerable<Type> Ancestry(Type type)
    {
        for (var level = type; level is not null && level != typeof(object); level = level.BaseType)
        {
            yield return level;
            if (level.IsGenericType)
                yield return level.GetGenericTypeDefinition();
        }

        foreach (var face in type.GetInterfaces())
        {
            yield return face;
            if (face.IsGenericType)
                yield return face.GetGenericTypeDefinition();
        }

        yield return typeof(object);
    }

    private static MimeBundle? OwnBundle(object value)
    {
        var method = value.GetType().GetMethod("ToMimeBundle", BindingFlags.Instance | BindingFlags.Public, Type.EmptyTypes);
        return method is not null && typeof(IReadOnlyDictionary<string, string>).IsAssignableFrom(method.ReturnType)
            && method.Invoke(value, BindingFlags.DoNotWrapExceptions, null, null,
                null) is IReadOnlyDictionary<string, string> { Count: > 0 } data
            ? new MimeBundle(data)
            : null;
    }
}
