namespace Mezcla.Tensors.Devices;

/// <summary>Functions of two elements. Comparisons give 1 or 0.</summary>
public enum BinaryKind
{
    /// <summary>a + b.</summary>
    Add,

    /// <summary>a - b.</summary>
    Subtract,

    /// <summary>a·b.</summary>
    Multiply,

    /// <summary>a / b.</summary>
    Divide,

    /// <summary>1 where a &gt; b.</summary>
    Greater,

    /// <summary>1 where a &lt; b.</summary>
    Less,
}
