using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Mezcla.Weights.Files;
using Mezcla.Weights.Safetensors;

namespace Mezcla.Weights.Gguf;

/// <summary>Reads everything of a GGUF file except the bytes of its tensors. It does not trust the file: before it uses a count, it checks
/// that enough bytes follow.</summary>
internal sealed class GgufReader
{
    private const int MaxDimensions = 4;
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly MappedFile _file;
    private long _position;
    private string _at = "its first bytes";

    public GgufReader(MappedFile file)
    {
        _file = file;
        if (Read<uint>() != 0x46554747)
            throw Refuse("it does not begin with GGUF");
        Version = Read<uint>();
        if (Version is not (2 or 3))
            throw Refuse(BinaryPrimitives.ReverseEndianness(Version) is 2 or 3 ? "it is big-endian, which is not read here"
                : Version == 1
                    ? "it is of version 1, of 2023, which is no longer read; convert it with the program that made it"
                    : $"it is of version {Version}; 2 and 3 are read");
        var tensors = ReadCount("the number of tensors", 24);
        var pairs = ReadCount("the number of metadata entries", 13);
        for (var i = 0L; i < pairs; i++)
            ReadPair(i);
        _at = "metadata 'general.alignment'";
        Alignment = Metadata.GetInteger("general.alignment", 32);
        if (Alignment is < 1 or > 1 << 20 || !long.IsPow2(Alignment))
            throw Refuse($"{Alignment} is not a power of two up to 1048576");

        var names = new HashSet<string>();
        for (var i = 0L; i < tensors; i++)
            ReadTensor(i, names);
        Place();
    }

    public uint Version { get; }

    public long Alignment { get; }

    public GgufMetadata Metadata { get; } = [];

    public List<GgufTensor> Tensors { get; } = [];

    private void ReadPair(long number)
    {
        _at = $"metadata entry {number}";
        var key = ReadString(Strict, 65535);
        _at = $"metadata {SafetensorsHeader.Quote(key)}";
        var kind = Read<uint>();
        var value = kind == 9 ? ReadArray() : ReadValue(kind);
        if (Metadata.Contains(key))
            throw Refuse("the key occurs twice");
        Metadata.Add(key, value);
    }

    private object ReadValue(uint kind) => kind switch
    {
        0 => Read<byte>(),
        1 => Read<sbyte>(),
        2 => Read<ushort>(),
        3 => Read<short>(),
        4 => Read<uint>(),
        5 => Read<int>(),
        6 => Read<float>(),
        7 => ReadBoolean(),
        8 => ReadString(Encoding.UTF8, int.MaxValue),
        10 => Read<ulong>(),
        11 => Read<long>(),
        12 => Read<double>(),
        _ => throw Refuse($"{kind} is not a kind of value"),
    };

    private object ReadArray()
    {
        var kind = Read<uint>();
        return kind switch
        {
            0 => ReadArray<byte>(),
            1 => ReadArray<sbyte>(),
            2 => ReadArray<ushort>(),
            3 => ReadArray<short>(),
            4 => ReadArray<uint>(),
            5 => ReadArray<int>(),
            6 => ReadArray<float>(),
            7 => Repeat(1, ReadBoolean),
            8 => Repeat(8, () => ReadString(Encoding.UTF8, int.MaxValue)),
            9 => throw Refuse("an array of arrays is not allowed"),
            10 => ReadArray<ulong>(),
            11 => ReadArray<long>(),
            12 => ReadArray<double>(),
            _ => throw Refuse($"{kind} is not a kind of value"),
        };
    }

