namespace Mezcla.Tokenization;

/// <summary>Thrown if a text contains a special token that the <see cref="SpecialTokenPolicy"/> forbids.</summary>
/// <param name="token">The special token.</param>
/// <param name="position">Where it is in the text, in characters (UTF-16 units) from 0.</param>
public sealed class SpecialTokenException(string token, int position) : ArgumentException(
    $"The text has the special token '{token}' at character {position}. Pass SpecialTokenPolicy.None to read it as plain text, or All or " +
        $"Only(\"{token}\") to make it a token.")
{
    /// <summary>The special token.</summary>
    public string Token => token;

    /// <summary>Where it is in the text, in characters (UTF-16 units) from 0.</summary>
    public int Position => position;
}
