using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mezcla.Tokenization;
using Mezcla.Weights.Tokenizers;

namespace Mezcla.Weights.Gguf;

/// <summary>Reads and writes tokenizers in GGUF metadata, in llama.cpp's form: byte pairs (its model "gpt2") and SentencePiece (its model
/// "llama").</summary>
public static class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";
    private const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5;

    /// <summary>The pattern that splits text for each of llama.cpp's pre-tokenizer names. Only names whose pre-tokenizer splits text in
    /// exactly the same way are listed.</summary>
    private static readonly Dictionary<string, SplitPattern> Patterns = new()
    {
        ["gpt-2"] = SplitPattern.Gpt2,
        ["phi-2"] = SplitPattern.Gpt2,
        ["jina-es"] = SplitPattern.Gpt2,
        ["jina-de"] = SplitPattern.Gpt2,
        ["mpt"] = SplitPattern.Gpt2,
        ["olmo"] = SplitPattern.Gpt2,
        ["llama-bpe"] = SplitPattern.Gpt4,
        ["llama-v3"] = SplitPattern.Gpt4,
        ["llama3"] = SplitPattern.Gpt4,
        ["dbrx"] = SplitPattern.Gpt4,
        ["smaug-bpe"] = SplitPattern.Gpt4,
        ["gpt-4o"] = SplitPattern.Gpt4o,
    };

    /// <summary>The tokenizer of a file, or null if the file has none.</summary>
    /// <exception cref="InvalidDataException">The tokenizer is damaged, or of a kind that is not supported.</exception>
    public static Tokenizer? Read(GgufFile file)
    {
        var metadata = file.Metadata;
        if (!metadata.Contains(Prefix + "model"))
            return null;
        try
        {
            return metadata.GetString(Prefix + "model") switch
            {
                "gpt2" => BytePairs(metadata),
                "llama" => SentencePieces(metadata),
                var other => throw new InvalidDataException($"the tokenizer model '{other}' is not one of gpt2 and llama."),
            };
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"{file.FilePath}: its tokenizer cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Adds a tokenizer to the metadata.</summary>
    /// <param name="metadata">The metadata that the tokenizer is added to.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="vocabularySize">Rows of the model's embedding; unused tokens fill the vocabulary up to this size.</param>
    /// <exception cref="NotSupportedException">llama.cpp has no tokenizer of this kind.</exception>
    /// <exception cref="ArgumentException">The model has fewer rows than the tokenizer has tokens.</exception>
    public static void Write(GgufMetadata metadata, Tokenizer tokenizer, int vocabularySize)
    {
        if (tokenizer.VocabularySize > vocabularySize)
            throw new ArgumentException(
                $"The tokenizer has {tokenizer.VocabularySize} tokens and the model's embedding {vocabularySize} rows.",
                nameof(vocabularySize));
        var tokens = Enumerable.Range(0, vocabularySize).Select(id => $"[UNUSED{id}]").ToArray();
        var types = Enumerable.Repeat(Unused, vocabularySize).ToArray();
        void Set(int id, string text, int type) => (tokens[id], types[id]) = (text, type);

        float[]? scores = null;
        switch (tokenizer)
        {
            case BytePairTokenizer bytes:
                if (bytes.AddPrefixSpace)
                    throw new NotSupportedException("llama.cpp adds no space before text for byte-pair tokenizers; this one needs it.");
                for (var id = 0; id < bytes.Vocabulary.Count; id++)
                    if (bytes.Vocabulary[id] is { Length: > 0 } token)
                        Set(id, ByteAlphabet.ToText(token), Normal);
                metadata.Add(Prefix + "model", "gpt2");
                metadata.Add(Prefix + "pre", PatternName(bytes));
                metadata.Add(Prefix + "merges", bytes.Merges.Select(m => $"{tokens[m.Left]} {tokens[m.Right]}").ToArray());
                break;
            case SentencePieceTokenizer pieces:
                for (var id = 0; id < pieces.Pieces.Count; id++)
                    Set(id, pieces.Pieces[id].Text, (int)pieces.Pieces[id].Type);
                scores = [.. pieces.Pieces.Select(p => p.Score), .. new float[vocabularySize - pieces.Pieces.Count]];
                metadata.Add(Prefix + "model", "llama");
                metadata.Add(Prefix + "add_space_prefix", pieces.Prefix != SpacePrefix.Never);
                break;
            case CharacterTokenizer characters:
                // Each piece is one character, so no pieces are ever merged.
                foreach (var (character, id) in characters.Characters)
                    Set(id, character == new Rune(' ') ? "▁" : character.ToString(), Normal);
                scores = new float[vocabularySize];
                metadata.Add(Prefix + "model", "llama");
                metadata.Add(Prefix + "add_space_prefix", false);
                break;
            case PipelineTokenizer pipeline:
                var steps = JsonNode.Parse(pipeline.Json)!;
                // llama.cpp composes no characters (NFC), as Qwen's own files ask for; its converter leaves that out too.
                if (GgufCutting.NameOf(steps["pre_tokenizer"]) is not { } pre || pipeline.HasOtherSteps
                    || steps["normalizer"] is JsonObject normalizer && (string?)normalizer["type"] != "NFC")
                    throw new NotSupportedException("A GGUF file names the steps of a tokenizer instead of holding them, and those of " +
                        "this tokenizer.json have no name.");
                foreach (var (token, id) in pipeline.Vocabulary)
                    Set(id, token, Normal);
                metadata.Add(Prefix + "model", "gpt2");
                metadata.Add(Prefix + "pre", pre);
                metadata.Add(Prefix + "merges", pipeline.Merges.Select(m => $"{m.Left} {m.Right}").ToArray());
                break;
            default:
                throw new NotSupportedException($"llama.cpp has no tokenizer of the kind {tokenizer.GetType().Name}.");
        }
        foreach (var (text, id) in tokenizer.AlwaysTokens)
            Set(id, text, UserDefined);
        foreach (var (text, id) in tokenizer.SpecialTokens)
            Set(id, text, types[id] == Unknown ? Unknown : Control);
        metadata.Add(Prefix + "tokens", tokens);
        metadata.Add(Prefix + "token_type", types);
        if (scores is not null)
            metadata.Add(Prefix + "scores", scores);
        if (tokenizer.BeginOfText is { } begin)
            metadata.Add(Prefix + "bos_token_id", (uint)begin);
        if (tokenizer.EndOfText is { } end)
            metadata.Add(Prefix + "eos_token_id", (uint)end);
        metadata.Add(Prefix + "add_bos_token", tokenizer.ExpectsBeginOfText);
        metadata.Add(Prefix + "add_eos_token", false);
    }

    private static Tokenizer BytePairs(GgufMetadata metadata)
    {
        var pre = metadata.GetString(Prefix + "pre", "default");
        var cutting = GgufCutting.Of(pre);
        if (!Patterns.TryGetValue(pre, out var pattern) && cutting is null)
            throw new InvalidDataException(
                $"it cuts text as '{pre}', which is not one of {string.Join(", ", Patterns.Keys.Concat(GgufCutting.Names))}.");
        var (tokens, types) = Tokens(metadata);
        Dictionary<string, int> vocabulary = [], special = [], always = [];
        for (var id = 0; id < tokens.Length; id++)
        {
            var kind = types[id] switch { Normal => vocabulary, Control or Unknown => special, UserDefined => always, _ => null };
            if (kind is not null && !kind.TryAdd(tokens[id], id))
                throw new InvalidDataException($"the token '{tokens[id]}' occurs twice.");
            if (kind is not null && kind != vocabulary && AddedTokens.IsByte(tokens[id]))
                vocabulary.TryAdd(tokens[id], id);
        }
        var merges = metadata.GetStrings(Prefix + "merges").Select(merge => merge.IndexOf(' ', 1) is var cut and > 0
            ? (merge[..cut], merge[(cut + 1)..])
            : throw new InvalidDataException($"the merge '{merge}' does not have two parts."));
        // If a file does not say, llama.cpp puts the begin-of-text token before texts for Llama 3, but for no other byte-pair tokenizer.
        var llama3 = pre is "llama-bpe" or "llama-v3" or "llama3";
        merges = AddedTokens.WithoutThem(merges, special.Keys.Concat(always.Keys));
        if (cutting is not null)
        {
            var begin = metadata.GetBoolean(Prefix + "add_bos_token", false) ? metadata.GetInteger(Prefix + "bos_token_id", -1) : -1;
            return Pipeline(vocabulary, merges, special, always, cutting, begin < 0 || begin >= tokens.Length ? null : tokens[begin]);
        }
        return Gpt2Vocabulary.FromMerges(vocabulary, merges, pattern, special, always, wholePieces: llama3,
            expectsBeginOfText: metadata.GetBoolean(Prefix + "add_bos_token", llama3));
    }

    // As the tokenizer.json that it would be.
    private static Tokenizer Pipeline(Dictionary<string, int> vocabulary, IEnumerable<(string Left, string Right)> merges,
        Dictionary<string, int> special, Dictionary<string, int> always, JsonObject cutting, string? begin)
    {
        var added = special.Concat(always).OrderBy(t => t.Value).Select(t => (JsonNode)new JsonObject
        {
            ["id"] = t.Value,
            ["content"] = t.Key,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
            ["special"] = special.ContainsKey(t.Key),
        });
        var json = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. added]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = cutting,
            ["post_processor"] = begin is not null && special.TryGetValue(begin, out var id)
                ? JsonSerializer.SerializeToNode(TokenizerJsonWriter.Template(begin, id)) : null,
            ["decoder"] = new JsonObject
            {
                ["type"] = "ByteLevel",
                ["add_prefix_space"] = false,
                ["trim_offsets"] = true,
                ["use_regex"] = true,
            },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = new JsonObject(vocabulary.Select(t => KeyValuePair.Create(t.Key, (JsonNode?)t.Value))),
                ["merges"] = new JsonArray([.. merges.Select(m => (JsonNode)$"{m.Left} {m.Right}")]),
            },
        };
        return TokenizerFile.FromJson(json.ToJsonString());
    }

    private static Tokenizer SentencePieces(GgufMetadata metadata)
    {
        var (tokens, types) = Tokens(metadata);
        var scores = metadata.Contains(Prefix + "scores") ? metadata[Prefix + "scores"] as float[] : new float[tokens.Length];
        if (scores?.Length != tokens.Length)
            throw new InvalidDataException("its scores are not as many floats as its tokens.");
        var spaces = metadata.GetBoolean(Prefix + "add_space_prefix", true);
        if (!types.Contains(Unknown) && !types.Contains((int)SentencePieceType.Byte))
            return Characters(tokens, types);
        // An unused token is kept as a control token with a unique name, so that the ids of the other tokens do not change.
        var pieces = tokens.Select((text, id) => types[id] == Unused
            ? new SentencePiece($"[UNUSED{id}]", 0, SentencePieceType.Control)
            : new SentencePiece(text, scores[id], (SentencePieceType)types[id]));
        return new SentencePieceTokenizer([.. pieces],
            spaces ? SpacePrefix.EachPart : SpacePrefix.Never)
        { ExpectsBeginOfText = metadata.GetBoolean(Prefix + "add_bos_token", true) };
    }

    /// <summary>Reads the form in which <see cref="Write"/> stores a <see cref="CharacterTokenizer"/>.</summary>
    private static CharacterTokenizer Characters(string[] tokens, int[] types)
    {
        var characters = tokens.TakeWhile((_, id) => types[id] == Normal).Select(t => t == "▁" ? " " : t).ToArray();
        if (characters.Any(c => c.EnumerateRunes().Count() != 1))
            throw new InvalidDataException("it has neither an unknown token nor byte tokens, and its pieces are longer than characters.");
        return new CharacterTokenizer([.. characters.Select(c => c.EnumerateRunes().Single())],
            tokens.Select((text, id) => KeyValuePair.Create(text, id)).Where(t => types[t.Value] == Control));
    }

    private static (string[] Tokens, int[] Types) Tokens(GgufMetadata metadata)
    {
        var tokens = metadata.GetStrings(Prefix + "tokens");
        var types = metadata.Contains(Prefix + "token_type")
            ? [.. metadata.GetIntegers(Prefix + "token_type").Select(type => (int)Math.Clamp(type, int.MinValue, int.MaxValue))]
            : Enumerable.Repeat(Normal, tokens.Length).ToArray();
        if (types.Length != tokens.Length)
            throw new InvalidDataException($"it has {tokens.Length} tokens and {types.Length} token types.");
        foreach (var (key, _) in metadata.Where(entry => entry.Key.StartsWith(Prefix, StringComparison.Ordinal)
            && entry.Key.EndsWith("_token_id", StringComparison.Ordinal)))
        {
            // The largest 32-bit number means that there is no such token.
            var id = metadata.GetInteger(key);
            if (id < -1 || (id >= tokens.Length && id != uint.MaxValue))
                throw new InvalidDataException($"{key} is {id}, and the tokens have the ids from 0 to {tokens.Length - 1}.");
        }
        return (tokens, types);
    }

    private static string PatternName(BytePairTokenizer tokenizer) => tokenizer.Pattern switch
    {
        SplitPattern.Gpt2 => "gpt-2",
        SplitPattern.Gpt4 => tokenizer.WholePieces ? "llama-bpe" : "dbrx",
        SplitPattern.Gpt4o => "gpt-4o",
        _ =>
            throw new NotSupportedException(
                "llama.cpp always cuts text before it merges bytes, and this tokenizer does not (SplitPattern.None)."),
    };
}