    private T[] ReadArray<T>() where T : unmanaged
    {
        var count = ReadCount("the array's length", Unsafe.SizeOf<T>());
        if (count > Array.MaxLength / 8)
            throw Refuse($"an array of {count} values is too large");
        var values = new T[count];
        Take(count * Unsafe.SizeOf<T>()).CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    private T[] Repeat<T>(int least, Func<T> read)
    {
        var count = ReadCount("the array's length", least);
        if (count > Array.MaxLength / 8)
            throw Refuse($"an array of {count} values is too large");
        var values = new List<T>();
        for (var i = 0L; i < count; i++)
            values.Add(read());
        return [.. values];
    }

    private void ReadTensor(long number, HashSet<string> names)
    {
        _at = $"tensor {number}";
        var name = ReadString(Strict, 65535);
        _at = $"tensor {SafetensorsHeader.Quote(name)}";
        if (!names.Add(name))
            throw Refuse("the name occurs twice");
        var rank = Read<uint>();
        if (rank > MaxDimensions)
            throw Refuse($"it has {rank} dimensions; the most is {MaxDimensions}");
        var shape = new long[rank];
        Int128 count = 1;
        for (var i = 0; i < rank; i++)
        {
            var size = Read<ulong>();
            // The file lists the innermost dimension first.
            shape[rank - 1 - i] = (long)size;
            count *= size;
            if (size > long.MaxValue || count > long.MaxValue / 8)
                throw Refuse($"its sizes multiply to more than a file can hold");
        }
        var id = Read<uint>();
        var type = GgmlType.Find(id) ?? throw Refuse($"it has the unknown type {id}");
        var row = rank == 0 ? 1 : shape[^1];
        if (row % type.BlockSize != 0)
            throw Refuse($"its rows of {row} are not a multiple of {type.BlockSize}, the block of {type.Name}");
        var offset = Read<ulong>();
        if (offset > (ulong)_file.Length)
            throw Refuse($"it starts at {offset}, and the file has {_file.Length} bytes");
        if (offset % (ulong)Alignment != 0)
            throw Refuse($"it starts at {offset}, which is not aligned to {Alignment}");
        Tensors.Add(new GgufTensor(name, type, shape, (long)offset, (long)count / type.BlockSize * type.BlockBytes));
    }

    /// <summary>Turns offsets within the data into offsets within the file, and checks that each tensor has its own bytes.</summary>
    private void Place()
    {
        var data = (_position + Alignment - 1) / Alignment * Alignment;
        for (var i = 0; i < Tensors.Count; i++)
        {
            var tensor = Tensors[i] = Tensors[i] with { Offset = Tensors[i].Offset + data };
            if (tensor.Length > _file.Length - tensor.Offset)
            {
                _at = $"tensor {SafetensorsHeader.Quote(tensor.Name)}";
                throw Refuse(
                    $"it lies at bytes {tensor.Offset} to {tensor.Offset + tensor.Length}, and the file has {_file.Length}; it may be " +
                        "cut short");
            }
        }
        var end = 0L;
        foreach (var tensor in Tensors.Where(t => t.Length > 0).OrderBy(t => t.Offset))
        {
            _at = $"tensor {SafetensorsHeader.Quote(tensor.Name)}";
            if (tensor.Offset < end)
                throw Refuse("it overlaps the one before it");
            end = tensor.Offset + tensor.Length;
        }
    }

    /// <summary>Reads a count of items that take at least <paramref name="least"/> bytes each.</summary>
    private long ReadCount(string what, int least)
    {
        var count = Read<ulong>();
        if (count > (ulong)((_file.Length - _position) / least))
            throw Refuse($"{what} is {count}, and only {_file.Length - _position} bytes follow");
        return (long)count;
    }

    private bool ReadBoolean()
    {
        var value = Read<byte>();
        return value < 2 ? value == 1 : throw Refuse($"{value} is not a boolean");
    }

    private string ReadString(Encoding encoding, int most)
    {
        var length = ReadCount("a string's length", 1);
        if (length > most)
            throw Refuse($"a string of {length} bytes is longer than the {most} allowed");
        try
        {
            return encoding.GetString(Take(length));
        }
        catch (DecoderFallbackException)
        {
            throw Refuse("a name is not UTF-8");
        }
    }

    private T Read<T>() where T : unmanaged => MemoryMarshal.Read<T>(Take(Unsafe.SizeOf<T>()));

    private ReadOnlySpan<byte> Take(long length)
    {
        if (length > _file.Length - _position)
            throw Refuse($"it ends after {_file.Length} bytes, in the middle");
        if (length > int.MaxValue)
            throw Refuse($"a block of {length} bytes is too large");
        var bytes = _file.Slice(_position, (int)length);
        _position += length;
        return bytes;
    }

    private InvalidDataException Refuse(string why) => new($"{_file.FilePath} is not a valid GGUF file: {_at}: {why}.");
}
