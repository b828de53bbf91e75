namespace Mezcla.Tensors.Devices;

/// <summary>What the integers that an operation checks mean.</summary>
public enum IndexKind
{
    /// <summary>Positions along an axis.</summary>
    Index,

    /// <summary>Classes, the labels of a loss.</summary>
    Label,

    /// <summary>Groups, such as experts; a negative one means that no group was chosen.</summary>
    Group,

    /// <summary>Ascending row numbers at which groups begin.</summary>
    Offset,
}

/// <summary>
/// The range that an operation requires of its integers, and the error for a number outside that range. The CPU checks before it computes.
/// A GPU skips such a number and records its position; the error is thrown when results are next read.
/// </summary>
/// <param name="Operation">The operation's name; null where the integers were checked before.</param>
/// <param name="Kind">Their meaning.</param>
/// <param name="Shape">The shape of the integers.</param>
/// <param name="Limit">The number that they must stay below; for offsets, the largest that is allowed.</param>
/// <param name="Ignored">The label of rows that are skipped.</param>
public readonly record struct IndexCheck(string? Operation, IndexKind Kind, Shape Shape, long Limit, int Ignored = 0)
{
    /// <summary>Makes the exception for a number outside the range.</summary>
    /// <param name="position">The position of the number, row by row.</param>
    /// <param name="number">The number; null if it is no longer known.</param>
    /// <param name="device">The device that detected it later, while computing; null if it was detected before the kernel ran.</param>
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
            : $"{Operation}: {wrong} ({device} reports this when results are read, not when the operation is called.)");
    }
}
