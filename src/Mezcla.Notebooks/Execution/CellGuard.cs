using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace Mezcla.Notebooks.Cells;

/// <summary>What the engine weaves into cells' compiled code so that they can be stopped. Not meant to be called by hand.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class CellGuard
{
    /// <summary>Not zero while a cell of any engine is being stopped. Loops in cells read it at every turn.</summary>
    /// <remarks>A field, because one load is all that an inner loop should pay.</remarks>
    public static int Stopping;

    /// <summary>Ends the calling cell if it is the one being stopped.</summary>
    /// <exception cref="CellInterruptedException">The cell is being stopped.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Check() => CellRun.Current?.ThrowIfStopping();

    /// <summary>Called where a method begins that might call itself.</summary>
    /// <exception cref="CellInterruptedException">The cell is being stopped.</exception>
    /// <exception cref="InsufficientExecutionStackException">The calls are nested so deep that the process would die.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Enter()
    {
        if (Volatile.Read(ref Stopping) != 0)
            Check();

        if (!CellStack.IsEnough())
            ThrowTooDeep();
    }

    /// <summary>Called where an async method begins.</summary>
    /// <exception cref="CellInterruptedException">The cell is being stopped.</exception>
    /// <exception cref="InsufficientExecutionStackException">The calls are nested too deep.</exception>
    public static void EnterAsync()
    {
        if (Volatile.Read(ref Stopping) != 0)
            Check();

        if (!CellStack.IsEnoughForAsync())
            ThrowTooDeep();
    }

    /// <summary>Takes the place of <see cref="Environment.Exit"/>, which would end the kernel and lose every variable.</summary>
    /// <exception cref="CellExitException">Always.</exception>
    public static void Exit(int exitCode) => throw new CellExitException(
        $"Environment.Exit({exitCode}) would end the whole kernel and lose your variables, so only this cell was stopped. "
        + "Use return; to leave a cell early, or restart the kernel from the menu to begin afresh.");

    /// <summary>Takes the place of <see cref="Environment.FailFast(string)"/>, which
    /// would end the kernel and lose every variable.</summary>
    /// <exception cref="CellExitException">Always.</exception>
    public static void FailFast(string? message) => throw new CellExitException(
        "Environment.FailFast would end the whole kernel and lose your variables, so only this cell was stopped. Its message: " + message);

    /// <summary>Takes the place of <see cref="Console.Clear"/>: removes the cell's output
    /// instead of clearing the terminal the kernel runs in.</summary>
    public static void ClearConsole()
    {
        if (CellRun.Current is { } run)
            run.Post(output => output.Clear(wait: false));
        else
            Console.Clear();
    }

    /// <summary>Takes the place of <see cref="Console.SetOut"/>: the writer is for this engine's cells, not for the process.</summary>
    public static void SetOut(TextWriter writer) => ConsoleRouter.Redirect(OutputStream.Out, writer);

    /// <summary>Takes the place of <see cref="Console.SetError"/>: the writer is for this engine's cells, not for the process.</summary>
    public static void SetError(TextWriter writer) => ConsoleRouter.Redirect(OutputStream.Error, writer);

    /// <summary>Takes the place of <see cref="Console.SetIn"/>: the reader is for this engine's cells, not for the process.</summary>
    public static void SetIn(TextReader reader) => ConsoleRouter.Redirect(reader);

    private static void ThrowTooDeep() => throw new InsufficientExecutionStackException(
        "The calls are nested too deep: a method calls itself (perhaps through another) and never reaches the case that ends it.");
}

/// <summary>A cell was interrupted while it ran.</summary>
public sealed class CellInterruptedException() : OperationCanceledException("The cell was interrupted.");

/// <summary>A cell tried to end the process it runs in.</summary>
public sealed class CellExitException(string message) : Exception(message);
