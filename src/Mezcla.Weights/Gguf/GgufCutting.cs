using System.Text.Json.Nodes;

namespace Mezcla.Weights.Gguf;

/// <summary>
/// How llama.cpp's pre-tokenizers cut text, as the pre_tokenizer of a <c>tokenizer.json</c> that cuts alike. A GGUF file only names its
/// pre-tokenizer. Those that one <see cref="Tokenization.SplitPattern"/> describes are not here.
/// </summary>
/// <remarks>Source: src/llama-vocab.cpp of llama.cpp, and the tokenizer.json of Qwen2, StarCoder, Granite and DeepSeek.</remarks>
internal static class GgufCutting
{
    private const string Qwen =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Han = @"[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+";

    // Letters with case; DeepSeek's file spells them out.
    private static readonly string Letters =
            @"\s?[A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF\u0370-\u0373" +
            @"\u0376\u0377\u037B-\u037D\u037F\u0386\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-\u052F" +
            @"\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA\u1CBD-\u1CBF\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-" +
            @"\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-" +
            @"\u1FB4\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-" +
            @"\u1FFC\u2102\u2107\u210A-\u2113\u2115\u2119-\u211D\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134\u2139\u213C-" +
            @"\u213F\u2145-\u2149\u214E\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE\u2CF2\u2CF3\uA640-\uA66D\uA680-" +
            @"\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF\uFB00-\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A" +
            @"\x{10400}-\x{1044F}\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}\x{118A0}-" +
            @"\x{118DF}\x{1E900}-\x{1E943}]+";

    private static readonly JsonObject Digits = Step("Digits", ("individual_digits", true));

    // The first name of each is the one that is written.
    private static readonly (string[] Names, JsonObject Steps)[] Known =
    [
        (["qwen2", "deepseek-r1-qwen", "stablelm2"], Sequence(Split(Qwen), Bytes(false))),
        (["refact", "starcoder", "command-r", "smollm"], Sequence(Digits, Bytes(true))),
        (["deepseek-llm"], Sequence(Split(@"[\r\n]"), Split(Letters),
            Split(@"\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+"), Split(@"\s+$"), Split(Han), Digits, Bytes(false))),
        (["deepseek-coder"], Sequence(Split(@"[\r\n]"), Split(@"\s?\p{L}+"), Split(@"\s?\p{P}+"), Split(Han), Digits, Bytes(false))),
        (["deepseek-v3"], Sequence(Split(@"\p{N}{1,3}"), Split(@"[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+"),
            Split(@"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|" +
                @" ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"),
            Bytes(false))),
    ];

    /// <summary>The names.</summary>
    public static IEnumerable<string> Names => Known.SelectMany(k => k.Names);

    /// <summary>The pre_tokenizer for a name; null for a name that is not here.</summary>
    public static JsonObject? Of(string name) => Known.FirstOrDefault(k => k.Names.Contains(name)).Steps?.DeepClone().AsObject();

    /// <summary>The name for a pre_tokenizer; null for one that llama.cpp has no name for.</summary>
    public static string? NameOf(JsonNode? steps) =>
        Known.FirstOrDefault(k => JsonNode.DeepEquals(Essential(k.Steps), Essential(steps))).Names?[0];

    // What decides where text is cut: offsets do not, different spellings of one character in an expression do not, nor do defaults.
    private static JsonNode? Essential(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject step:
                var kept = new JsonObject();
                foreach (var (key, value) in step.Where(e => e.Key != "trim_offsets").OrderBy(e => e.Key, StringComparer.Ordinal))
                    kept[key] = key == "Regex" ? Unescaped((string?)value ?? "") : Essential(value);
                return kept;
            case JsonArray list:
                return new JsonArray([.. list.Select(Essential)]);
            default:
                return node?.DeepClone();
        }
    }

    // Files have characters where this source has their codes.
    private static string Unescaped(string regex) =>
        System.Text.RegularExpressions.Regex.Replace(regex, @"\\u([0-9A-F]{4})|\\x\{([0-9A-F]+)\}", m =>
        {
            var code = Convert.ToInt32(m.Groups[1].Success ? m.Groups[1].Value : m.Groups[2].Value, 16);
            return code is >= 0xD800 and < 0xE000 ? m.Value : char.ConvertFromUtf32(code);
        }).Replace("\r", @"\r", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);

    private static JsonObject Sequence(params JsonNode[] steps) =>
        new() { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray([.. steps.Select(s => s.DeepClone())]) };

    private static JsonObject Split(string regex) =>
        Step("Split", ("pattern", new JsonObject { ["Regex"] = regex }), ("behavior", "Isolated"), ("invert", false));

    private static JsonObject Bytes(bool words) =>
        Step("ByteLevel", ("add_prefix_space", false), ("trim_offsets", true), ("use_regex", words));

    private static JsonObject Step(string type, params (string Name, JsonNode Value)[] settings)
    {
        var step = new JsonObject { ["type"] = type };
        foreach (var (name, value) in settings)
            step[name] = value;
        return step;
    }
}
