using System.Globalization;
using System.Reflection;
using Microsoft.Data.Analysis;

namespace Mezcla.Interactive.Frames;

/// <summary>Makes a data frame of a list of objects: a column for each property, a row for each object.</summary>
internal static class FrameBuilder
{
    /// <summary>The data frame. Numbers, truth values and times keep their type; everything else becomes text.</summary>
    /// <param name="rows">The objects.</param>
    /// <param name="without">The names of properties that get no column.</param>
    public static DataFrame Of<T>(IEnumerable<T> rows, params string[] without)
    {
        var all = rows.ToList();
        var properties = typeof(T).GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(property => property.CanRead && property.GetIndexParameters().Length == 0 && !without.Contains(property.Name));
        return new DataFrame(properties.Select(property =>
            Column(property.Name, property.PropertyType, [.. all.Select(row => row is null ? null : property.GetValue(row))])));
    }

    private static DataFrameColumn Column(string name, Type type, object?[] values)
    {
        var bare = Nullable.GetUnderlyingType(type) ?? type;
        return Type.GetTypeCode(bare.IsEnum ? typeof(string) : bare) switch
        {
            TypeCode.Boolean => new BooleanDataFrameColumn(name, values.Cast<bool?>()),
            TypeCode.Byte => new ByteDataFrameColumn(name, values.Cast<byte?>()),
            TypeCode.SByte => new SByteDataFrameColumn(name, values.Cast<sbyte?>()),
            TypeCode.Int16 => new Int16DataFrameColumn(name, values.Cast<short?>()),
            TypeCode.UInt16 => new UInt16DataFrameColumn(name, values.Cast<ushort?>()),
            TypeCode.Int32 => new Int32DataFrameColumn(name, values.Cast<int?>()),
            TypeCode.UInt32 => new UInt32DataFrameColumn(name, values.Cast<uint?>()),
            TypeCode.Int64 => new Int64DataFrameColumn(name, values.Cast<long?>()),
            TypeCode.UInt64 => new UInt64DataFrameColumn(name, values.Cast<ulong?>()),
            TypeCode.Single => new SingleDataFrameColumn(name, values.Cast<float?>()),
            TypeCode.Double => new DoubleDataFrameColumn(name, values.Cast<double?>()),
            TypeCode.Decimal => new DecimalDataFrameColumn(name, values.Cast<decimal?>()),
            TypeCode.Char => new CharDataFrameColumn(name, values.Cast<char?>()),
            TypeCode.DateTime => new DateTimeDataFrameColumn(name, values.Cast<DateTime?>()),
            _ => new StringDataFrameColumn(name, values.Select(Text)),
        };
    }

    private static string? Text(object? value) => value is null ? null : Convert.ToString(value, CultureInfo.InvariantCulture);
}
