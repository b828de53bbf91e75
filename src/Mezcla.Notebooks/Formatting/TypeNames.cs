using System.Text;
using System.Text.RegularExpressions;

namespace Mezcla.Notebooks;

/// <summary>Writes type names as C# source does.</summary>
internal static partial class TypeNames
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(nint)] = "nint",
        [typeof(nuint)] = "nuint",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
    };

    /// <summary>The name without namespaces: <c>Dictionary&lt;string, int[]&gt;</c>.</summary>
    public static string Short(Type type)
    {
        if (Keywords.TryGetValue(type, out var keyword))
            return keyword;

        if (type.IsByRef)
            return "ref " + Short(type.GetElementType()!);

        if (type.IsPointer)
            return Short(type.GetElementType()!) + "*";

        if (type.IsArray)
            return Array(type);

        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return Short(underlying) + "?";

        if (type.IsGenericParameter)
            return type.Name;

        if (IsAnonymous(type))
            return "anonymous";

        var arguments = type.GetGenericArguments();
        if (type.IsConstructedGenericType && type.Namespace == "System" && type.Name.StartsWith("ValueTuple`", StringComparison.Ordinal))
            return "(" + string.Join(", ", arguments.Select(Short)) + ")";

        var text = new StringBuilder();
        var taken = 0;
        foreach (var part in Enclosing(type))
        {
            if (text.Length > 0)
                text.Append('.');

            var tick = part.Name.IndexOf('`', StringComparison.Ordinal);
            text.Append(tick < 0 ? part.Name : part.Name[..tick]);
            var count = part.GetGenericArguments().Length - taken;
            if (count > 0)
                text.Append('<').AppendJoin(", ", arguments.Skip(taken).Take(count).Select(Short)).Append('>');

            taken += Math.Max(0, count);
        }

        return text.ToString();
    }

    /// <summary>The name with its namespace, as error reports show it. Types that cells declare have no namespace.</summary>
    public static string Full(Type type) =>
        type.Namespace is { Length: > 0 } space && !Keywords.ContainsKey(type) && !type.IsArray ? space + "." + Short(type) : Short(type);

    /// <summary>Whether the compiler made the type for <c>new { … }</c>.</summary>
    public static bool IsAnonymous(Type type) => type.Name.StartsWith("<>f__AnonymousType", StringComparison.Ordinal);

    /// <summary>A name of several words as words: <c>MeanLossAt25</c> is written "Mean loss at 25". Words in capitals stay as they
    /// are.</summary>
    public static string Words(string name)
    {
        var words = NameParts().Matches(name).Select(part => part.Value).ToList();
        return words.Count < 2 || name.Contains('_', StringComparison.Ordinal)
            ? name
            : string.Join(' ', words.Select((word, i) => i == 0 || word.Length > 1 && char.IsUpper(word[1])
                ? word
                : word.ToLowerInvariant()));
    }

    [GeneratedRegex(@"\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\d+|[^\p{L}\d]+", RegexOptions.CultureInvariant)]
    private static partial Regex NameParts();

    private static string Array(Type type)
    {
        var ranks = "";
        while (type.IsArray)
        {
            ranks += "[" + new string(',', type.GetArrayRank() - 1) + "]";
            type = type.GetElementType()!;
        }

        return Short(type) + ranks;
    }

    private static IEnumerable<Type> Enclosing(Type type)
    {
        var chain = new Stack<Type>();
        for (var part = type; part is not null && !IsSubmission(part); part = part.DeclaringType)
            chain.Push(part);

        return chain;
    }

    /// <summary>Whether a type is the class that holds a cell's variables and methods.</summary>
    internal static bool IsSubmission(Type type) =>
        type.Assembly.IsDynamicCell() && type.DeclaringType is null && type.Name == type.Assembly.GetName().Name;
}
