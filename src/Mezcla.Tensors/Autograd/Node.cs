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

    // Held inline, so that most nodes are one object.
    [InlineArray(Most)]
    private struct FewInputs
    {
        internal const int Most = 4;
        private Node? _first;
    }

    /// <summary>The operation's name.</summary>
    internal string Name { get; }

    /// <summary>Elements of the result, and so of the gradient that arrives here.</summary>
    internal long Count { get; }

    internal Device Device { get; }

    /// <summary>Later operations have higher numbers: descending order is a topological order.</summary>
    internal long Order { get; }

    /// <summary>Where the gradients of the inputs go; null for an input that wants none.</summary>
    internal Span<Node?> Inputs => _many ?? ((Span<Node?>)_few)[.._inputCount];

    protected Node? Input0 => Inputs[0];

    protected Node? Input1 => Inputs[1];

    protected Node? Input2 => Inputs[2];

    /// <summary>The number of the last backward pass that came here.</summary>
    internal long Visited { get; set; }

    internal bool IsFreed { get; private set; }

    /// <summary>Whether the saved values are not needed after this backward pass, so that results may be written over them.</summary>
    internal bool IsLastPass { get; set; }

    /// <summary>The sum of the gradients of the result that have arrived so far.</summary>
    internal ref Handle Gradient => ref _gradient;

    protected DeviceKernels Kernels => Device.Kernels;

    /// <summary>The same, wherever it is kept: for a leaf, in the tensor.</summary>
    internal virtual Handle Arrived => _gradient;

    /// <summary>Adds this operation's contribution to the gradients of its inputs.</summary>
    /// <param name="gradient">The gradient of its result.</param>
    internal abstract void Backward(Handle gradient);

    /// <summary>Releases the saved values.</summary>
    protected virtual void ReleaseSaved()
    {
    }

    protected static void Release(params ReadOnlySpan<Saved> saved)
    {
        foreach (var value in saved)
            value.Release();
    }

    /// <summary>Room for so many Float32, until its storage is released.</summary>
    protected Handle Rent(long count) => new(Device.Pool.Rent(count * sizeof(float), "gradients"), 0);

    /// <summary>Where the gradient of an input goes; a null handle for an input that wants none.</summary>
    protected Handle Target(int input, out bool accumulate)
    {
        accumulate = false;
        return Inputs[input]?.Target(out accumulate) ?? default;
    }

    /// <summary>The same for a kernel that only adds: it holds zeros where nothing has arrived yet.</summary>
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

    /// <summary>Where to write this node's incoming gradient, and whether to add to what is there or to overwrite it.</summary>
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
    /// The same for a gradient that is computed element by element from <paramref name="source"/>, the gradient of a consumer: the place of
    /// that one, where nobody else holds it and none has arrived here. Writing over
    /// what was just read costs less than filling other memory.
    /// </summary>
    internal virtual Handle TargetOver(Handle source, out bool accumulate)
    {
        if (!_gradient.IsNull || source.Storage is not { IsShared: false })
            return Target(out accumulate);
        Receive(source);
        accumulate = false;
        return _gradient;
    }

    /// <summary>Gives this node a gradient that is already computed: the first is shared, later ones are added.</summary>
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

    /// <summary>Releases the saved values and the nodes before it, without recursion, since histories can be long.</summary>
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

/// <summary>The end of a path: a tensor without history, whose gradient the caller wants.</summary>
internal sealed class LeafNode(Tensor tensor) : Node("a tensor without history", tensor)
{
    private readonly Tensor _leaf = tensor;

    internal override Handle Arrived => _leaf.Grad?.Handle ?? default;

    internal override Handle Target(out bool accumulate) => _leaf.GradTarget(out accumulate);

    internal override Handle TargetOver(Handle source, out bool accumulate) => Target(out accumulate);

    internal override void Receive(Handle from)
    {
        var target = Target(out var accumulate);
        Kernels.Scale(from, target, Count, 1, accumulate);
    }

    internal override void Backward(Handle gradient) => throw new InvalidOperationException("A leaf has no inputs.");

    internal override void AddReference()
    {
    }

    internal override void Release()
    {
    }
}
