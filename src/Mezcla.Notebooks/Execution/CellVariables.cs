using System.Reflection;

namespace Mezcla.Notebooks;

/// <summary>Reads and writes the variables that cells declared, which live in fields of their submissions' objects.</summary>
internal static class CellVariables
{
    public const BindingFlags StaticMembers = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>Every variable under its name, the latest where a name was declared again, in order of declaration.</summary>
    public static IReadOnlyList<CellVariable> List(IEnumerable<object?> states)
    {
        var found = new Dictionary<string, CellVariable>(StringComparer.Ordinal);
        foreach (var state in states)
        {
            if (state is null)
                continue;

            foreach (var field in state.GetType().GetFields(Declared))
            {
                if (field.Name.Contains('<', StringComparison.Ordinal) || field.IsLiteral)
                    continue;

                found.Remove(field.Name);
                found.Add(field.Name, new CellVariable(field.Name, field.FieldType, Read(field, state)));
            }
        }

        return [.. found.Values];
    }

    private static object? Read(FieldInfo field, object state) =>
        field.FieldType.IsPointer || field.FieldType.IsByRefLike ? null : field.GetValue(field.IsStatic ? null : state);
}
