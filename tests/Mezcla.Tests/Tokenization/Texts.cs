using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Mezcla.Tests.Tokenization;

/// <summary>Texts that a tokenizer is likely to get wrong.</summary>
internal static class Texts
{
    // What one text is made of: each string is a pool of characters, chosen so that neighbouring ones fall into different classes.
    private static readonly string[] Pools =
    [
        "abcdeXYZ", "  \t", "'", "0123456789", ".,;:!?()[]{}<>\"#$%&*+-=@^_`|~\\/", "\n\r",
        "\u0085\u00A0\u1680\u2003\u2028\u2029\u202F\u205F\u3000\u000B\u000C\u001C\u001F", // white space, and \x1C and \x1F that are not
        "\uFEFF\u200B\u200C\u200D\u2060\u180E\u00AD\u0000\u0001\u007F", // what looks like nothing but is no white space
        "äéñöüßÄÉÑſƒΑαΩωжЖдДıİ", "ǅǈǋᾈᾼʰʱˀªºㅤ", // letters with case; title case, modifier letters, letters without
        "\u0300\u0301\u0308\u20DD\u0903\u093E\uFE0F", // marks
        "漢字かなカナ한글กขאבابتहिन्दीதமிழ்", "²³¹½¾ⅣⅷⅫ௧๓٣०〇㊀①", // other scripts; numbers that are not ASCII digits
        // letters, digits, marks beyond U+FFFF
        "\uD835\uDD38\uD835\uDC1A\uD835\uDFCF\uD801\uDC00\uD801\uDC28\uD83A\uDD00\uD83A\uDD22" +
            "\uD840\uDC00\uD82F\uDCA0\uD802\uDD16\uDB40\uDD00",
        "\uD83D\uDE00\uD83D\uDC69\uD83C\uDFFD\uD83D\uDCBB\uD83C\uDDEA\uD83C\uDDF8\u2764",
        "\uD800\uDBFF\uDC00\uDFFF", // surrogates without their partners
    ];

    private static readonly string[] Words =
    [
        "'s", "'S", "'ſ", "'t", "'T", "'re", "'RE", "'rE", "'ve", "'Ve", "'m", "'M", "'ll", "'LL", "'lL", "'d", "'D", "'x", "'K", "don't",
        "IT'S", "we'Re", "’s",
        "the", " the", "The", "HELLO", "helloWorld", "XMLHttpRequest", "camelCaseABC", " world", "1234567", " 12", "\r\n", "\n\n",
        " \n \n ", "\t\t", "        ", "//", "/*\n*/", "://",
        "<|endoftext|>", "<|endofprompt|>", "<|fim_prefix|>", "<|im_start|>", "ſt", "ǅungla", "ʼn", "東京", "straße", "été",
        "e\u0301te\u0301",
    ];

