namespace Mezcla.Tensors;

public sealed partial class Tensor
{
    /// <summary>
    /// The same numbers converted to another type, or this tensor itself if it already has that type. The
    /// gradient is passed back, always as Float32.
    /// </summary>
    public Tensor To(DType type)
    {
        this.Require("To");
        if (type == DType)
            return this;
        var y = Empty("To", _shape, type, Device);
        Kernels.Convert(Handle, DType, y.Handle, type, Count);
        if (Tape.Records(this) && type != DType.Int32)
            y.RecordedAs(new AliasNode("To", y, this));
        return y;
    }

    /// <summary>
    /// A copy on another device, or this tensor itself if it is already there. The gradient is passed back to this device.
    /// </summary>
    public Tensor To(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        this.Require("To");
        if (device == Device)
            return this;
        var y = Empty("To", _shape, DType, device);
        Move(this.Handle, Device, y.Handle, device, Count * DType.Bytes());
        return Tape.Records(this) ? y.RecordedAs(new MoveNode(y, this)) : y;
    }

    /// <summary>Moves this tensor itself to another device, as a model does with its weights. Its <see cref="Grad"/> is released.</summary>
    /// <exception cref="InvalidOperationException">It is the result of an operation; use <see cref="To(Device)"/>.</exception>
    /// <exception cref="TensorMemoryException">The device has no room for it; the tensor stays on its old device.</exception>
    public void MoveTo(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        this.Require("MoveTo");
        if (_node is not null)
            throw new InvalidOperationException(
                $"MoveTo: {Described} is the result of {_node.Name}; use To, which passes the gradient back.");
        if (device == Device)
            return;
        var moved = device.Pool.Rent(Count * DType.Bytes(), "MoveTo");
        Move(Handle, Device, new Handle(moved, 0), device, Count * DType.Bytes());
        ClearGrad();
        _storage!.Release();
        (_storage, _offset, Device, _leaf, _grad) = (moved, 0, device, null, null);
    }

    private static void Move(Handle from, Device source, Handle to, Device target, long bytes)
    {
        var buffer = new byte[(int)Math.Min(bytes, 16 << 20)];
        for (long at = 0; at < bytes; at += buffer.Length)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes - at));
            source.Kernels.Download(from.Plus(at), part);
            target.Kernels.Upload(part, to.Plus(at));
        }
    }

    private sealed class MoveNode(Tensor y, Tensor x) : Node("To", y, x.GradNode)
    {
        private readonly Device _source = x.Device;

        internal override void Backward(Handle gradient)
        {
            var moved = new Handle(_source.Pool.Rent(Count * 4, "gradients"), 0);
            Move(gradient, Device, moved, _source, Count * 4);
            Input0!.Receive(moved);
            moved.Storage!.Release();
        }
    }
}
