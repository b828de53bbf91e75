using System.Text.RegularExpressions;

namespace Mezcla.Weights.Chat;

/// <summary>
/// The well-known formats of conversations, found by the marks in a file's template. Templates are programs in Jinja, which nothing here
/// runs: what stands in them is recognised, or the file counts as one without a format.
/// </summary>
public static partial class ChatFormats
{
    /// <summary>The format of a template; null for one that is not known.</summary>
    /// <param name="template">The text of <c>chat_template</c>.</param>
    /// <param name="beginOfText">The token that begins a text; empty for none.</param>
    /// <param name="endOfText">The token that ends a text; empty for none.</param>
    public static ChatFormat? Recognize(string template, string beginOfText = "", string endOfText = "")
    {
        // Files write line ends as they are, or as \n in a text of the program.
        var plain = template.Replace("\\n", "\n", StringComparison.Ordinal);
        bool Has(string mark) => plain.Contains(mark, StringComparison.Ordinal);
        var format = Has("<|start_header_id|>") ? Llama3(Has("Cutting Knowledge Date"))
            : Has("<|im_start|>") ? ChatMl(plain)
            : Has("<|start_of_role|>") ? Granite
            : Has("<|start|>") && Has("<|message|>") && Has("<|channel|>") ? Harmony
            : Has("<｜User｜>") ? Deepseek
            : Has("<start_of_turn>") ? Gemma
            : Has("[INST]") ? Mistral(Has("<<SYS>>"), plain)
            : Has("<|user|>") && Has("<|assistant|>") ? Marks(plain)
            : Has("User: ") && Has("Assistant:") ? DeepseekV2
            : null;
        return format is null ? null : format with { BeginOfText = beginOfText, EndOfText = endOfText };
    }

    private static ChatFormat Llama3(bool dated) => new()
    {
        Name = "llama-3",
        System = "<|start_header_id|>system<|end_header_id|>\n\n{0}<|eot_id|>",
        User = "<|start_header_id|>user<|end_header_id|>\n\n{0}<|eot_id|>",
        Assistant = "<|start_header_id|>assistant<|end_header_id|>\n\n{0}<|eot_id|>",
        Answer = "<|start_header_id|>assistant<|end_header_id|>\n\n",
        // The template's own date, where no other is given.
        SystemPreface = dated ? "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n" : null,
        Trims = true,
        Stops = ["<|eot_id|>", "<|eom_id|>"],
    };

    private static ChatFormat ChatMl(string template) => new()
    {
        Name = "chatml",
        Begin = "",
        System = "<|im_start|>system\n{0}<|im_end|>\n",
        User = "<|im_start|>user\n{0}<|im_end|>\n",
        Assistant = "<|im_start|>assistant\n{0}<|im_end|>\n",
        Answer = "<|im_start|>assistant\n",
        DefaultSystem = DefaultOfChatMl().Match(template) is { Success: true } match ? match.Groups[1].Value : null,
        Stops = ["<|im_end|>"],
    };

    private static readonly ChatFormat Granite = new()
    {
        Name = "granite",
        Begin = "",
        System = "<|start_of_role|>system<|end_of_role|>{0}<|end_of_text|>\n",
        User = "<|start_of_role|>user<|end_of_role|>{0}<|end_of_text|>\n",
        Assistant = "<|start_of_role|>assistant<|end_of_role|>{0}<|end_of_text|>\n",
        Answer = "<|start_of_role|>assistant<|end_of_role|>",
        Stops = ["<|end_of_text|>"],
    };

