using System.Runtime.CompilerServices;

namespace Mezcla.Notebooks;

/// <summary>Measures how much stack a thread has left, so that endless recursion
/// throws an exception instead of ending the process.</summary>
/// <remarks>
/// Throwing needs stack space, and so do the finally blocks that run while the exception propagates and may call methods. Therefore the
/// first check fails while a large reserve is left, and later calls may use a part of that reserve.
/// </remarks>
internal static class CellStack
{
    /// <summary>Size of the stack that cells run on, in bytes.</summary>
    public const int Size = 16 << 20;

    private const int Reserve = 3 << 19;
    private const int LastReserve = 1 << 19;
    private const int MostForAsync = 2 << 20;

    /// <summary>
    /// How far below the current address the stack is usable, in bytes, after the runtime's own check has succeeded. That check leaves
    /// 128 kB free.
    /// </summary>
    private const int Checked = 1 << 16;

    /// <summary>
    /// The limit of the stack, stored as its distance from the highest address. On a thread that has not been measured it is zero, so no
    /// address passes, and most calls need only one comparison.
    /// </summary>
    [ThreadStatic]
    private static nuint _room;

    [ThreadStatic]
    private static nuint _roomForCleanUp;

    [ThreadStatic]
    private static nuint _roomForAsync;

    /// <summary>Sets the limits for the current thread, whose stack must have
    /// <see cref="Size"/> bytes. Call it first on the thread.</summary>
    [SkipLocalsInit]
    public static unsafe void Begin()
    {
        byte here;
        var bottom = (nuint)(&here) - Size;
        _room = nuint.MaxValue - (bottom + Reserve);
        _roomForCleanUp = nuint.MaxValue - (bottom + LastReserve);
        _roomForAsync = nuint.MaxValue - ((nuint)(&here) - MostForAsync);
    }

    /// <summary>Whether enough stack is left for the calling method to call others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [SkipLocalsInit]
    public static unsafe bool IsEnough()
    {
        byte here;
        return nuint.MaxValue - (nuint)(&here) < _room || IsEnoughOnSecondThought((nuint)(&here));
    }

    /// <summary>
    /// Whether enough stack is left for the calling async method to start. Async methods may use
    /// only a part of the stack: an exception is rethrown at every await it passes, each time with
    /// a longer stack trace, and this would take minutes at the depth that the whole stack allows.
    /// </summary>
    [SkipLocalsInit]
    public static unsafe bool IsEnoughForAsync()
    {
        byte here;
        return _roomForAsync == 0 ? RuntimeHelpers.TryEnsureSufficientExecutionStack() : nuint.MaxValue - (nuint)(&here) < _roomForAsync;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsEnoughOnSecondThought(nuint here)
    {
        if (_roomForCleanUp == 0)
        {
            if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
                return false;

            _room = nuint.MaxValue - (here - Checked);
            return true;
        }

        // The first failure moves the limit, so that finally blocks can still call methods.
        var isFirst = _room != _roomForCleanUp;
        _room = _roomForCleanUp;
        return !isFirst && nuint.MaxValue - here < _room;
    }
}
