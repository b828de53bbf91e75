using System.Buffers;
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Mezcla.Tokenization;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Cli.Commands;

/// <summary><c>mezcla tokenize</c>: turns text on standard input into token ids on standard output, or token ids into text.</summary>
internal static class TokenizeCommand
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create()
    {
        var encoding = new Option<string>("--encoding", "-e")
        {
            Description = $"The tokenizer: an encoding ({string.Join(", ", Encodings.Names)}), a tokenizer.json, a SentencePiece " +
                "tokenizer.model, or the folder of a model.",
            DefaultValueFactory = _ => "cl100k_base",
        };
        var special = new Option<string>("--special")
        {
            Description = "What to do where the text contains the spelling of a special token, such as <|endoftext|>: all encodes it as " +
                "that token, none as ordinary text, raise reports an error.",
            DefaultValueFactory = _ => "raise",
        };
        special.AcceptOnlyFromAmong("all", "none", "raise");
        var decode =
            new Option<bool>(
                "--decode")
            {
                Description = "Turn token ids into text. Without --jsonl, the ids are separated by spaces, commas or line ends."
            };
        var jsonl =
            new Option<bool>(
                "--jsonl")
            {
                Description = "Read and write one JSON object per line: {\"text\": \"...\"} in and {\"ids\": [...]} out; with " +
                        "--decode the other way round."
            };
        var command = new Command("tokenize",
            "Turn text on standard input into token ids on standard output, or token ids into text.") { encoding, special, decode, jsonl };
        command.SetAction(parse =>
        {
            using var input = Console.OpenStandardInput();
            using var output = Console.OpenStandardOutput();
            return Run(input, output, Console.Error, parse.GetValue(encoding)!, parse.GetValue(special)!, parse.GetValue(decode),
                parse.GetValue(jsonl));
        });
        return command;
    }

    internal static int Run(Stream input, Stream output, TextWriter errors, string encoding, string special, bool decode, bool jsonl)
    {
        var line = 0;
        // The text stays exactly as it is: no byte-order mark is removed or added, and line ends do not change.
        using var writer = new StreamWriter(output, new UTF8Encoding(false), 1 << 16, leaveOpen: true) { NewLine = "\n" };
        try
        {
            var tokenizer = Open(encoding);
            var policy = special switch
            {
                "all" => SpecialTokenPolicy.All,
                "none" => SpecialTokenPolicy.None,
                _ => SpecialTokenPolicy.Raise
            };
            if (!jsonl)
            {
                using var all = new MemoryStream();
                input.CopyTo(all);
                var text = Text(all.GetBuffer().AsSpan(0, (int)all.Length), "the input");
                if (!decode)
                    writer.WriteLine(string.Join(' ', tokenizer.Encode(text, policy)));
                else
                {
                    writer.Flush();
                    int[] ids = [.. text.Split([' ', ',', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries).Select(Id)];
                    // A byte-level tokenizer can decode bytes that are not valid text.
                    output.Write(
                        tokenizer is BytePairTokenizer ? tokenizer.DecodeBytes(ids) : Encoding.UTF8.GetBytes(tokenizer.Decode(ids)));
                }
                return 0;
            }
            // One character per byte, so that a line that is not UTF-8 is reported after the lines before it were written.
            using var reader = new StreamReader(input, Encoding.Latin1, detectEncodingFromByteOrderMarks: false);
            for (; reader.ReadLine() is { } bytes; line++)
            {
                if (string.IsNullOrWhiteSpace(bytes))
                    continue;
                using var document = JsonDocument.Parse(Text(Encoding.Latin1.GetBytes(bytes), "it"));
                writer.WriteLine(decode
                    ? JsonSerializer.Serialize(new { text = tokenizer.Decode(Ids(document.RootElement)) }, Json)
                    : JsonSerializer.Serialize(new { ids = tokenizer.Encode(Text(document.RootElement), policy) }, Json));
            }
            return 0;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or JsonException or IOException or UnauthorizedAccessException)
        {
            // The lines before the mistake have been written. An ArgumentException's message ends
            // with the name of a parameter in the code, which does not help here.
            var message = e switch
            {
                SpecialTokenException found =>
                    $"The text has the special token '{found.Token}' at character {found.Position}. --special none reads it as plain " +
                        "text, --special all as the token.",
                JsonException { BytePositionInLine: { } at } =>
                    $"not valid JSON at byte {at + 1}: {Regex.Replace(e.Message, @"( Path: .*)? LineNumber: .*", "")}",
                _ => Regex.Replace(e.Message, @" \(Parameter '\w+'\)|\r?\nActual value was .*", ""),
            };
            errors.WriteLine(jsonl && e is not IOException && line >= 0
                ? $"mezcla tokenize: line {line + 1} of the input: {message}"
                : $"mezcla tokenize: {message}");
            return 1;
        }
    }

    private static Tokenizer Open(string encoding)
    {
        if (Encodings.Names.Contains(encoding))
            return Tokenizer.ForEncoding(encoding);
        if (File.Exists(encoding) || Directory.Exists(encoding))
            return TokenizerFile.Load(encoding);
        throw new FormatException(
            $"There is no encoding and no file '{encoding}'. The encodings are: {string.Join(", ", Encodings.Names)}.");
    }

    // If invalid bytes were replaced silently, the ids would be those of another text.
    private static string Text(ReadOnlySpan<byte> bytes, string what)
    {
        if (Utf8.IsValid(bytes))
            return Encoding.UTF8.GetString(bytes);
        var at = 0;
        while (Rune.DecodeFromUtf8(bytes[at..], out _, out var length) == OperationStatus.Done)
            at += length;
        throw new FormatException(
            $"{what} is not UTF-8 text: byte 0x{bytes[at]:X2} at offset {at}. If it is text, it is in another encoding: convert it to " +
                "UTF-8.");
    }

    private static int Id(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id
        : throw new FormatException($"'{text}' is not a token id; with --decode the input must be numbers, such as 15339 1917.");

    private static int[] Ids(JsonElement line)
    {
        if (line.ValueKind != JsonValueKind.Object || !line.TryGetProperty("ids", out var ids) || ids.ValueKind != JsonValueKind.Array)
            throw new FormatException("""there is no "ids": with --decode a line looks like {"ids": [15339, 1917]}.""");
        return [.. ids.EnumerateArray().Select(id => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var value) ? value
            : throw new FormatException($"{id.GetRawText()} is not a token id."))];
    }

    private static string Text(JsonElement line)
    {
        if (line.ValueKind != JsonValueKind.Object || !line.TryGetProperty("text", out var text) || text.ValueKind != JsonValueKind.String)
            throw new FormatException("""there is no "text": a line looks like {"text": "hello world"}.""");
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // JSON can escape half of a surrogate pair, which .NET's reader refuses. The tokenizer reads it as U+FFFD.
            return Regex.Unescape(text.GetRawText()[1..^1].Replace("\\/", "/"));
        }
    }
}
