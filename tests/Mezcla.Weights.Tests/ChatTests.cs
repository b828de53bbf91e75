using Mezcla.Layers;
using Mezcla.Models;
using Mezcla.Quantization.Formats;
using Mezcla.Tensors;
using Mezcla.Tokenization;
using Mezcla.Weights.Chat;
using Mezcla.Weights.Gguf;

namespace Mezcla.Weights.Tests;

/// <summary>Conversations look as the documentation of each model shows them, whatever file names the template.</summary>
public sealed class ChatTests : IDisposable
{
    private const string Llama3 = "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = " +
        "'<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}" +
        "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}" +
        "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}";

    private const string Qwen2 = "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}" +
        "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + " +
        "message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    private const string Qwen3 = "{%- if messages[0].role == 'system' %}{{- '<|im_start|>system\\n' + messages[0].content + " +
        "'<|im_end|>\\n' }}{%- endif %}{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' " +
        "+ '\\n' }}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}";

    private const string Mistral1 = "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ '[INST] ' + " +
        "message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% endif %}" +
        "{% endfor %}";

    private const string Mistral3 = "{{- bos_token }}{%- for message in loop_messages %}{%- if message[\"role\"] == \"user\" %}" +
        "{{- \"[INST] \" + message[\"content\"] + \"[/INST]\" }}{%- elif message[\"role\"] == \"assistant\" %}{{- \" \" + " +
        "message[\"content\"] + eos_token }}{%- endif %}{%- endfor %}";

    private const string Llama2 = "{% for message in messages %}{% if loop.index0 == 0 and system_message != false %}{% set content = " +
        "'<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% endif %}{% if message['role'] == 'user' %}" +
        "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + " +
        "' ' + eos_token }}{% endif %}{% endfor %}";

    private const string Olmo = "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}{{ '<|system|>\n' + " +
        "message['content'] + '\n' }}{% elif message['role'] == 'user' %}{{ '<|user|>\n' + message['content'] + '\n' }}" +
        "{% elif message['role'] == 'assistant' %}{{ '<|assistant|>\n' + message['content'] + eos_token }}{% endif %}" +
        "{% if loop.last and add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}{% endfor %}";

    private const string Zephyr = "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + " +
        "message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + message['content'] + " +
        "eos_token }}\n{% endif %}{% endfor %}";

    private const string Phi = "{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}" +
        "{{'<|system|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + " +
        "'<|end|>\n'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}" +
        "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}";

    private const string Granite = "{%- for message in messages %}{{- '<|start_of_role|>' + message['role'] + '<|end_of_role|>' + " +
        "message['content'] + '<|end_of_text|>\n' }}{%- if loop.last and add_generation_prompt %}" +
        "{{- '<|start_of_role|>assistant<|end_of_role|>' }}{%- endif %}{%- endfor %}";

    private const string Deepseek = "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}{{ 'User: ' + " +
        "message['content'] + '\n\n' }}{% elif message['role'] == 'assistant' %}{{ 'Assistant: ' + message['content'] + eos_token }}" +
        "{% elif message['role'] == 'system' %}{{ message['content'] + '\n\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}" +
        "{{ 'Assistant:' }}{% endif %}";

    private readonly string _folder = Directory.CreateTempSubdirectory("mezcla-chat-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(Llama3, "llama-3",
        "<B><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi {0}<|eot_id|>" +
        "<|start_header_id|>assistant<|end_header_id|>\n\nHello<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWhy?<|eot_id|>" +
        "<|start_header_id|>assistant<|end_header_id|>\n\n")]
    [InlineData(Qwen2, "chatml", "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi {0}<|im_end|>\n<|im_start|>assistant\n" +
        "Hello<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n")]
    [InlineData(Mistral1, "mistral", "<B>[INST] Be brief.\n\nHi {0} [/INST]Hello<E>[INST] Why? [/INST]")]
    [InlineData(Mistral3, "mistral", "<B>[INST] Be brief.\n\nHi {0}[/INST] Hello<E>[INST] Why?[/INST]")]
    [InlineData(Llama2, "llama-2", "<B>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi {0} [/INST] Hello <E><B>[INST] Why? [/INST]")]
    [InlineData(Olmo, "olmo", "<B><|system|>\nBe brief.\n<|user|>\nHi {0}\n<|assistant|>\nHello<E>\n<|user|>\nWhy?\n<|assistant|>\n")]
    [InlineData(Zephyr, "zephyr",
        "<|system|>\nBe brief.<E>\n<|user|>\nHi {0}<E>\n<|assistant|>\nHello<E>\n<|user|>\nWhy?<E>\n<|assistant|>\n")]
    [InlineData(Phi, "phi-3", "<|system|>\nBe brief.<|end|>\n<|user|>\nHi {0}<|end|>\n<|assistant|>\nHello<|end|>\n" +
        "<|user|>\nWhy?<|end|>\n<|assistant|>\n")]
    [InlineData(Granite, "granite", "<|start_of_role|>system<|end_of_role|>Be brief.<|end_of_text|>\n" +
        "<|start_of_role|>user<|end_of_role|>Hi {0}<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>Hello<|end_of_text|>\n" +
        "<|start_of_role|>user<|end_of_role|>Why?<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>")]
    [InlineData(Deepseek, "deepseek-v2", "<B>Be brief.\n\nUser: Hi {0}\n\nAssistant: Hello<E>User: Why?\n\nAssistant:")]
    public void A_conversation_looks_as_its_documentation_shows(string template, string name, string expected)
    {
        var format = ChatFormats.Recognize(template, "<B>", "<E>")!;
        Assert.Equal(name, format.Name);
        // Braces in a message are its own.
        Assert.Equal(expected, format.Render([new(ChatRole.System, "Be brief."), new(ChatRole.User, "Hi {0}"),
            new(ChatRole.Assistant, "Hello"), new(ChatRole.User, "Why?")]));
    }

    [Fact]
    public void Without_a_message_of_the_system_there_is_that_of_the_template()
    {
        string Hi(string template) => ChatFormats.Recognize(template, "<B>", "<E>")!.Render([new(ChatRole.User, "Hi")]);
        Assert.StartsWith("<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nHi", Hi(Qwen2));
        Assert.StartsWith("<|im_start|>user\nHi", Hi(Qwen3));
        Assert.StartsWith("<B><|start_header_id|>user", Hi(Llama3));
        Assert.Equal("<B>[INST] Hi [/INST]", Hi(Llama2));
        // Llama 3.1 dates every conversation.
        Assert.StartsWith("<B><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n",
            Hi(Llama3 + "{{- \"Cutting Knowledge Date: December 2023\\n\" }}"));
        Assert.Null(ChatFormats.Recognize("{{ messages }}"));
        Assert.Throws<ArgumentException>(() => ChatFormats.Recognize(Qwen3)!.Render([new(ChatRole.Assistant, "Hi")]));
    }

    [Fact]
    public void What_a_model_thinks_is_not_remembered()
    {
        Assert.Equal("Yes.", ChatFormats.Recognize(Qwen3)!.Remembered("<think>\nhm\n</think>\n\nYes."));
        var harmony = ChatFormats.Recognize("<|start|>{{ role }}<|message|> <|channel|>")!;
        Assert.Equal("Yes.",
            harmony.Remembered("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Yes."));
    }

    [Fact]
    public void A_folder_and_a_GGUF_file_say_how_to_converse_and_where_answers_end()
    {
        var tokenizer = BytePairTokenizer.Train("abc abc", 260, SplitPattern.Gpt4, "<|endoftext|>", "<|im_start|>", "<|im_end|>");
        var config = WeightMapTests.Llama with { VocabularySize = tokenizer.VocabularySize };
        var model = new Transformer(config, new RandomStream(1));
        int end = tokenizer.SpecialTokens["<|im_end|>"], last = tokenizer.SpecialTokens["<|endoftext|>"];
        ModelWriter.WriteHuggingFace(_folder, config, tokenizer, ModelWriter.Parameters(model), FloatFormat.F32);
        ChatSettings Read()
        {
            using var source = ModelSource.Open(_folder);
            return source.Chat;
        }

        Assert.Null(Read().Format);
        Assert.False(Read().HasTemplate);
        Assert.Equal([last], Read().Ends);
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), System.Text.Json.JsonSerializer.Serialize(
            new { chat_template = Qwen2, eos_token = new { content = "<|im_end|>" } }));
        File.WriteAllText(Path.Combine(_folder, "generation_config.json"), "{\"eos_token_id\": [" + end + ", 3]}");
        Assert.Equal("chatml", Read().Format!.Name);
        Assert.Equal(new[] { 3, last, end }.Order(), Read().Ends.Order());
        File.WriteAllText(Path.Combine(_folder, "chat_template.jinja"), "{{ strange }}");
        Assert.Equal((null, true), (Read().Format, Read().HasTemplate));

