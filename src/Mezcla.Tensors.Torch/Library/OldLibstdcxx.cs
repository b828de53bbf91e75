using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Mezcla.Tensors.Torch;

/// <summary>
/// TorchSharp's native part wants the version GLIBCXX_3.4.32 of libstdc++ (GCC 13), which Debian 12 and Ubuntu 22.04 do not have. Of that
/// version it uses one function, which only makes sure that std::cout exists, and libtorch makes that too. In a copy of the file the
/// version becomes optional, and the function another one without a version that does no harm. The format is
/// ELF64 (System V ABI, chapters 4 and 5; the symbol versions as in the Linux Standard Base).
/// </summary>
internal static class OldLibstdcxx
{
    private const string Version = "GLIBCXX_3.4.32";
    private const string Function = "_ZSt21ios_base_library_initv";
    private const string Harmless = "getpid";

    private const int SectionBytes = 64;
    private const int SymbolBytes = 24;
    private const uint DynamicSymbols = 11;
    private const uint SymbolVersions = 0x6fffffff;
    private const uint NeededVersions = 0x6ffffffe;
    private const ushort Weak = 2;
    private const ushort NoVersion = 1;

    /// <summary>Whether this system's libstdc++ lacks the function.</summary>
    internal static bool IsHere => OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libstdc++.so.6", out var library)
        && !NativeLibrary.TryGetExport(library, Function, out _);

    /// <summary>The file changed so that an old libstdc++ will do.</summary>
    /// <param name="file">The bytes of libLibTorchSharp.so.</param>
    /// <returns>A changed copy; null where the file asks for no such version.</returns>
    /// <exception cref="InvalidDataException">The file is not what it should be: no 64-bit ELF, or parts of it lie outside.</exception>
    internal static byte[]? Repaired(ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith("\u007FELF\u0002\u0001"u8))
            throw new InvalidDataException("It is no 64-bit little-endian ELF file.");
        var copy = file.ToArray();
        var sections = Sections(copy);
        Section symbols = One(sections, DynamicSymbols), versions = One(sections, SymbolVersions), needed = One(sections, NeededVersions);
        if (symbols.Link >= (uint)sections.Length || needed.Link >= (uint)sections.Length)
            throw new InvalidDataException("A section names another that is not there.");
        var isWeak = MakeWeak(copy, needed, sections[needed.Link]);
        if (!isWeak)
            return null;
        Rename(copy, symbols, versions, sections[symbols.Link]);
        return copy;
    }

    private static bool MakeWeak(byte[] file, Section needed, Section names)
    {
        var found = false;
        var at = needed.Offset;
        for (uint i = 0; i < needed.Info; i++)
        {
            var entry = Part(file, at, 16);
            var version = at + BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]);
            for (var j = 0; j < BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]); j++)
            {
                var one = Part(file, version, 16);
                if (Text(file, names, BinaryPrimitives.ReadUInt32LittleEndian(one[8..])) == Version)
                {
                    var flags = one[4..];
                    BinaryPrimitives.WriteUInt16LittleEndian(flags, (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(flags) | Weak));
                    found = true;
                }

                var next = BinaryPrimitives.ReadUInt32LittleEndian(one[12..]);
                if (next == 0)
                    break;
                version += next;
            }

            var further = BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]);
            if (further == 0)
                break;
            at += further;
        }

        return found;
    }

    private static void Rename(byte[] file, Section symbols, Section versions, Section names)
    {
        for (long i = 0; i < symbols.Size / SymbolBytes; i++)
        {
            var name = BinaryPrimitives.ReadUInt32LittleEndian(Part(file, symbols.Offset + i * SymbolBytes, SymbolBytes));
            if (Text(file, names, name) != Function)
                continue;
            var place = Part(file, names.Offset + name, Harmless.Length + 1);
            System.Text.Encoding.ASCII.GetBytes(Harmless, place);
            place[^1] = 0;
            BinaryPrimitives.WriteUInt16LittleEndian(Part(file, versions.Offset + 2 * i, 2), NoVersion);
        }
    }

    private static Section[] Sections(byte[] file)
    {
        var header = Part(file, 0, 64);
        var offset = Within(BinaryPrimitives.ReadUInt64LittleEndian(header[0x28..]));
        var size = BinaryPrimitives.ReadUInt16LittleEndian(header[0x3a..]);
        var sections = new Section[BinaryPrimitives.ReadUInt16LittleEndian(header[0x3c..])];
        if (size != SectionBytes)
            throw new InvalidDataException($"Its sections' headers have {size} bytes, not {SectionBytes}.");
        for (var i = 0; i < sections.Length; i++)
        {
            var section = Part(file, offset + (long)i * SectionBytes, SectionBytes);
            sections[i] = new Section(BinaryPrimitives.ReadUInt32LittleEndian(section[4..]),
                Within(BinaryPrimitives.ReadUInt64LittleEndian(section[0x18..])),
                Within(BinaryPrimitives.ReadUInt64LittleEndian(section[0x20..])), BinaryPrimitives.ReadUInt32LittleEndian(section[0x28..]),
                BinaryPrimitives.ReadUInt32LittleEndian(section[0x2c..]));
        }

        return sections;
    }

    private static Section One(Section[] sections, uint type)
        => Array.Find(sections, section => section.Type == type) is { Type: not 0 } found
            ? found
            : throw new InvalidDataException($"It has no section of type 0x{type:x}.");

    private static string Text(byte[] file, Section names, uint at)
    {
        if (at >= names.Size)
            throw new InvalidDataException("A name lies outside its section.");
        ReadOnlySpan<byte> rest = Part(file, names.Offset + at, checked((int)Math.Min(names.Size - at, 256)));
        var end = rest.IndexOf((byte)0);
        return System.Text.Encoding.ASCII.GetString(end < 0 ? rest : rest[..end]);
    }

    private static Span<byte> Part(byte[] file, long offset, int count)
        => offset >= 0 && offset <= file.Length - count
            ? file.AsSpan((int)offset, count)
            : throw new InvalidDataException("A part of it lies outside the file.");

    private static long Within(ulong number) => number <= int.MaxValue
        ? (long)number
        : throw new InvalidDataException("It names a place beyond 2 GB.");

    private readonly record struct Section(uint Type, long Offset, long Size, uint Link, uint Info);
}
