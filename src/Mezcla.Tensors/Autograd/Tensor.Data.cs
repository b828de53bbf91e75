using System.Runtime.InteropServices;

namespace Mezcla.Tensors;

public sealed partial class Tensor
{
    /// <summary>The numbers, row by row, as Float32 (BFloat16 is converted).</summary>
    /// <exception cref="ArgumentException">The tensor is Int32: use <see cref="ToIntArray"/>.</exception>
    public float[] ToArray()
    {
        var source = this.Require("ToArray");
        if (DType == DType.Int32)
            throw new ArgumentException($"ToArray: {Described} holds integers; use ToIntArray().");
        if (DType == DType.BFloat16)
        {
            using var converted = Detach().To(DType.Float32);
            return converted.ToArray();
        }
        var values = new float[Checked("ToArray")];
        source.Kernels.Download(source.Handle, MemoryMarshal.AsBytes(values.AsSpan()));
        GC.KeepAlive(this);
        return values;
    }

    /// <summary>The integers, row by row.</summary>
    /// <exception cref="ArgumentException">The tensor is not Int32.</exception>
    public int[] ToIntArray()
    {
        this.Integers("ToIntArray", "the tensor");
        var values = new int[Checked("ToIntArray")];
        Kernels.Download(Handle, MemoryMarshal.AsBytes(values.AsSpan()));
        GC.KeepAlive(this);
        return values;
    }

    /// <summary>The number in a tensor with exactly one element.</summary>
    /// <exception cref="ArgumentException">The tensor has no element or several, or it holds integers.</exception>
    public float Item() => Count == 1
        ? ToArray()[0]
        : throw new ArgumentException($"Item: {Described} has {Count} elements, not one; use ToArray().");

    /// <summary>Overwrites the numbers in place, row by row. A BFloat16 tensor rounds them.</summary>
    /// <exception cref="ArgumentException">The number of values differs, or the tensor is Int32.</exception>
    /// <exception cref="InvalidOperationException">The tensor requires a gradient and operations are recorded: see
    /// <see cref="NoGrad"/>.</exception>
    public void CopyFrom(ReadOnlySpan<float> values)
    {
        if (values.Length != Count || DType == DType.Int32)
            throw new ArgumentException($"CopyFrom: {values.Length} floating-point values do not fill {Described}.");
        if (DType == DType.BFloat16)
        {
            using var source = From(values, Shape);
            CopyFrom(source);
            return;
        }
        ChangeInPlace("CopyFrom");
        Kernels.Upload(MemoryMarshal.AsBytes(values), Handle);
        GC.KeepAlive(this);
    }

    /// <summary>Overwrites the numbers in place with those of a tensor of the same shape, converting type and device.</summary>
    /// <exception cref="ArgumentException">The shapes differ, or one of the two is Int32.</exception>
    /// <exception cref="InvalidOperationException">The tensor requires a gradient and operations are recorded: see
    /// <see cref="NoGrad"/>.</exception>
    public void CopyFrom(Tensor source)
    {
        source.Require("CopyFrom");
        if (source._shape != _shape || (DType == DType.Int32) != (source.DType == DType.Int32))
            throw new ArgumentException($"CopyFrom: {source.Described} does not fit {Described}.");
        ChangeInPlace("CopyFrom");
        using var scope = new TensorScope();
        var here = source.Detach().To(Device);
        Kernels.Convert(here.Handle, here.DType, Handle, DType, Count);
        GC.KeepAlive(this);
    }

    /// <summary>
    /// Overwrites part of this tensor in place: the positions from <paramref name="start"/> of one axis (a key/value cache).
    /// </summary>
    /// <param name="axis">The axis; a negative number counts from the last.</param>
    /// <param name="start">The first position written.</param>
    /// <param name="source">A tensor of the same type and device, and of the same shape except for the size of the axis.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    /// <exception cref="InvalidOperationException">The tensor requires a gradient and operations are recorded: see
    /// <see cref="NoGrad"/>.</exception>
    public void SetSlice(int axis, int start, Tensor source)
    {
        source.Require("SetSlice").On(Device, "SetSlice");
        axis = this.Axis("SetSlice", axis);
        var length = source.Rank == Rank ? source._shape[axis] : -1;
        if (length < 0 || source.DType != DType || source._shape != _shape.With(axis, length) || start < 0
            || start + (long)length > _shape[axis])
            throw new ArgumentException($"SetSlice: {source.Described} does not fit into {Described} from {start} of axis {axis} on.");
        ChangeInPlace("SetSlice");
        var whole = _shape.Strides();
        var first = Handle.Plus(start * whole[axis] * DType.Bytes());
        Kernels.CopyStrided(source.Handle, source._shape.Strides(), first, whole, source._shape, DType.Bytes());
        GC.KeepAlive(this);
        GC.KeepAlive(source);
    }

    /// <summary>
    /// The numbers themselves, to read and to write (CPU, Float32). Taking the span counts as a change in place, so a later
    /// <see cref="Backward"/> that needs the old numbers throws; to read only, use <see cref="AsReadOnlySpan"/>. Keep the tensor
    /// referenced while the span is in use.
    /// </summary>
    /// <exception cref="InvalidOperationException">The tensor is on another device, of another type,
    /// or larger than a span can be.</exception>
    public Span<float> AsSpan()
    {
        var span = Floats();
        _storage!.Changed();
        return span;
    }

    /// <summary>The numbers themselves, to read (CPU, Float32). Keep the tensor referenced while the span is in use.</summary>
    /// <exception cref="InvalidOperationException">The tensor is on another device, of another type,
    /// or larger than a span can be.</exception>
    public ReadOnlySpan<float> AsReadOnlySpan() => Floats();

    /// <summary>A copy of the numbers with the same history.</summary>
    public Tensor Clone()
    {
        this.Require("Clone");
        var y = Empty("Clone", _shape, DType, Device);
        Kernels.Copy(Handle, y.Handle, Count * DType.Bytes());
        return Tape.Records(this) ? y.RecordedAs(new AliasNode("Clone", y, this)) : y;
    }

    private Span<float> Floats()
    {
        this.Require("AsSpan");
        if (!Kernels.IsHostMemory || DType != DType.Float32)
            throw new InvalidOperationException($"AsSpan: {Described} is not Float32 on the CPU; use ToArray() and CopyFrom.");
        return CpuSpan<float>(Handle, Checked("AsSpan"));
    }

    internal static unsafe Span<T> CpuSpan<T>(Handle handle, int count) => new((void*)handle.Address, count);

    private int Checked(string operation)
        => Count <= Array.MaxLength
            ? (int)Count
            : throw new InvalidOperationException($"{operation}: {_shape} has more elements than an array can hold.");
}
