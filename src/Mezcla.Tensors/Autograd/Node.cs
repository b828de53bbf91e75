using System.Runtime.CompilerServices;

namespace Mezcla.Tensors;

/// <summary>
/// What the tape remembers of one operation: the nodes that its inputs came from, the values it saved, and how to compute the gradients
/// of its inputs. It is one object for each operation, with fields instead of a closure. It is freed when neither its result nor a later
/// node refers to it, or when the backward pass has used it.
/// </summary>
internal abstract class Node
{
    private static long _made;
    [ThreadStatic] private static Stack<Node>? _freeing;

    private readonly Node?[]? _many;
    private readonly int _inputCount;
    private FewInputs _few;
    private int _references = 1;
    private Handle _gradient;

    protected Node(string name, Tensor result, params ReadOnlySpan<Node?> inputs)
    {
        Name = name;
        Count = result.Count;
        Device = result.Device;
        Order = Interlocked.Increment(ref _made);
        _inputCount = inputs.Length;
        _many = inputs.Length > FewInputs.Most ? new Node?[inputs.Length] : null;
        inputs.CopyTo(Inputs);
        foreach (var input in inputs)
            input?.AddReference();
    }

    // The inputs are stored inside the node, so that most nodes need only one managed object.
    [InlineArray(Most)]
    private struct FewInputs
    {
        internal const int Most = 4;
        private Node? _first;
    }

    /// <summary>The operation's name.</summary>
    internal string Name { get; }

    /// <summary>The number of elements of the result, which is also that of the gradient that arrives here.</summary>
    internal long Count { get; }

    internal Device Device { get; }

    /// <summary>The number of the operation. Later operations have higher numbers, so descending order is a topological order.</summary>
    internal long Order { get; }

    /// <summary>The nodes that receive the gradients of the inputs; null for an input that does not require a gradient.</summary>
    internal Span<Node?> Inputs => _many ?? ((Span<Node?>)_few)[.._inputCount];

    protected Node? Input0 => Inputs[0];

    protected Node? Input1 => Inputs[1];

    protected Node? Input2 => Inputs[2];

    /// <summary>The number of the last backward pass that visited this node.</summary>
    internal long Visited { get; set; }

    internal bool IsFreed { get; private set; }

    /// <summary>Whether the saved values are not needed after this backward pass, so that results may be written over them.</summary>
    internal bool IsLastPass { get; set; }

    /// <summary>The sum of the gradients of the result that have arrived so far.</summary>
    internal ref Handle Gradient => ref _gradient;

    protected DeviceKernels Kernels => Device.Kernels;

    /// <summary>The gradient that has arrived so far, wherever it is stored: for a leaf, in the tensor.</summary>
    internal virtual Handle Arrived => _gradient;

    /// <summary>Adds this operation's contribution to the gradients of its inputs.</summary>
    /// <param name="gradient">The gradient of its result.</param>
    internal abstract void Backward(Handle gradient);

    /// <summary>Releases the saved values.</summary>
    protected virtual void ReleaseSaved() { }

    protected static void Release(params ReadOnlySpan<Saved> saved)
    {
        foreach (var value in saved)
            value.Release();
    }

    /// <summary>A buffer for <paramref name="count"/> Float32 numbers. It stays valid until its storage is released.</summary>
    protected Handle Rent(long count) => new(Device.Pool.Rent(count * sizeof(float), "gradients"), 0);

    /// <summary>The buffer for the gradient of an input; a null handle for an input that does not require a gradient.</summary>
    protected Handle Target(int input, out bool accumulate)
    {
        accumulate = false;
        return Inputs[input]?.Target(out accumulate) ?? default;
    }

    /// <summary>
    /// The buffer for the gradient of an input, for a kernel that can only add: it is filled with zeros if nothing has arrived yet.
    /// </summary>
    protected Handle TargetToAddTo(Node input)
    {
        var target = input.Target(out var accumulate);
        if (!accumulate)
            Kernels.Fill(target, input.Count, 0);
        return target;
    }

