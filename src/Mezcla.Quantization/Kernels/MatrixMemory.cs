using System.Runtime.InteropServices;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Quantization.Kernels;

/// <summary>
/// The memory of one packed matrix: a part of a block that many matrices share, because an expert's matrix is smaller than a page of 2 MB.
/// A block is freed with the last of its matrices.
/// </summary>
internal sealed unsafe class MatrixMemory
{
    private const long BlockBytes = 8 * MemoryAdvice.HugePage;

    private static readonly Lock Gate = new();

    // The block from which the next matrices get their memory.
    private static Block? _open;

    private readonly Block _block;
    private bool _freed;

    /// <summary>Takes memory whose contents are undefined.</summary>
    /// <param name="bytes">How much; the address is a multiple of 64.</param>
    /// <exception cref="OutOfMemoryException">The system has no more.</exception>
    public MatrixMemory(long bytes)
    {
        bytes = Math.Max(64, (bytes + 63) / 64 * 64);
        lock (Gate)
        {
            if (bytes > BlockBytes / 2)
                _block = new(bytes);
            else if (_open is not null && _open.Used + bytes <= BlockBytes)
                _block = _open;
            else
                _block = _open = new(BlockBytes);
            Start = _block.Start + _block.Used;
            _block.Used += bytes;
            _block.Matrices++;
        }
    }

    /// <summary>The first byte.</summary>
    public byte* Start { get; }

    /// <summary>Gives the memory back; a second call does nothing.</summary>
    public void Free()
    {
        lock (Gate)
        {
            if (_freed)
                return;
            _freed = true;
            if (--_block.Matrices > 0)
                return;
            if (_block == _open)
                _block.Used = 0;
            else
                NativeMemory.AlignedFree(_block.Start);
        }
    }

    private sealed class Block
    {
        public readonly byte* Start;
        public long Used;
        public int Matrices;

        public Block(long bytes)
        {
            Start = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, MemoryAdvice.HugePage);
            MemoryAdvice.AskForHugePages((nint)Start, bytes);
        }
    }
}
