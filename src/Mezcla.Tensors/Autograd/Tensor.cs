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
    /// <exception cref="InvalidOperationException">Set on an <see cref="DType.Int32"/> tensor, or cleared
    /// on the result of an operation.</exception>
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
    /// The gradient: the derivative, with respect to this tensor, of the tensor on which <see cref="Backward"/> was called, summed over all
    /// calls since the gradient was last cleared. It is Float32 and has the shape of this tensor. Null before the first call.
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
    /// Runs the backward pass: walks from this tensor back through the operations that made it. Each tensor without
    /// history whose <see cref="RequiresGrad"/> is set gets the derivative of this one, weighted by
    /// <paramref name="gradient"/>, added to its <see cref="Grad"/>.
    /// </summary>
    /// <param name="gradient">The gradient with respect to this tensor, of its shape; null for 1,
    /// which needs a tensor with one element.</param>
    /// <param name="retainGraph">Whether to keep the history for another call. Otherwise it is freed during
    /// the call, and a second call throws.</param>
    /// <param name="completed">Called, while the pass goes on, with each tensor whose <see cref="Grad"/> has got all that this pass
    /// adds to it; null if nobody waits for that.</param>
    /// <exception cref="InvalidOperationException">Nothing here requires a gradient, the history was already freed, or a value that the
    /// tape saved has since been changed in place.</exception>
    /// <exception cref="ArgumentException">The shape of <paramref name="gradient"/> differs, or it is null although
    /// this tensor has several elements.</exception>
    public void Backward(Tensor? gradient = null, bool retainGraph = false, Action<Tensor>? completed = null)
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
        Tape.Backward(root, Device, gradient, retainGraph, completed);
        GC.KeepAlive(this);
    }

    /// <summary>A tensor with the same numbers but without history. Nothing is copied.</summary>
    public Tensor Detach() => View(_shape, 0);

    /// <summary>
    /// Releases the numbers and <see cref="Grad"/> now. If the tape still needs the numbers, it keeps them
    /// alive until the backward pass has used them.
    /// </summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _storage, null) is not { } held)
            return;
        held.Release();
        Interlocked.Exchange(ref _node, null)?.Release();
        ClearGrad();
    }

    /// <summary>Set by <see cref="TensorScope.Keep"/>: the tensor survives the end of the innermost scope.</summary>
    internal bool Kept { get; set; }

    internal bool IsReleased => _storage is null;

    internal ref readonly Shape Sizes => ref _shape;

    /// <summary>The memory that holds the numbers, for authors of kernels. Keep the tensor referenced while the handle is in use.</summary>
    [EditorBrowsable(EditorBrowsableState.Advanced)]
    public Handle Handle => new(_storage, _offset);

    internal DeviceKernels Kernels => Device.Kernels;

    /// <summary>The node that receives this tensor's gradient; null if the tensor does not require one.</summary>
    internal Node? GradNode => _node ?? (_requiresGrad ? _leaf ??= new LeafNode(this) : null);

    /// <summary>Attaches the node of the operation that made this tensor.</summary>
    internal Tensor RecordedAs(Node made)
    {
        _node = made;
        return this;
    }

    /// <summary>
    /// The buffer of <see cref="Grad"/>: to be added to, or to be overwritten after the gradient was cleared. The tensor object is used
    /// again, so that a training step allocates none.
    /// </summary>
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

    /// <summary>A new tensor whose block is not cleared: it holds the numbers of its earlier use.</summary>
    internal static Tensor Empty(string operation, in Shape shape, DType type, Device device, bool track = true)
        => new(device.Pool.Rent(shape.Count * type.Bytes(), operation), 0, shape, type, device, track);

    /// <summary>A view in another shape of the numbers that begin <paramref name="start"/> elements further on, without history.</summary>
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