        var path = Path.Combine(_folder, "m.gguf");
        var writer = new GgufWriter();
        GgufTokenizer.Write(writer.Metadata, tokenizer, config.VocabularySize);
        writer.Metadata.Add("tokenizer.chat_template", Qwen2);
        writer.Metadata.Add("tokenizer.ggml.eot_token_id", (uint)end);
        writer.Save(path);
        using var file = GgufFile.Open(path);
        var settings = ChatSettings.Read(file.Metadata);
        Assert.Equal("<|endoftext|>", settings.Format!.EndOfText);
        Assert.Equal(new[] { last, end }.Order(), settings.Ends.Order());
    }

    [Fact]
    public void A_continuation_ends_at_a_token_that_ends_answers()
    {
        var tokenizer = BytePairTokenizer.Train("abc abc", 260, SplitPattern.Gpt4, "<|endoftext|>");
        var model = new Transformer(WeightMapTests.Llama with { VocabularySize = tokenizer.VocabularySize, InitializerRange = 0.5f },
            new RandomStream(1));
        var all = new Generation.Generator(model, tokenizer).Tokens(tokenizer.Encode("a"), 12).ToArray();
        var end = all.Skip(2).First(id => !all.Take(2).Contains(id));
        var generator = new Generation.Generator(model, tokenizer) { Ends = [end] };
        var ended = string.Concat(generator.Stream("a", 12, Generation.SamplingConfig.Greedy));
        Assert.Equal(tokenizer.Decode([.. all.TakeWhile(id => id != end)]), ended);
    }
}
