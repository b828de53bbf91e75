namespace Mezcla.Tensors.Devices;

/// <summary>The meaning of the integers that an operation checks.</summary>
public enum IndexKind
{
    /// <summary>Positions along an axis.</summary>
    Index,

    /// <summary>Classes that a loss compares with.</summary>
    Label,

    /// <summary>Groups, such as experts; a negative one is no choice.</summary>
    Group,

    /// <summary>Rising row numbers at which groups begin.</summary>
    Offset,
}

/// <summary>
/// The range that an operation requires of its integers, and the error for one that is outside of it. The CPU checks before it computes. A
/// GPU leaves such a number out, records where it stood, and the error comes with the next results that are read.
/// </summary>
/// <param name="Operation">The operation's name; null where the integers were checked before.</param>
/// <param name="Kind">Their meaning.</param>
/// <param name="Shape">The shape of the integers.</param>
/// <param name="Limit">The number that they must stay below; for offsets, the largest that is allowed.</param>
/// <param name="Ignored">The label of rows that are left out.</param>
public readonly record struct IndexCheck(string? Operation, IndexKind Kind, Shape Shape, long Limit, int Ignored = 0)
{
    /// <summary>The error.</summary>
    /// <param name="position">The position of the number, row by row.</param>
    /// <param name="number">The number; null where it is not known any more.</param>
    /// <param name="device">The device that found it afterwards; null where it was found before.</param>
    public ArgumentException Error(long position, int? number, string? device = null)
    {
        var place = $"{(number is null ? "" : $"{number} ")}at position {position} of {Shape}";
        var wrong = Kind switch
        {
            IndexKind.Index => $"index {place} is not in 0 to {Limit - 1}.",
            IndexKind.Label => $"label {place} is neither in 0 to {Limit - 1} nor the ignored {Ignored}.",
            IndexKind.Group => $"the id {place} is not below the number of groups, {Limit}.",
            _ => $"the offset {place}: offsets must rise from 0 to at most the number of rows, {Limit}.",
        };
        return new ArgumentException(device is null
            ? $"{Operation}: {wrong}"
            : $"{Operation}: {wrong} ({device} says so where results are read, not where the operation was called.)");
    }
}
