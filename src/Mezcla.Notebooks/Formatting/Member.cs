using System.Collections.Concurrent;
using System.Reflection;

namespace Mezcla.Notebooks;

/// <summary>A public property or field of a type.</summary>
internal sealed record Member(string Name, Type Type, Func<object, object?> Read)
{
    private static readonly ConcurrentDictionary<Type, IReadOnlyList<Member>> Members = new();

    /// <summary>The readable public instance members of a type, in the order of their declaration, those of base classes first.</summary>
    public static IReadOnlyList<Member> Of(Type type) => Members.GetOrAdd(type, Find);

    /// <summary>The value, or the exception the getter threw.</summary>
    public object? ValueOf(object owner)
    {
        try
        {
            return Read(owner);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or ThreadInterruptedException))
        {
            return new Thrown(exception);
        }
    }

    private static List<Member> Find(Type type)
    {
        var found = new List<Member>();
        var chain = new Stack<Type>();
        for (var level = type; level is not null && level != typeof(object) && level != typeof(ValueType); level = level.BaseType)
            chain.Push(level);

        foreach (var level in chain)
        {
            foreach (var member in level.GetMembers(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
                .OrderBy(member => member.MetadataToken))
            {
                Member? readable = member switch
                {
                    PropertyInfo { CanRead: true } property when IsShown(property.PropertyType) && property.GetMethod!.IsPublic
                        && property.GetIndexParameters().Length == 0 =>
                        new Member(property.Name, property.PropertyType,
                            owner => property.GetValue(owner, BindingFlags.DoNotWrapExceptions, null, null, null)),
                    FieldInfo field when IsShown(field.FieldType) => new Member(field.Name, field.FieldType, field.GetValue),
                    _ => null,
                };
                if (readable is null)
                    continue;

                found.RemoveAll(other => other.Name == readable.Name);
                found.Add(readable);
            }
        }

        return found;
    }

    private static bool IsShown(Type type) => !type.IsByRefLike && !type.IsPointer && !type.IsByRef;
}

/// <summary>Stands for the value of a property whose getter threw.</summary>
internal sealed record Thrown(Exception Exception)
{
    public override string ToString() => $"(threw {TypeNames.Full(Exception.GetType())}: {Exception.Message})";
}
