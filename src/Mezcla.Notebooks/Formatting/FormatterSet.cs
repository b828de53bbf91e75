using System.Collections.Concurrent;
using System.Reflection;

namespace Mezcla.Notebooks;

/// <summary>The formatters of one engine: those that its cells registered take precedence over the defaults.</summary>
internal sealed class FormatterSet
{
    /// <summary>Holds the formatters that are registered outside any cell. Every engine falls back to them.</summary>
    public static readonly FormatterSet Shared = new();

    private static readonly AsyncLocal<FormatterSet?> AmbientCurrent = new();
    private readonly ConcurrentDictionary<(Type Type, string Mime), Func<object, string>> _formatters = new();
    private readonly ConcurrentDictionary<Type, string[]> _preferred = new();
    private readonly ConcurrentDictionary<Type, Func<object, MimeBundle>> _provided = new();

    /// <summary>The set of the engine that the calling code belongs to, or null outside cells.</summary>
    public static FormatterSet? Current
    {
        get => AmbientCurrent.Value;
        set => AmbientCurrent.Value = value;
    }

    /// <summary>Shows values of a type as the host says, unless a cell has registered a formatter for them.</summary>
    public void Provide(TypeForm form) => _provided[form.Type] = form.FormOf;

    /// <summary>Forms that other formatters know for a value, or null for a value of which they know none.</summary>
    public Func<object, IReadOnlyDictionary<string, string>?>? Others { get; set; }

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

        if (data.Count == 0 && Known(value) is { } own)
            return own;

        if (data.Count == 0 && Others?.Invoke(value) is { } others)
            return new MimeBundle(others.ContainsKey(MimeBundle.PlainText)
                ? others
                : others.Append(KeyValuePair.Create(MimeBundle.PlainText, Default(value)[MimeBundle.PlainText])));

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

        var bundle = value as MimeBundle ?? Known(value);
        if (bundle?[mime] is { } known)
            return known;

        if (Others?.Invoke(value)?.GetValueOrDefault(mime) is { } other)
            return other;

        if (value is string text)
            return text;

        var forms = Default(value);
        return forms.GetValueOrDefault(mime)
            ?? (mime == MimeBundle.Html ? HtmlWriter.Write(ViewOf(value)) : MimeForms.JsonOf(value, mime) ?? forms[MimeBundle.PlainText]);
    }

    /// <summary>A list of objects or numbers as a table; null for a value that is none.</summary>
    public MimeBundle? Table(object value) =>
        value is System.Collections.IEnumerable and not string && ViewOf(value) is TableView view
            ? new MimeBundle([
                KeyValuePair.Create(MimeBundle.Html, HtmlWriter.Write(view)),
                KeyValuePair.Create(MimeBundle.PlainText, PlainWriter.Write(view))])
            : null;

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

    /// <summary>The view of a value inside another value if it has a formatter or MIME bundle of its own, or null.</summary>
    private MarkupView? CustomView(object value)
    {
        if (Custom(value, MimeBundle.Html) is { } html)
            return new MarkupView(html, Custom(value, MimeBundle.PlainText) ?? Scalars.OwnText(value) ?? TypeNames.Short(value.GetType()));

        if (Custom(value, MimeBundle.PlainText) is { } text)
            return new MarkupView(HtmlWriter.Encode(text), text);

        if (Provided(value) is null && Others?.Invoke(value)?.GetValueOrDefault(MimeBundle.Html) is { } other)
            return new MarkupView(other, Scalars.OwnText(value) ?? TypeNames.Short(value.GetType()));

        return Known(value) is { } own && own[MimeBundle.Html] is { } markup
            ? new MarkupView(markup, own[MimeBundle.PlainText] ?? TypeNames.Short(value.GetType()))
            : null;
    }

    /// <summary>The form that the host or the value's own type gives, or null.</summary>
    private MimeBundle? Known(object value) => Provided(value) ?? OwnBundle(value);

    private MimeBundle? Provided(object value) => _provided.IsEmpty
        ? null
        : Ancestry(value.GetType()).Select(type => _provided.GetValueOrDefault(type))
            .FirstOrDefault(form => form is not null)?.Invoke(value);

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

    /// <summary>A type, its base classes and its interfaces, the nearest first.
    /// Generic types also appear as open generic types.</summary>
    public static IEnumerable<Type> Ancestry(Type type)
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

    /// <summary>What the value's own method gives, with plain text in any case; null for a value without that method.</summary>
    public static MimeBundle? OwnBundle(object value)
    {
        if (BundleMethod(value.GetType()) is not { } method
            || method.Invoke(value, BindingFlags.DoNotWrapExceptions, null, null, null)
                is not IReadOnlyDictionary<string, string> { Count: > 0 } data)
            return null;

        var bundle = new MimeBundle(data);
        return data.ContainsKey(MimeBundle.PlainText)
            ? bundle
            : new MimeBundle(
                data.Append(KeyValuePair.Create(MimeBundle.PlainText, MimeForms.PlainOf(bundle) ?? TypeNames.Short(value.GetType()))));
    }

    /// <summary>The method by which values of a type say how they are shown, or null.</summary>
    public static MethodInfo? BundleMethod(Type type) =>
        type.GetMethod("ToMimeBundle", BindingFlags.Instance | BindingFlags.Public, Type.EmptyTypes) is { } method
            && typeof(IReadOnlyDictionary<string, string>).IsAssignableFrom(method.ReturnType)
            ? method
            : null;
}