    /// <summary>Gives an input the gradient of the result, each element in its own place.</summary>
    protected void Scatter(Handle gradient, ReadOnlySpan<long> from, Node input, ReadOnlySpan<long> to, in Shape shape)
    {
        var target = input.Target(out var accumulate);
        if (accumulate)
            Kernels.AddStrided(gradient, from, target, to, shape);
        else
            Kernels.CopyStrided(gradient, from, target, to, shape, sizeof(float));
    }

    /// <summary>The buffer for this node's incoming gradient, and whether to add to its contents or to overwrite them.</summary>
    internal virtual Handle Target(out bool accumulate)
    {
        accumulate = !_gradient.IsNull;
        if (_gradient.Storage is not { } held)
            _gradient = Rent(Count);
        else if (held.IsShared)
        {
            var own = Rent(Count);
            Kernels.Copy(_gradient, own, Count * 4);
            held.Release();
            _gradient = own;
        }
        return _gradient;
    }

    /// <summary>
    /// The buffer for a gradient that is computed element by element from <paramref name="source"/>, the gradient of a consumer. If nobody
    /// else holds that buffer and no gradient has arrived here yet, the result overwrites the source: writing to memory that was just read
    /// costs less than filling other memory.
    /// </summary>
    internal virtual Handle TargetOver(Handle source, out bool accumulate)
    {
        if (!_gradient.IsNull || source.Storage is not { IsShared: false })
            return Target(out accumulate);
        Receive(source);
        accumulate = false;
        return _gradient;
    }

    /// <summary>
    /// Gives this node a gradient that is already computed. The first one is shared without a copy; later ones are added to it.
    /// </summary>
    internal virtual void Receive(Handle from)
    {
        if (_gradient.IsNull)
        {
            from.Storage!.AddReference();
            _gradient = from;
        }
        else
            Kernels.Scale(from, Target(out _), Count, 1, accumulate: true);
    }

    internal void DropGradient()
    {
        _gradient.Storage?.Release();
        _gradient = default;
    }

    internal virtual void AddReference() => Interlocked.Increment(ref _references);

    internal virtual void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
            Free();
    }

    /// <summary>Releases the saved values and the nodes before this one. It uses no recursion, since histories can be long.</summary>
    internal void Free()
    {
        if (IsFreed)
            return;
        var stack = _freeing ??= new Stack<Node>();
        // A Free inside a Free cannot happen: ReleaseSaved releases storages only.
        stack.Push(this);
        while (stack.TryPop(out var node))
        {
            node.IsFreed = true;
            node.ReleaseSaved();
            foreach (var input in node.Inputs)
                Drop(input, stack);
            node.Inputs.Clear();
        }
    }

    private static void Drop(Node? input, Stack<Node> stack)
    {
        if (input is not null and not LeafNode && Interlocked.Decrement(ref input._references) == 0 && !input.IsFreed)
            stack.Push(input);
    }
}

/// <summary>The node of a tensor without history whose gradient the caller wants. A backward pass ends here.</summary>
internal sealed class LeafNode(Tensor tensor) : Node("a tensor without history", tensor)
{
    internal Tensor Leaf { get; } = tensor;

    internal override Handle Arrived => Leaf.Grad?.Handle ?? default;

    internal override Handle Target(out bool accumulate) => Leaf.GradTarget(out accumulate);

    internal override Handle TargetOver(Handle source, out bool accumulate) => Target(out accumulate);

    internal override void Receive(Handle from)
    {
        var target = Target(out var accumulate);
        Kernels.Scale(from, target, Count, 1, accumulate);
    }

    internal override void Backward(Handle gradient) => throw new InvalidOperationException("A leaf has no inputs.");

    internal override void AddReference() { }

    internal override void Release() { }
}