    /// <summary>Texts picked by hand, each for one rule of one pattern.</summary>
    public static IEnumerable<string> Tricky =>
    [
        "", " ", "  ", "a ", "a  ", "a  b", "a\n  b", "a  \n  b", "a  \n  ", "\n", "\n\n", "\n \n", " \n", "\r\n", "\r\n\r\n  x", "a\r\nb",
        "!\n\n!", "! \n\n!", "//\n//\n", "a/\n/b",
        "\t\tx", "\t x", " \tx", "\u00A0x", "x\u00A0\u00A0y", "\u0085x", "x\u0085\u0085", "x\u0085 y", "\u2028x", "\u3000\u3000漢",
        "\uFEFFx", "x\uFEFF", "\u200Bx", "x\u200By", "\u001Cx", "\u180Ex",
        "it's", "IT'S", "it'ſ", "IT'ſx", "'ſ", "we're", "WE'RE", "We'Re", "I'm", "I'M", "I'll", "I'LL", "I'lL", "he'd", "HE'D", "can't",
        "CAN'T", "'tis", "''s", "'s's", "x'", "x'y", "x's y's", "x ' s", "'LLama", "l'été", "12's", "!'s",
        "1", "12", "123", "1234", "1234567", " 1234", "1 2 3", "a1b2", "½⅓", "³⁴⁵⁶", "Ⅳ", "٣٤٥٦",
        "\uD835\uDFCE\uD835\uDFCF\uD835\uDFD0\uD835\uDFD1", "一二三", "1\uD835\uDFCF2",
        "helloWorld", "HelloWorld", "HELLOWorld", "HELLOworld", "XMLHttp", "aB", "AbC", "ABc", "A", " A", "ÀÉî", "ǅungla", "ǅǅ", "ʰA", "ªA",
        "ªAB", "AªB", "ªªA", "漢A", "A漢", "漢字ABC", "ABC漢字abc", "ΑΒγ'S",
        "\u0301", "\u0301a", "\u0301A", "\u0301AB", "\u0301\u0301A", "e\u0301", "E\u0301", "E\u0301E", "e\u0301E", " \u0301a", "!\u0301a",
        "!\u0301A", "1\u0301", "\u0301!", "a\u20DDb", "हिन्दी", "தமிழ்", "ไทย",
        "\uD835\uDD38", "\uD835\uDD38\uD835\uDD39c", " \uD835\uDD38", "x\uD835\uDD38", "\uD801\uDC00\uD801\uDC28",
        "\uD801\uDC28\uD801\uDC00", "\uD840\uDC00漢", "\uD83D\uDE00", " \uD83D\uDE00", "\uD83D\uDC69\u200D\uD83D\uDCBB", "\u2764\uFE0F",
        "\uD83C\uDDEA\uD83C\uDDF8",
        "\uD800", "\uDC00", "a\uD800b", "\uD800\uD800", "\uDC00\uD800", "\uD800 ", " \uDC00x", "\uD83Dx\uDE00", "\u0000", "a\u0000b",
        "\u007F", "\uFFFD", "\uFFFE\uFFFF", "\uDBFF\uDFFF",
        "<|endoftext|>", "a<|endoftext|>b", "<|endoftext|><|endoftext|>", "<|endoftext", "<|fim_prefix|>", " <|endofprompt|> ",
        "        return x;\n    }\n\n\n", "if (a && b) {\r\n\treturn \"x\";\r\n}", "https://example.org/a/b?c=d&e=f", "== === ====",
        "......", "-----\n", "a_b_c", "$100,000.00", "100%", "(a)", "[x](y)", "#!/bin/sh\n", "日本語のテキスト。", "Привет, мир!", "안녕하세요", "مرحبا",
        "🏳️‍🌈",
    ];

    public static IEnumerable<string> Random(int seed, int count, bool loneSurrogates = true)
    {
        var random = new Random(seed);
        var pools = loneSurrogates ? Pools.Length : Pools.Length - 1;
        for (var n = 0; n < count; n++)
        {
            var text = new StringBuilder();
            for (var parts = random.Next(1, 12); parts > 0; parts--)
            {
                switch (random.Next(8))
                {
                    case 0 or 1 or 2: // a run from one pool
                        var pool = Pools[random.Next(pools)];
                        var length = random.Next(100) == 0 ? random.Next(50, 300) : random.Next(1, 6);
                        for (var i = 0; i < length; i++)
                            text.Append(Character(pool, random.Next(pool.Length), loneSurrogates));
                        break;
                    case 3: // one each from several
                        for (var i = random.Next(1, 6); i > 0; i--)
                        {
                            pool = Pools[random.Next(pools)];
                            text.Append(Character(pool, random.Next(pool.Length), loneSurrogates));
                        }
                        break;
                    case 4: // any characters at all
                        for (var i = random.Next(1, 4); i > 0; i--)
                            if (random.Next(0x110000) is var c && Rune.IsValid(c))
                                text.Append(new Rune(c).ToString());
                        break;
                    default:
                        text.Append(Words[random.Next(Words.Length)]);
                        break;
                }
            }
            yield return text.ToString();
        }
    }

    // A pool has pairs of surrogates in it; the pool of lone ones has none.
    private static string Character(string pool, int at, bool loneSurrogates)
    {
        if (char.IsLowSurrogate(pool[at]) && at > 0 && char.IsHighSurrogate(pool[at - 1]) && !ReferenceEquals(pool, Pools[^1]))
            at--;
        if (at + 1 < pool.Length && char.IsSurrogatePair(pool[at], pool[at + 1]) && !ReferenceEquals(pool, Pools[^1]))
            return pool.Substring(at, 2);
        return loneSurrogates || !char.IsSurrogate(pool[at]) ? pool[at].ToString() : "";
    }

    /// <summary>A text as a JSON string in ASCII. System.Text.Json would refuse lone surrogates.</summary>
    public static string ToJson(string text)
    {
        var json = new StringBuilder("\"");
        foreach (var c in text)
            if (c is >= ' ' and <= '~' and not ('"' or '\\'))
                json.Append(c);
            else
                json.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
        return json.Append('"').ToString();
    }

    public static string FromJson(string json) => Regex.Unescape(json[1..^1]);
}
