using Mezcla.Tests.Tokenization;

namespace Mezcla.Weights.Tests.Tokenizers;

/// <summary>Hugging Face's own tokenizers library (Rust) inside the test process, by the package Tokenizers.DotNet.</summary>
internal sealed class HuggingFaceTokenizer : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".json");
    private readonly global::Tokenizers.DotNet.Tokenizer _tokenizer;

    /// <summary>Makes the tokenizer of the text of a <c>tokenizer.json</c>; skips the test where the native library is missing.</summary>
    public HuggingFaceTokenizer(string json)
    {
        File.WriteAllText(_path, json);
        try
        {
            _tokenizer = new(_path);
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or BadImageFormatException)
        {
            File.Delete(_path);
            Assert.Skip($"Hugging Face's tokenizers have no native library for this system here: {e.Message}");
            throw;
        }
    }

    /// <summary>The ids of a text without lone surrogates and zeros, which do not survive the way into the library.</summary>
    public int[] Encode(string text) => [.. _tokenizer.Encode(text).Select(id => (int)id)];

    /// <summary>
    /// Texts that can be asked for: without lone surrogates, zeros, and characters that one side's version of Unicode may not know yet.
    /// </summary>
    public static IEnumerable<string> Usable(IEnumerable<string> texts) => texts.Where(text => text.Length > 0 && !text.Contains('\0')
        && !text.EnumerateRunes().Any(r => r.Value is 0xFFFD or >= 0x2EBE0 and < 0xE0000));

    public void Dispose()
    {
        _tokenizer.Dispose();
        File.Delete(_path);
    }

    /// <summary>Fails unless both give the same ids for every text.</summary>
    public void Compare(Tokenization.Tokenizer ours, IEnumerable<string> texts)
    {
        foreach (var text in texts)
        {
            var (expected, obtained) = (Encode(text), ours.Encode(text, Tokenization.SpecialTokenPolicy.All));
            if (!expected.SequenceEqual(obtained))
                Assert.Fail($"{Texts.ToJson(text)}\nexpected {string.Join(' ', expected)}\nobtained {string.Join(' ', obtained)}");
        }
    }
}
