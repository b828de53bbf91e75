using System.Text.Encodings.Web;
using System.Text.Json;

namespace Mezcla.Tokenization;

/// <summary>Writes a byte-pair tokenizer as Hugging Face's <c>tokenizer.json</c>, which <see cref="Tokenizer.Load"/> and other programs read.</summary>
internal static class HuggingFaceWriter
{
    public static void Write(BytePairTokenizer tokenizer, Stream stream)
    {
        var text = new string[tokenizer.Vocabulary.Count];
        for (int id = 0; id < text.Length; id++) text[id] = ByteAlphabet.ToText(tokenizer.Vocabulary[id]);

        using var json = new Utf8JsonWriter(stream, new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("version", "1.0");
        json.WriteNull("truncation");
        json.WriteNull("padding");
        json.WriteStartArray("added_tokens");
        foreach (var (content, id) in tokenizer.SpecialTokens.OrderBy(t => t.Value))
            WriteRaw(json, new { id, content, single_word = false, lstrip = false, rstrip = false, normalized = false, special = true });
        json.WriteEndArray();
        json.WriteNull("normalizer");
        var byteLevel = new { type = "ByteLevel", add_prefix_space = tokenizer.AddPrefixSpace, trim_offsets = true, use_regex = false };
        json.WritePropertyName("pre_tokenizer");
        if (tokenizer.Pattern.Expression() is not { } regex) WriteRaw(json, byteLevel);
        else
            WriteRaw(json, new
            {
                type = "Sequence",
                pretokenizers = new object[] { new { type = "Split", pattern = new { Regex = regex }, behavior = "Isolated", invert = false }, byteLevel },
            });
        json.WriteNull("post_processor");
        json.WritePropertyName("decoder");
        WriteRaw(json, byteLevel);

        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteNull("unk_token");
        json.WriteNull("continuing_subword_prefix");
        json.WriteNull("end_of_word_suffix");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", tokenizer.WholePieces);
        json.WriteStartObject("vocab");
        for (int id = 0; id < text.Length; id++)
            if (text[id].Length > 0)
                json.WriteNumber(text[id], id);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (var (left, right) in tokenizer.Merges) json.WriteStringValue($"{text[left]} {text[right]}");
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteRaw(Utf8JsonWriter json, object value) => JsonSerializer.Serialize(json, value, value.GetType());
}
