using System.ComponentModel;

namespace Mezcla.Tensors;

/// <summary>
/// An n-dimensional array of numbers on a <see cref="Tensors.Device"/>, row-major and contiguous, that remembers how it was computed so
/// that <see cref="Backward"/> can find derivatives. A view (<c>Reshape</c>, <c>Slice</c> along the first axis longer than 1)
/// shares the numbers; everything else copies. Dispose it, make it inside a <see cref="TensorScope"/>, or leave it to the garbage
/// collector: its memory is reused at once, at the end of the scope, or some time later.
/// </summary>
public sealed partial class Tensor : IDisposable
{
    private readonly Shape _shape;
    private long _offset;
    private Storage? _storage;
    private Node? _node;
    private LeafNode? _leaf;
    private Tensor? _grad;
    private bool _requiresGrad, _ownsGrad;

    internal Tensor(Storage storage, long offset, in Shape shape, DType type, Device device, bool track = true)
    {
        _storage = storage;
        _offset = offset;
        _shape = shape;
        DType = type;
        Device = device;
        if (track)
            TensorScope.Track(this);
    }

    /// <summary>The size of each axis; empty for a scalar.</summary>
    public ReadOnlySpan<int> Shape => _shape.Span;

    /// <summary>The number of axes.</summary>
    public int Rank => _shape.Rank;

    /// <summary>The number of elements: the product of the sizes.</summary>
    public long Count => _shape.Count;

    /// <summary>The type of an element.</summary>
    public DType DType { get; }

    /// <summary>The device that holds the numbers.</summary>
    public Device Device { get; private set; }

    /// <summary>The size of one axis; a negative number counts from the last.</summary>
    /// <exception cref="ArgumentException">There is no such axis.</exception>
    public int Size(int axis) => _shape[this.Axis("Size", axis)];

    /// <summary>
    /// Whether <see cref="Backward"/> computes a derivative with respect to this tensor. Set it on parameters; results of
    /// operations on such tensors have it automatically.
    /// </summary>
    /// <exception cref="InvalidOperationException">Set on an <see cref="DType.Int32"/>
    /// tensor, or cleared on the result of an operation.</exception>
    public bool RequiresGrad
    {
        get => _requiresGrad || _node is not null;
        set
        {
            if (value && DType == DType.Int32)
                throw new InvalidOperationException(
                    $"RequiresGrad: Int32 {_shape} cannot have a gradient; only floating-point tensors can.");
            if (!value && _node is not null)
                throw new InvalidOperationException(
                    $"RequiresGrad: this tensor is the result of {_node.Name}; take Detach() for one without history.");
            _requiresGrad = value;
        }
    }

    /// <summary>
    /// The derivative of what <see cref="Backward"/> was called on with respect to this tensor, summed over all calls since it was last
    /// cleared; Float32 and of the same shape. Null before the first.
    /// </summary>
    /// <exception cref="ArgumentException">Set to a tensor of another shape, type or device.</exception>
    public Tensor? Grad
    {
        get => _grad is { IsReleased: false } ? _grad : null;
        set
        {
            if (value is not null && (value._shape != _shape || value.DType != DType.Float32 || value.Device != Device))
                throw new ArgumentException(
                    $"Grad: a gradient of {Described} must be Float32 {_shape} on {Device}, not {value.Described}.");
            _grad = value;
            _ownsGrad = false;
        }
    }

    /// <summary>Releases <see cref="Grad"/>, so that the next backward pass starts from zero.</summary>
    public void ClearGrad() => _grad?.Dispose();

