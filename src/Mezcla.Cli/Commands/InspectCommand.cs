using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Mezcla.Cli.Shared;
using Mezcla.Weights;
using Spectre.Console;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla inspect</c>: shows what a file of weights contains, without loading it.</summary>
internal static class InspectCommand
{
    private const int LongText = 120, ShownItems = 6;

    public static Command Create()
    {
        var path = new Argument<string>("FILE") { Description = "A .safetensors or .gguf file, or the folder of a Hugging Face model." };
        var json = new Option<bool>("--json") { Description = "Write everything as one JSON object, for other programs." };
        var command = new Command("inspect",
            "List the tensors of a file of weights with their shapes, types and sizes, and the metadata. Nothing in the file is " +
                "executed.") { path, json };
        command.SetAction(parse => Failures.Report(() =>
        {
            using var source = WeightSource.Open(parse.GetValue(path)!);
            if (parse.GetValue(json))
            {
                using var output = Console.OpenStandardOutput();
                WriteJson(source, output);
            }
            else
                Show(source, AnsiConsole.Console);
            return 0;
        }));
        return command;
    }

    internal static void WriteJson(WeightSource source, Stream output)
    {
        using (var json = new Utf8JsonWriter(output,
            new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("file", source.FilePath);
            json.WriteString("kind", source.Kind);
            json.WriteNumber("parameters", source.Tensors.Sum(t => t.Count));
            json.WriteNumber("bytes", source.Tensors.Sum(t => t.Length));
            json.WriteStartObject("metadata");
            foreach (var (key, value) in source.Properties)
            {
                json.WritePropertyName(key);
                Write(json, value);
            }
            json.WriteEndObject();
            json.WriteStartArray("tensors");
            foreach (var tensor in source.Tensors)
            {
                json.WriteStartObject();
                json.WriteString("name", tensor.Name);
                json.WriteString("type", tensor.Type);
                json.WriteStartArray("shape");
                foreach (var size in tensor.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteNumber("count", tensor.Count);
                json.WriteNumber("bytes", tensor.Length);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        output.WriteByte((byte)'\n');
    }

    internal static void Show(WeightSource source, IAnsiConsole console)
    {
        long parameters = source.Tensors.Sum(t => t.Count), bytes = source.Tensors.Sum(t => t.Length);
        console.WriteLine($"{source.FilePath}: {source.Kind}");
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{source.Tensors.Count} tensors, {parameters:N0} numbers, {bytes:N0} " +
                $"bytes{(parameters > 0 ? FormattableString.Invariant($", {8.0 * bytes / parameters:F2} bits each") : "")}"));
        foreach (var (key, value) in source.Properties)
            console.WriteLine($"  {Printable(key)}: {Text(value)}");
        if (source.Tensors.Count == 0)
            return;

        var table = new Table { Border = TableBorder.Simple };
        table.AddColumn("tensor");
        table.AddColumn("type");
        table.AddColumn("shape");
        table.AddColumn(new TableColumn("numbers").RightAligned());
        table.AddColumn(new TableColumn("bytes").RightAligned());
        foreach (var tensor in source.Tensors)
            table.AddRow(new Text(Printable(tensor.Name)), new Text(tensor.Type), new Text($"[{string.Join(", ", tensor.Shape)}]"),
                Number(tensor.Count), Number(tensor.Length));
        console.Write(table);

        var types = new Table { Border = TableBorder.Simple };
        types.AddColumn("type");
        types.AddColumn(new TableColumn("tensors").RightAligned());
        types.AddColumn(new TableColumn("numbers").RightAligned());
        types.AddColumn(new TableColumn("bytes").RightAligned());
        foreach (var type in source.Tensors.GroupBy(t => t.Type).OrderByDescending(g => g.Sum(t => t.Length)))
            types.AddRow(new Text(type.Key), Number(type.Count()), Number(type.Sum(t => t.Count)), Number(type.Sum(t => t.Length)));
        console.Write(types);
    }

    private static Text Number(long value) => new(value.ToString("N0", CultureInfo.InvariantCulture));

    private static string Text(object value)
    {
        if (value is not Array array)
            return Short(Convert.ToString(value, CultureInfo.InvariantCulture)!);
        var items = array.Cast<object>().Take(ShownItems).Select(item => Short(Convert.ToString(item, CultureInfo.InvariantCulture)!));
        return $"[{string.Join(", ", items)}" +
            $"{(array.Length > ShownItems ? FormattableString.Invariant($", ... {array.Length:N0} in all") : "")}]";
    }

    private static string Short(string text) =>
        Printable(text.Length > LongText
            ? $"{text[..LongText]}... ({text.Length.ToString("N0", CultureInfo.InvariantCulture)} characters)"
            : text);

    /// <summary>A text from a file without the control characters, which could change the terminal's settings.</summary>
    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));

    private static void Write(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case Array array:
                json.WriteStartArray();
                foreach (var item in array)
                    Write(json, item);
                json.WriteEndArray();
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool truth:
                json.WriteBooleanValue(truth);
                break;
            case float number when !float.IsFinite(number):
                json.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number when !double.IsFinite(number):
                json.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
                break;
            case float number:
                json.WriteNumberValue(number);
                break;
            case double number:
                json.WriteNumberValue(number);
                break;
            case ulong number:
                json.WriteNumberValue(number);
                break;
            default:
                json.WriteNumberValue(Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
        }
    }
}
