using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace Mezcla.Notebooks.Cells;

/// <summary>The methods that the engine calls from cells' rewritten IL so that cells can be stopped. Do not call them directly.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class CellGuard
{
    /// <summary>Greater than zero while a cell of any engine is being stopped. Loops in cells read it at every iteration.</summary>
    /// <remarks>This is a field, not a property, so that an inner loop pays for one load only.</remarks>
    public static int Stopping;

    /// <summary>Throws if the calling cell is being stopped.</summary>
    /// <exception cref="CellInterruptedException">The cell is being stopped.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Check() => CellRun.Current?.ThrowIfStopping();

    /// <summary>Called at the start of a method that might be recursive.</summary>
    /// <exception cref="CellInterruptedException">The cell is being stopped.</exception>
    /// <exception cref="InsufficientExecutionStackException">The calls are nested so deep that the stack would overflow.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Enter()
    {
        if (Volatile.Read(ref Stopping) != 0)
            Check();

        if (!CellStack.IsEnough())
            ThrowTooDeep();
    }

    /// <summary>Called at the start of an async method.</summary>
    /// <exception cref="CellInterruptedException">The cell is being stopped.</exception>
    /// <exception cref="InsufficientExecutionStackException">The calls are nested too deep.</exception>
    public static void EnterAsync()
    {
        if (Volatile.Read(ref Stopping) != 0)
            Check();

        if (!CellStack.IsEnoughForAsync())
            ThrowTooDeep();
    }

    /// <summary>Replaces <see cref="Environment.Exit"/> in cells, which would end the kernel and lose every variable.</summary>
    /// <exception cref="CellExitException">Always.</exception>
    public static void Exit(int exitCode) => throw new CellExitException(
        $"Environment.Exit({exitCode}) would end the whole kernel and lose your variables, so only this cell was stopped. "
        + "Use return; to leave a cell early, or restart the kernel from the menu to start over.");

    /// <summary>Replaces <see cref="Environment.FailFast(string)"/> in cells,
    /// which would end the kernel and lose every variable.</summary>
    /// <exception cref="CellExitException">Always.</exception>
    public static void FailFast(string? message) => throw new CellExitException(
        "Environment.FailFast would end the whole kernel and lose your variables, so only this cell was stopped. Its message: " + message);

    /// <summary>Replaces <see cref="Console.Clear"/> in cells: clears the cell's
    /// output instead of the terminal in which the kernel runs.</summary>
    public static void ClearConsole()
    {
        if (CellRun.Current is { } run)
            run.Post(output => output.Clear(wait: false));
        else
            Console.Clear();
    }

    /// <summary>Replaces <see cref="Console.SetOut"/> in cells: sets the writer for this engine's cells only.</summary>
    public static void SetOut(TextWriter writer) => ConsoleRouter.Redirect(OutputStream.Out, writer);

    /// <summary>Replaces <see cref="Console.SetError"/> in cells: sets the writer for this engine's cells only.</summary>
    public static void SetError(TextWriter writer) => ConsoleRouter.Redirect(OutputStream.Error, writer);

    /// <summary>Replaces <see cref="Console.SetIn"/> in cells: sets the reader for this engine's cells only.</summary>
    public static void SetIn(TextReader reader) => ConsoleRouter.Redirect(reader);

    private static void ThrowTooDeep() => throw new InsufficientExecutionStackException(
        "The calls are nested too deep: a method calls itself (perhaps through another) and never reaches the case that ends it.");
}

/// <summary>A cell was interrupted while it ran.</summary>
public sealed class CellInterruptedException() : OperationCanceledException("The cell was interrupted.");

/// <summary>A cell tried to end the process it runs in.</summary>
public sealed class CellExitException(string message) : Exception(message);
