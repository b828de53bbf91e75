using System.Runtime.CompilerServices;

namespace Mezcla.Notebooks;

/// <summary>Knows how much of its stack a thread has left, so that endless recursion
/// becomes an exception and not the end of the process.</summary>
/// <remarks>
/// An exception needs room itself, and so do the finally blocks it passes on its way up, which may call methods. Therefore the first
/// complaint comes early; after it, calls may go on into a part of the reserve.
/// </remarks>
internal static class CellStack
{
    /// <summary>Size of the stack that cells run on, in bytes.</summary>
    public const int Size = 16 << 20;

    private const int Reserve = 3 << 19;
    private const int LastReserve = 1 << 19;
    private const int MostForAsync = 2 << 20;

    /// <summary>How far the runtime's own check, which leaves 128 kB, can be relied upon.</summary>
    private const int Checked = 1 << 16;

    /// <summary>
    /// Addresses above the lowest one that is known to be safe, counted from the top of memory: then nothing is safe on a thread that
    /// hasn't been looked at, and one comparison is all that most calls pay.
    /// </summary>
    [ThreadStatic]
    private static nuint _room;

    [ThreadStatic]
    private static nuint _roomForCleanUp;

    [ThreadStatic]
    private static nuint _roomForAsync;

    /// <summary>Called first on a thread made with a stack of <see cref="Size"/>.</summary>
    [SkipLocalsInit]
    public static unsafe void Begin()
    {
        byte here;
        var bottom = (nuint)(&here) - Size;
        _room = nuint.MaxValue - (bottom + Reserve);
        _roomForCleanUp = nuint.MaxValue - (bottom + LastReserve);
        _roomForAsync = nuint.MaxValue - ((nuint)(&here) - MostForAsync);
    }

    /// <summary>Whether the calling method may call others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [SkipLocalsInit]
    public static unsafe bool IsEnough()
    {
        byte here;
        return nuint.MaxValue - (nuint)(&here) < _room || IsEnoughOnSecondThought((nuint)(&here));
    }

    /// <summary>
    /// Whether the calling async method may begin. An exception is thrown anew at every await it passes, each time with a longer trace, so
    /// that many levels would take minutes; therefore async methods get only a part of the stack.
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

        // The first time the limit is passed, it moves.
        var isFirst = _room != _roomForCleanUp;
        _room = _roomForCleanUp;
        return !isFirst && nuint.MaxValue - here < _room;
    }
}
