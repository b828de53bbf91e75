namespace Mezcla.Kernel.History;

/// <summary>
/// One cell that ran: the session of the kernel, the cell's number in it, its code, and its value as text if it is known.
/// </summary>
internal sealed record HistoryEntry(int Session, int Line, string Input, string? Output = null);
