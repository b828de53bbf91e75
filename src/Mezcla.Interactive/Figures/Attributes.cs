namespace Mezcla.Interactive.Figures;

/// <summary>Sets attributes of Plotly.NET's objects by their names in the reference of plotly.js. Their own setters take F#
/// options.</summary>
internal static class Attributes
{
    /// <summary>Sets attributes and gives the object; an attribute that is null stays unset.</summary>
    public static T With<T>(this T target, params ReadOnlySpan<(string Name, object? Value)> attributes) where T : DynamicObj.DynamicObj
    {
        foreach (var (name, value) in attributes)
        {
            if (value is not null)
                target.SetProperty(name, value);
        }

        return target;
    }
}
