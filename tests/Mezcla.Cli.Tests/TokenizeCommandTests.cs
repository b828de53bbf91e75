using System.Text;
using Mezcla.Cli.Commands;
using Mezcla.Tokenization;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Cli.Tests;

public class TokenizeCommandTests
{
    [Fact]
    public void Text_becomes_ids_and_ids_become_text()
    {
        Assert.Equal((0, "15339 1917\n", ""), Run("hello world"));
        Assert.Equal((0, "hello world", ""), Run("15339 1917\n", decode: true));
        Assert.Equal((0, "31373 995\n", ""), Run("hello world", encoding: "gpt2"));
        Assert.Equal((0, "\n", ""), Run(""));
    }

    [Fact]
    public void Bytes_go_through_unchanged()
    {
        var text = "\uFEFFa\r\nb \u0085 \uD835\uDD38\0";
        var (_, ids, _) = Run(text);
        Assert.Equal(text, Run(ids, decode: true).Output);
    }

    [Fact]
    public void Json_lines_go_in_and_out()
    {
        Assert.Equal((0, "{\"ids\":[15339,1917]}\n{\"ids\":[]}\n", ""),
            Run("{\"text\": \"hello world\"}\n\n{\"text\":\"\"}\n", jsonl: true));
        Assert.Equal((0, "{\"text\":\"hello \\\"wörld\\\"\"}\n", ""),
            Run($"{{\"ids\":[{string.Join(",", Tokenizer.ForEncoding("cl100k_base").Encode("hello \"wörld\""))}]}}", decode: true,
                jsonl: true));
    }

    [Fact]
    public void A_lone_surrogate_in_json_is_a_replacement_character()
    {
        var replaced = Run("{\"text\":\"/ \uFFFD\\n\"}", jsonl: true).Output;
        Assert.Equal(replaced, Run("{\"text\":\"\\/ \\ud800\\n\"}", jsonl: true).Output);
    }

    [Fact]
    public void Special_tokens_follow_the_option()
    {
        Assert.Equal("100257\n", Run("<|endoftext|>", special: "all").Output);
        Assert.Equal("27 91 8862 728 428 91 29\n", Run("<|endoftext|>", special: "none").Output);
        var (code, output, error) = Run("{\"text\":\"ok\"}\n{\"text\":\"a<|endoftext|>\"}\n", jsonl: true);
        Assert.Equal((1, "{\"ids\":[564]}\n"), (code, output));
        Assert.Contains("line 2", error);
        Assert.Contains("'<|endoftext|>' at character 1", error);
    }

    [Theory]
    [InlineData("1 two 3", true, false, "'two' is not a token id")]
    [InlineData("1 -2", true, false, "'-2' is not a token id")]
    [InlineData("100256", true, false, "No token has the id 100256")]
    [InlineData("{\"ids\":[2000000000]}", true, true, "No token has the id 2000000000")]
    [InlineData("{\"ids\":[1.5]}", true, true, "1.5 is not a token id")]
    [InlineData("{\"ids\":\"1\"}", true, true, "no \"ids\"")]
    [InlineData("{\"txt\":1}", false, true, "no \"text\"")]
    [InlineData("[]", false, true, "no \"text\"")]
    [InlineData("{\"text\":", false, true, "line 1 of the input: not valid JSON at byte 9: ")]
    [InlineData("{\"text\":\"a\"", false, true, "not valid JSON at byte 12: ")]
    [InlineData("{\"text\":\"caf\u00E9", false, true, "line 1 of the input: it is not UTF-8 text: byte 0xE9 at offset 12.", true)]
    [InlineData("caf\u00E9 au lait", false, false, "mezcla tokenize: the input is not UTF-8 text: byte 0xE9 at offset 3.", true)]
    [InlineData("1 \u00B2", true, false, "not UTF-8 text: byte 0xB2 at offset 2", true)]
    public void Bad_input_is_refused_with_what_is_wrong(string input, bool decode, bool jsonl, string message, bool latin = false)
    {
        var (code, output, error) = Run(input, decode: decode, jsonl: jsonl, latin: latin);
        Assert.Equal((1, ""), (code, output));
        Assert.Contains(message, error);
        Assert.DoesNotContain("Parameter", error);
        Assert.DoesNotContain("Actual value", error);
        Assert.DoesNotContain("LineNumber", error);
    }

    [Fact]
    public void An_unknown_encoding_is_refused_with_those_that_exist() => Assert.Contains("cl100k_base", Run("x", encoding: "gpt-5").Error);

    [Fact]
    public void A_trained_tokenizer_is_read_from_its_file()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            BytePairTokenizer.Train("low lower lowest low", 259, SplitPattern.None).Save(path);
            Assert.Equal((0, "115 257\n", ""), Run("slow", encoding: path)); // l+o, then lo+w
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static (int Code, string Output, string Error) Run(string input, string encoding = "cl100k_base", string special = "raise",
        bool decode = false, bool jsonl = false, bool latin = false)
    {
        using var output = new MemoryStream();
        using var errors = new StringWriter();
        var code = TokenizeCommand.Run(new MemoryStream((latin ? Encoding.Latin1 : Encoding.UTF8).GetBytes(input)), output, errors,
            encoding, special, decode, jsonl);
        return (code, Encoding.UTF8.GetString(output.ToArray()), errors.ToString());
    }
}
