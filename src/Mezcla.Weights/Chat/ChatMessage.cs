namespace Mezcla.Weights.Chat;

/// <summary>Who speaks.</summary>
public enum ChatRole
{
    /// <summary>What the model is told before the conversation.</summary>
    System,

    /// <summary>The one who asks.</summary>
    User,

    /// <summary>The model.</summary>
    Assistant,
}

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks.</param>
/// <param name="Text">What is said.</param>
public sealed record ChatMessage(ChatRole Role, string Text);
