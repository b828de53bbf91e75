namespace Mezcla.Kernel.History;

/// <summary>One cell that ran: which session of the kernel, which number in it, its
/// code, and what it evaluated to where that is known.</summary>
internal sealed record HistoryEntry(int Session, int Line, string Input, string? Output = null);