    /// <summary>
    /// Walks backwards through the operations that made this tensor and adds to <see cref="Grad"/> of every tensor that
    /// <see cref="RequiresGrad"/> and has no history the derivative of this one, weighted by <paramref name="gradient"/>.
    /// </summary>
    /// <param name="gradient">The derivative with respect to this tensor, of its shape; null for 1, where this is a single number.</param>
    /// <param name="retainGraph">Whether the history is kept for another call. Otherwise it
    /// is freed during the call, and a second call throws.</param>
    /// <exception cref="InvalidOperationException">
    /// Nothing here requires a gradient, the history was already freed, or a value the tape saved has since been changed in place.
    /// </exception>
    /// <exception cref="ArgumentException">The shape of <paramref name="gradient"/>
    /// differs, or it is missing for more than one number.</exception>
    public void Backward(Tensor? gradient = null, bool retainGraph = false)
    {
        this.Require("Backward");
        if (GradNode is not { } root)
            throw new InvalidOperationException(
                $"Backward: {Described} does not depend on any tensor with RequiresGrad (or was made under NoGrad).");
        if (gradient is null && Count != 1)
            throw new ArgumentException(
                $"Backward: {Described} has {Count} elements; give the gradient with respect to it, or reduce it with Sum or Mean first.");
        if (gradient is not null && (gradient._shape != _shape || gradient.DType != DType.Float32 || gradient.Device != Device))
            throw new ArgumentException(
                $"Backward: the gradient of {Described} must be Float32 {_shape} on {Device}, not {gradient.Described}.");
        Tape.Backward(root, Device, gradient, retainGraph);
        GC.KeepAlive(this);
    }

    /// <summary>The same numbers without history. Nothing is copied.</summary>
    public Tensor Detach() => View(_shape, 0);

    /// <summary>Releases the numbers and <see cref="Grad"/> now. Where the tape still
    /// needs the numbers, it keeps them until it is done.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _storage, null) is not { } held)
            return;
        held.Release();
        Interlocked.Exchange(ref _node, null)?.Release();
        ClearGrad();
    }

    /// <summary>Set by <see cref="TensorScope.Keep"/>: survives the end of the innermost scope.</summary>
    internal bool Kept { get; set; }

    internal bool IsReleased => _storage is null;

    internal ref readonly Shape Sizes => ref _shape;

    /// <summary>Where its numbers lie, for those who write kernels. Keep the tensor referenced while the handle is in use.</summary>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public Handle Handle => new(_storage, _offset);

    internal DeviceKernels Kernels => Device.Kernels;

    /// <summary>The node to which this tensor's gradient goes; null where none is wanted.</summary>
    internal Node? GradNode => _node ?? (_requiresGrad ? _leaf ??= new LeafNode(this) : null);

    /// <summary>Says how this tensor was made.</summary>
    internal Tensor RecordedAs(Node made)
    {
        _node = made;
        return this;
    }

    /// <summary>Where to add to <see cref="Grad"/>, or, after it was cleared, to write
    /// it. The object serves again: a step makes none.</summary>
    internal Handle GradTarget(out bool accumulate)
    {
        accumulate = _grad is { IsReleased: false };
        if (accumulate)
            return _grad!.Handle;
        if (_grad is not null && _ownsGrad)
            _grad._storage = Device.Pool.Rent(Count * 4, "gradients");
        else
            _grad = Empty("gradients", _shape, DType.Float32, Device, track: false);
        _ownsGrad = true;
        return _grad.Handle;
    }

    /// <summary>A fresh tensor with whatever numbers its block held before.</summary>
    internal static Tensor Empty(string operation, in Shape shape, DType type, Device device, bool track = true)
        => new(device.Pool.Rent(shape.Count * type.Bytes(), operation), 0, shape, type, device, track);

    /// <summary>The same numbers, from <paramref name="start"/> elements on, seen in another shape; no history.</summary>
    internal Tensor View(in Shape seen, long start)
    {
        this.Require("View");
        _storage!.AddReference();
        return new Tensor(_storage, _offset + start * DType.Bytes(), seen, DType, Device);
    }

    /// <summary>Notes a change in place, after checking that the tape allows one.</summary>
    internal void ChangeInPlace(string operation)
    {
        this.Require(operation);
        if (!NoGrad.Active && RequiresGrad)
            throw new InvalidOperationException(_node is null
                ? $"{operation}: {Described} requires a gradient and cannot be changed in place while operations are recorded; do it " +
                    "under NoGrad."
                : $"{operation}: {Described} is the result of {_node.Name}; changing it in place would make its history wrong. Take " +
                    "Detach() or Clone() first.");
        _storage!.Changed();
    }
}