    private static readonly ChatFormat Harmony = new()
    {
        Name = "harmony",
        Begin = "<|start|>system<|message|>You are ChatGPT, a large language model trained by OpenAI.\nKnowledge cutoff: 2024-06\n\n" +
            "Reasoning: medium\n\n# Valid channels: analysis, commentary, final. Channel must be included for every message.<|end|>",
        System = "<|start|>developer<|message|># Instructions\n\n{0}\n\n<|end|>",
        User = "<|start|>user<|message|>{0}<|end|>",
        Assistant = "<|start|>assistant<|channel|>final<|message|>{0}<|end|>",
        Answer = "<|start|>assistant",
        Stops = ["<|return|>", "<|call|>"],
        AnswerAfter = "<|channel|>final<|message|>",
    };

    private static readonly ChatFormat Deepseek = new()
    {
        Name = "deepseek",
        System = "{0}",
        User = "<｜User｜>{0}",
        Assistant = "<｜Assistant｜>{0}<｜end▁of▁sentence｜>",
        Answer = "<｜Assistant｜>",
        Stops = ["<｜end▁of▁sentence｜>"],
    };

    private static readonly ChatFormat DeepseekV2 = new()
    {
        Name = "deepseek-v2",
        System = "{0}\n\n",
        User = "User: {0}\n\n",
        Assistant = "Assistant: {0}{eos}",
        Answer = "Assistant:",
    };

    private static readonly ChatFormat Gemma = new()
    {
        Name = "gemma",
        User = "<start_of_turn>user\n{0}<end_of_turn>\n",
        Assistant = "<start_of_turn>model\n{0}<end_of_turn>\n",
        Answer = "<start_of_turn>model\n",
        Trims = true,
        Stops = ["<end_of_turn>"],
    };

    // Llama 2 marks the system's message and begins a text with each message of the user. Mistral does neither, and where it has spaces
    // depends on the version.
    private static ChatFormat Mistral(bool marksSystem, string template)
    {
        var (before, after) = (SpaceBeforeMark().IsMatch(template) ? " " : "", SpaceBeforeEnd().IsMatch(template) ? " " : "");
        return new()
        {
            Name = marksSystem ? "llama-2" : "mistral",
            Begin = marksSystem ? "" : "{bos}",
            SystemInUser = marksSystem ? "<<SYS>>\n{0}\n<</SYS>>\n\n{1}" : "{0}\n\n{1}",
            User = (marksSystem ? "{bos}" : "") + $"{before}[INST] {{0}}{after}[/INST]",
            Assistant = marksSystem ? " {0} {eos}" : (SpaceBeforeAnswer().IsMatch(template) ? " " : "") + "{0}{eos}",
            Trims = marksSystem,
        };
    }

    // OLMoE, Phi and Zephyr end their messages differently.
    private static ChatFormat Marks(string template)
    {
        var phi = template.Contains("<|end|>", StringComparison.Ordinal);
        var end = phi ? "<|end|>" : UserEndsText().IsMatch(template) ? "{eos}" : "";
        return new()
        {
            Name = phi ? "phi-3" : end.Length > 0 ? "zephyr" : "olmo",
            Begin = end.Length == 0 ? "{bos}" : "",
            System = $"<|system|>\n{{0}}{end}\n",
            User = $"<|user|>\n{{0}}{end}\n",
            Assistant = $"<|assistant|>\n{{0}}{(phi ? end : "{eos}")}\n",
            Answer = "<|assistant|>\n",
            Stops = phi ? ["<|end|>"] : [],
        };
    }

    [GeneratedRegex(@"<\|im_start\|>system\n([^<{}'""]+)<\|im_end\|>")]
    private static partial Regex DefaultOfChatMl();

    [GeneratedRegex(@"[""'] \[INST\]")]
    private static partial Regex SpaceBeforeMark();

    [GeneratedRegex(@"[""'] [""'] ?\+ ?(message|content)")]
    private static partial Regex SpaceBeforeAnswer();

    [GeneratedRegex(@"[""'] \[/INST\]")]
    private static partial Regex SpaceBeforeEnd();

    [GeneratedRegex(@"<\|user\|>\n['""] ?\+ ?message\[['""]content['""]\] ?\+ ?eos_token")]
    private static partial Regex UserEndsText();
}
