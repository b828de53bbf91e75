using System.Text.RegularExpressions;
using Mezcla.Tokenization;

namespace Mezcla.Tests.Tokenization;

public class SplitPatternTests
{
    [Theory]
    [InlineData(SplitPattern.Gpt2)]
    [InlineData(SplitPattern.Gpt4)]
    [InlineData(SplitPattern.Gpt4o)]
    public void Pieces_are_those_of_the_published_expression(SplitPattern pattern)
    {
        // .NET's Regex is right where every character is one UTF-16 unit; the long s it does not fold.
        var expression = new Regex(pattern.Expression()!, RegexOptions.CultureInvariant);
        foreach (var text in Texts.Tricky.Concat(Texts.Random(seed: 2, 5000)).Where(t => !t.Any(c => char.IsSurrogate(c) || c == 'ſ')))
            Assert.Equal(expression.Matches(text).Select(m => m.Value), pattern.Split(text));
    }

    [Fact]
    public void Joined_pieces_are_the_text()
    {
        foreach (var text in Texts.Random(seed: 4, 2000))
            foreach (var pattern in Enum.GetValues<SplitPattern>())
                Assert.Equal(string.Concat(text.EnumerateRunes()), string.Concat(pattern.Split(text)));
    }

    [Theory]
    [InlineData(SplitPattern.None, new[] { "I'LL say 1234 naïveCase's\n\n  x" })]
    [InlineData(SplitPattern.Gpt2, new[] { "I", "'", "LL", " say", " 1234", " naïveCase", "'s", "\n\n ", " x" })]
    [InlineData(SplitPattern.Gpt4, new[] { "I", "'LL", " say", " ", "123", "4", " naïveCase", "'s", "\n\n", " ", " x" })]
    [InlineData(SplitPattern.Gpt4o, new[] { "I'LL", " say", " ", "123", "4", " naïve", "Case's", "\n\n", " ", " x" })]
    public void Each_pattern_cuts_its_own_way(SplitPattern pattern, string[] pieces) =>
    Assert.Equal(pieces, pattern.Split("I'LL say 1234 naïveCase's\n\n  x"));

    [Theory]
    [InlineData(0x1D538, CharacterClass.Letter | CharacterClass.Upper)] // double-struck A
    [InlineData(0x1D7CF, CharacterClass.Number)] // bold digit one
    [InlineData(0x1E922, CharacterClass.Letter | CharacterClass.Lower)] // Adlam small letter
    [InlineData(0xE0100, CharacterClass.Other | CharacterClass.Upper | CharacterClass.Lower)] // variation selector, a mark
    [InlineData(0x0085, CharacterClass.Space)]
    [InlineData(0xFEFF, CharacterClass.Other)]
    [InlineData(0x200B, CharacterClass.Other)]
    [InlineData(0x001C, CharacterClass.Other)]
    [InlineData(0x01C5, CharacterClass.Letter | CharacterClass.Upper)] // title case
    [InlineData('\n', CharacterClass.Space | CharacterClass.NewLine)]
    public void A_character_has_its_Unicode_class(int codePoint, object expected) =>
    Assert.Equal((CharacterClass)expected, CharacterClasses.Classify(codePoint));
}
