using System.Globalization;
using System.Text;
using Mezcla.Tokenization;

namespace Mezcla.Weights.Tokenizers;

/// <summary>Reads and writes tokenizers in the file formats of other programs.</summary>
public static class TokenizerFile
{
    /// <summary>
    /// Reads a tokenizer: Hugging Face's <c>tokenizer.json</c> with a byte-pair model (GPT-2, Llama 2 and 3, Mistral, Qwen, OLMo,
    /// Pythia, Gemma) or one that <see cref="Save"/> wrote, or SentencePiece's <c>tokenizer.model</c> with a byte-pair model
    /// (Llama 2). If the path is a folder, the file of either name in it is read.
    /// </summary>
    /// <exception cref="FormatException">The file is damaged or of an unsupported kind; the message names the file and the
    /// reason.</exception>
    public static Tokenizer Load(string path)
    {
        if (Directory.Exists(path))
        {
            var folder = path;
            path = Path.Combine(folder, "tokenizer.json");
            if (!File.Exists(path))
                path = Path.Combine(folder, "tokenizer.model");
            if (!File.Exists(path))
                throw new FormatException($"The folder {folder} has neither a tokenizer.json nor a tokenizer.model.");
        }
        var file = File.ReadAllBytes(path);
        try
        {
            if (file.AsSpan().StartsWith(Encoding.UTF8.Preamble))
                file = file[Encoding.UTF8.Preamble.Length..];
            return file.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("{"u8) ? TokenizerJsonReader.Read(file) : SentencePieceReader.Read(file);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new FormatException($"Cannot read the tokenizer {path}: {e.Message}.", e);
        }
    }

    /// <summary>Reads a vocabulary in tiktoken's format, which Llama 3's original <c>tokenizer.model</c> uses: each line is a token in
    /// base64, a space and a rank.</summary>
    /// <exception cref="FormatException">A line has another form.</exception>
    public static BytePairTokenizer LoadRanks(string path, SplitPattern pattern, IReadOnlyDictionary<string, int> specialTokens)
    {
        var tokens = new List<byte[]?>();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            var parts = line.Split(' ');
            var bytes = new byte[line.Length];
            if (parts.Length != 2 || !Convert.TryFromBase64String(parts[0], bytes, out var length) || length == 0
                || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var rank) || rank < tokens.Count
                || rank > tokens.Count + 100_000)
                throw new FormatException(
                    $"{path}, line {number}: '{line}' is not a token in base64, a space and a rank larger than the one before.");
            while (tokens.Count < rank)
                tokens.Add(null);
            tokens.Add(bytes[..length]);
        }
        return BytePairTokenizer.FromRanks(tokens, pattern, specialTokens);
    }

    /// <summary>Writes Hugging Face's <c>tokenizer.json</c>, which <see cref="Load"/> and other programs read.</summary>
    /// <exception cref="NotSupportedException">The tokenizer has user-defined symbols whose spaces that form cannot describe.</exception>
    public static void Save(this Tokenizer tokenizer, string path)
    {
        using var stream = File.Create(path);
        TokenizerJsonWriter.Write(tokenizer, stream);
    }

    /// <summary>The text of a <c>tokenizer.json</c>, from which <see cref="FromJson"/> makes this tokenizer again.</summary>
    /// <exception cref="NotSupportedException">The tokenizer has user-defined symbols whose spaces that form cannot describe.</exception>
    public static string ToJson(this Tokenizer tokenizer)
    {
        using var stream = new MemoryStream();
        TokenizerJsonWriter.Write(tokenizer, stream);
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>Reads a tokenizer from the text of a <c>tokenizer.json</c>.</summary>
    /// <exception cref="FormatException">The text is damaged, or its tokenizer is of another kind.</exception>
    public static Tokenizer FromJson(string json) => TokenizerJsonReader.Read(Encoding.UTF8.GetBytes(json));
}
