using System.Collections;
using System.Runtime.CompilerServices;

namespace Mezcla.Notebooks;

/// <summary>The largest number of rows, items, columns and levels of a value that are shown.</summary>
internal sealed record ViewLimits(int Rows = 50, int Items = 100, int Columns = 20, int Depth = 4, int Total = 4000);

/// <summary>Builds the view of a value. It shows only a part of a large value, and follows a reference cycle only once.</summary>
internal sealed class ViewBuilder(ViewLimits limits, Func<object, View?> custom)
{
    private readonly HashSet<object> _path = new(ReferenceEqualityComparer.Instance);
    private int _left = limits.Total;

    public View Build(object? value, int depth = 0)
    {
        if (depth > 0 && value is not null && custom(value) is { } own)
            return own;

        if (value is Thrown thrown)
            return new TextView(thrown.ToString());

        if (--_left < 0)
            return new TextView("…");

        if (Scalars.View(value, exact: depth == 0) is { } scalar)
            return scalar;

        if (!_path.Add(value!))
            return new TextView("(itself)");

        try
        {
            return value switch
            {
                Exception exception => new ErrorView(TypeNames.Full(exception.GetType()), exception.Message, exception.StackTrace ?? ""),
                IDictionary dictionary => OfDictionary(dictionary, depth),
                Array { Rank: 2 } matrix => OfMatrix(matrix),
                Array { Rank: > 2, LongLength: > 20_000 } block => new TextView(Title(block, 0, null) + ", too large to show"),
                Array { Rank: > 2 } block => OfSequence(Slices(block), block, depth),
                IEnumerable sequence => OfSequence(sequence, value, depth),
                _ => OfObject(Unwrap(value!), depth),
            };
        }
        finally
        {
            _path.Remove(value!);
        }
    }

    private static object Unwrap(object value)
    {
        var type = value.GetType();
        return Scalars.IsMemory(type) ? type.GetMethod("ToArray")!.Invoke(value, null)! : value;
    }

    private View OfObject(object value, int depth)
    {
        if (value is IEnumerable sequence)
            return OfSequence(sequence, value, depth);

        var type = value.GetType();
        var text = Scalars.OwnText(value);
        var members = Member.Of(type);
        if (members.Count == 0)
            return new TextView(text ?? TypeNames.Short(type));

        if (depth >= limits.Depth)
            return new TextView(text ?? TypeNames.Short(type) + " { … }");

        var shown = members.Take(limits.Columns * 2)
            .Select(member => KeyValuePair.Create(Heading(member.Name, [type]), Build(member.ValueOf(value), depth + 1))).ToList();
        if (members.Count > shown.Count)
            shown.Add(KeyValuePair.Create("…", (View)new TextView($"{members.Count - shown.Count} more members")));

        return new ObjectView(TypeNames.Short(type), text, shown) { IsAnonymous = TypeNames.IsAnonymous(type) };
    }

    private TableView OfDictionary(IDictionary dictionary, int depth)
    {
        var rows = new List<IReadOnlyList<View>>();
        foreach (DictionaryEntry entry in dictionary)
        {
            if (rows.Count == limits.Rows || depth >= limits.Depth)
                break;

            rows.Add([Build(entry.Key, depth + 1), Build(entry.Value, depth + 1)]);
        }

        var title = FormattableString.Invariant($"{TypeNames.Short(dictionary.GetType())} ({dictionary.Count:N0})");
        return new TableView(title, ["Key", "Value"], rows, HasLabels: true, More(rows.Count, dictionary.Count, "entries"));
    }

    private TableView OfMatrix(Array matrix)
    {
        var (height, width) = (matrix.GetLength(0), matrix.GetLength(1));
        var (rowCount, columnCount) = (Math.Min(height, limits.Rows), Math.Min(width, limits.Columns));
        var rows = new List<IReadOnlyList<View>>();
        for (var i = 0; i < rowCount; i++)
        {
            var row = new List<View> { Index(i) };
            for (var j = 0; j < columnCount; j++)
                row.Add(Build(matrix.GetValue(i + matrix.GetLowerBound(0), j + matrix.GetLowerBound(1)), 1));

            rows.Add(row);
        }

        var columns = Enumerable.Range(0, columnCount).Select(j => Index(j).Text).Prepend("").ToList();
        var more = rowCount < height || columnCount < width
            ? $"… {rowCount} of {height} rows, {columnCount} of {width} columns shown"
            : null;
        return new TableView($"{TypeNames.Short(matrix.GetType().GetElementType()!)}[{height}, {width}]", columns, rows, HasLabels: true,
            more);
    }

    private View OfSequence(IEnumerable sequence, object owner, int depth)
    {
        var (items, total) = FirstItems(sequence, Math.Max(limits.Rows, limits.Items));
        var title = Title(owner, items.Count, total);
        if (depth >= limits.Depth)
            return new TextView(title);

        if (items.Count > 0 && items.All(item => item is not null && custom(item) is null))
        {
            if (Matrix(items) is { } matrix)
                return matrix with { Title = title, More = matrix.More ?? More(matrix.Rows.Count, total, "rows") };

            if (items.All(HasColumns))
                return OfRecords(items, total, title, depth);
        }

        var shown = items.Take(limits.Items).Select(item => Build(item, depth + 1)).ToList();
        return new ListView(title, shown, More(shown.Count, total, "items"));
    }

