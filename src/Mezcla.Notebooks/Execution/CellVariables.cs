using System.Reflection;

namespace Mezcla.Notebooks;

/// <summary>Reads and writes the variables that cells declared. They are fields of the submissions' instances.</summary>
internal static class CellVariables
{
    public const BindingFlags StaticMembers = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>All variables by name, in order of declaration. If a name was
    /// declared more than once, the latest declaration counts.</summary>
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
