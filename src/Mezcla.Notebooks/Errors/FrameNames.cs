using System.Reflection;
using System.Text.RegularExpressions;

namespace Mezcla.Notebooks;

/// <summary>Gives methods in stack traces the names their source has, undoing what the
/// compiler did to lambdas, iterators and async methods.</summary>
internal static partial class FrameNames
{
    /// <summary>What to call a method, or null for the code of a cell outside any method.</summary>
    public static string? Of(MethodBase method)
    {
        var type = method.DeclaringType;
        var name = method.Name;
        var kind = "";

        // A state machine's MoveNext: the name is in the type's, <Name>d__3.
        if (name == "MoveNext" && type is not null && Generated().Match(type.Name) is { Success: true } machine
            && machine.Groups["kind"].Value == "d")
        {
            (name, type) = (machine.Groups["name"].Value, type.DeclaringType);
            if (Generated().Match(name) is { Success: true } inner)
                (name, kind) = Unwrap(inner);
        }
        else if (Generated().Match(name) is { Success: true } generated)
        {
            (name, kind) = Unwrap(generated);
        }

        while (type is not null && type.Name.StartsWith("<>c", StringComparison.Ordinal))
            type = type.DeclaringType;

        var topLevel = type is not null && TypeNames.IsSubmission(type);
        if (name is "<Initialize>" or "Initialize" && topLevel)
            return kind.Length > 0 ? kind : null;

        var owner = type is null || topLevel ? "" : TypeNames.Short(type) + ".";
        if (name == ".ctor")
            (owner, name) = ("new ", type is null ? "" : TypeNames.Short(type));
        else if (name == ".cctor")
            (owner, name) = ("static constructor of ", type is null ? "" : TypeNames.Short(type));

        var generic = method.IsGenericMethod ? "<" + string.Join(", ", method.GetGenericArguments().Select(TypeNames.Short)) + ">" : "";
        var parameters = method.Name == "MoveNext"
            ? "(…)"
            : "(" + string.Join(", ",
                method.GetParameters().Select(parameter => $"{TypeNames.Short(parameter.ParameterType)} {parameter.Name}")) + ")";
        return kind.Length > 0 ? $"{kind} in {owner}{name}" : $"{owner}{name}{generic}{parameters}";
    }

    private static (string Name, string Kind) Unwrap(Match match) => match.Groups["kind"].Value switch
    {
        "g" => (match.Groups["local"].Value, ""),
        "b" => (match.Groups["name"].Value, "lambda"),
        _ => (match.Groups["name"].Value, ""),
    };

    [GeneratedRegex(@"^<(?<name>.*)>(?<kind>[a-z])__(?<local>[^|]*)(\|.*)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Generated();
}