    /// <summary>Treats a sequence of equally long sequences of numbers as a matrix.</summary>
    private TableView? Matrix(List<object?> items)
    {
        if (!items.All(item => item is Array { Rank: 1 } row && row.Length > 0 && row.GetType().GetElementType()!.IsPrimitive))
            return null;

        var width = items.Max(item => ((Array)item!).Length);
        var columnCount = Math.Min(width, limits.Columns);
        var rows = items.Take(limits.Rows).Select(IReadOnlyList<View> (item, i) =>
        {
            var row = (Array)item!;
            return [Index(i),
                .. Enumerable.Range(0, columnCount).Select(j => j < row.Length ? Build(row.GetValue(j), 1) : new TextView(""))];
        }).ToList();
        var columns = Enumerable.Range(0, columnCount).Select(j => Index(j).Text).Prepend("").ToList();
        return new TableView("", columns, rows, HasLabels: true, columnCount < width ? $"… {columnCount} of {width} columns shown" : null);
    }

    private TableView OfRecords(List<object?> items, long? total, string title, int depth)
    {
        var members = new List<(string Name, Dictionary<Type, Member> By)>();
        foreach (var item in items)
        {
            var type = item!.GetType();
            foreach (var member in Member.Of(type))
            {
                var known = members.FindIndex(other => other.Name == member.Name);
                if (known < 0)
                    members.Add((member.Name, new Dictionary<Type, Member> { [type] = member }));
                else
                    members[known].By.TryAdd(type, member);
            }
        }

        var columns = members.Take(limits.Columns).ToList();
        var rows = items.Take(limits.Rows).Select(IReadOnlyList<View> (item) =>
            columns.Select(column => column.By.TryGetValue(item!.GetType(), out var member)
                ? Build(member.ValueOf(item), depth + 1)
                : new TextView("")).ToList()).ToList();
        var more = More(rows.Count, total, "rows");
        if (columns.Count < members.Count)
            more = $"{more ?? ""}{(more is null ? "… " : "; ")}{columns.Count} of {members.Count} columns shown";

        return new TableView(title, [.. columns.Select(column => Heading(column.Name, column.By.Keys))], rows, HasLabels: false, more);
    }

    // The members of an anonymous type were named for nothing but this view, so they are written as words.
    private static string Heading(string name, IEnumerable<Type> types) =>
        types.All(TypeNames.IsAnonymous) ? TypeNames.Words(name) : name;

    private static bool HasColumns(object? item) => item switch
    {
        null or string or IEnumerable or Exception => false,
        ITuple => true,
        _ => Scalars.View(item, exact: false) is null && Member.Of(item.GetType()).Count > 0,
    };

    private static IEnumerable Slices(Array block)
    {
        var inner = Enumerable.Range(1, block.Rank - 1).Select(block.GetLength).ToArray();
        var type = block.GetType().GetElementType()!;
        for (var i = 0; i < block.GetLength(0); i++)
        {
            var slice = Array.CreateInstance(type, inner);
            var indices = new int[block.Rank];
            for (long flat = 0; flat < slice.LongLength; flat++)
            {
                var rest = flat;
                for (var axis = block.Rank - 1; axis > 0; axis--)
                {
                    indices[axis] = (int)(rest % block.GetLength(axis));
                    rest /= block.GetLength(axis);
                }

                indices[0] = i;
                slice.SetValue(block.GetValue(indices), indices[1..]);
            }

            yield return slice;
        }
    }

    /// <summary>The first items and, if it can be known without enumerating, the total number of items.</summary>
    private static (List<object?> Items, long? Total) FirstItems(IEnumerable sequence, int most)
    {
        var items = new List<object?>();
        var total = Count(sequence);
        foreach (var item in sequence)
        {
            if (items.Count == most)
                return (items, total);

            items.Add(item);
        }

        return (items, items.Count);
    }

    private static long? Count(IEnumerable sequence)
    {
        if (sequence is ICollection collection)
            return collection.Count;

        var counted = sequence.GetType().GetInterfaces().FirstOrDefault(type =>
            type.IsGenericType
                && (type.GetGenericTypeDefinition() == typeof(IReadOnlyCollection<>)
                    || type.GetGenericTypeDefinition() == typeof(ICollection<>)));
        return counted?.GetProperty("Count")?.GetValue(sequence) as int?;
    }

    private static string Title(object owner, int taken, long? total)
    {
        var type = owner.GetType();
        if (owner is Array { Rank: > 1 } block)
            return $"{TypeNames.Short(type.GetElementType()!)}[" +
                $"{string.Join(", ", Enumerable.Range(0, block.Rank).Select(block.GetLength))}]";

        var count = total is { } known ? FormattableString.Invariant($"{known:N0}") : FormattableString.Invariant($"more than {taken:N0}");
        if (type.IsArray)
            return $"{TypeNames.Short(type.GetElementType()!)}[{count}]";

        // The classes of LINQ operators have names that no user knows, so the title gives the element type.
        var element = type.GetInterfaces()
            .FirstOrDefault(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IEnumerable<>));
        var name = type.IsVisible || element is null ? TypeNames.Short(type) : TypeNames.Short(element);
        return $"{name} ({count})";
    }

    private static string? More(long shown, long? total, string what) => total switch
    {
        null => FormattableString.Invariant($"… the first {shown:N0} {what} shown, there are more"),
        { } known when known > shown => FormattableString.Invariant($"… {known - shown:N0} more {what}, {known:N0} in all"),
        _ => null,
    };

    private static TextView Index(int i) => new(FormattableString.Invariant($"{i}"), true);
}
