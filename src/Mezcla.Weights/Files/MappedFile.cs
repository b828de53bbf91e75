using System.IO.MemoryMappedFiles;
using Mezcla.Tensors.Cpu;

namespace Mezcla.Weights.Files;

/// <summary>
/// A read-only memory-mapped file: bytes are read from the disk when they are first used, so opening a file is fast whatever its size.
/// Every access is checked against the file's length.
/// </summary>
public sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _start;
    private bool _disposed;

    /// <summary>Maps <paramref name="path"/>. An empty file gives a mapping of length 0.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public MappedFile(string path)
    {
        FilePath = Path.GetFullPath(path);
        var stream = new FileStream(FilePath, FileMode.Open, FileAccess.Read, FileShare.Read);
        Length = stream.Length;
        if (Length == 0)
        {
            stream.Dispose();
            return;
        }
        _map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        _start = pointer + _view.PointerOffset;
    }

    /// <summary>The full path.</summary>
    public string FilePath { get; }

    /// <summary>Number of bytes.</summary>
    public long Length { get; }

    /// <summary>The <paramref name="length"/> bytes at <paramref name="offset"/>, not
    /// copied: the span is valid until <see cref="Dispose"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They are not all inside the file.</exception>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public ReadOnlySpan<byte> Slice(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (offset < 0 || length < 0 || offset > Length - length)
            throw new ArgumentOutOfRangeException(nameof(offset),
                $"{FilePath}: bytes {offset} to {offset + length} lie outside its {Length} bytes.");
        return new ReadOnlySpan<byte>(_start + offset, length);
    }

    /// <summary>
    /// Says that these bytes and those beside them on the same pages are not needed for now, so that they no longer count as this process's
    /// memory. They can be read again. Systems without such advice keep them until they need the room.
    /// </summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">How many; those outside the file are ignored.</param>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public void Release(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var (start, end) = (Math.Max(0, offset), Math.Min(offset + length, Length));
        if (start >= end)
            return;
        // Where Linux keeps a file in huge pages, it maps a whole one for a byte of it: what lies around released bytes is released, too.
        const long Page = MemoryAdvice.HugePage;
        var first = Math.Max((nint)_start, (nint)(_start + start) / Page * Page);
        var last = Math.Min((nint)(_start + Length), ((nint)(_start + end) + Page - 1) / Page * Page);
        MemoryAdvice.Release((nint)first, last - first);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _view?.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _map?.Dispose();
    }
}
