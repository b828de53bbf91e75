using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors;

/// <summary>
/// What the tape remembers of one operation: the nodes that its inputs came from, the values it saved, and how to compute the gradients
/// of its inputs. It is one object for each operation, with fields instead of a closure. It is freed when neither its result nor a later
/// node refers to it, or when the backward pass has used it.
/// </summary>
internal abstract class Node
{
    private static long made;
    [ThreadStatic] private static Stack<Node>? freeing;

    private int references = 1;
    private Handle gradient;

    protected Node(string name, Tensor result, Node? input0, Node? input1 = null, Node? input2 = null)
    {
        Name = name;
        Count = result.Count;
        Device = result.Device;
        Order = Interlocked.Increment(ref made);
        Input0 = input0;
        Input1 = input1;
        Input2 = input2;
        input0?.AddReference();
        input1?.AddReference();
        input2?.AddReference();
    }

    /// <summary>The operation's name.</summary>
    internal string Name { get; }

    /// <summary>Elements of the result, and so of the gradient that arrives here.</summary>
    internal long Count { get; }

    internal Device Device { get; }

    /// <summary>Later operations have higher numbers: descending order is a topological order.</summary>
    internal long Order { get; }

    /// <summary>Where the gradients of the inputs go; null for an input that wants none.</summary>
    internal Node? Input0 { get; private set; }

    internal Node? Input1 { get; private set; }

    internal Node? Input2 { get; private set; }

    /// <summary>Inputs beyond the third, for operations on many.</summary>
    internal virtual Node?[]? MoreInputs => null;

    /// <summary>The number of the last backward pass that came here.</summary>
    internal long Visited { get; set; }

    internal bool IsFreed { get; private set; }

    /// <summary>Whether the saved values are not needed after this backward pass, so that results may be written over them.</summary>
    internal bool IsLastPass { get; set; }

    /// <summary>The result, where its gradient is to be kept.</summary>
    internal Tensor? Retained { get; set; }

    /// <summary>The sum of the gradients of the result that have arrived so far.</summary>
    internal ref Handle Gradient => ref gradient;

    protected DeviceKernels Kernels => Device.Kernels;

    /// <summary>The same, wherever it is kept: for a leaf, in the tensor.</summary>
    internal virtual Handle Arrived => gradient;

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

    /// <summary>Where to write this node's incoming gradient, and whether to add to what is there or to overwrite it.</summary>
    internal virtual Handle Target(out bool accumulate)
    {
        accumulate = !gradient.IsNull;
        if (gradient.Storage is not { } held)
            gradient = new Handle(Device.Pool.Rent(Count * 4, "gradients"), 0);
        else if (held.IsShared)
        {
            var own = new Handle(Device.Pool.Rent(Count * 4, "gradients"), 0);
            Kernels.Copy(gradient, own, Count * 4);
            held.Release();
            gradient = own;
        }
        return gradient;
    }

    /// <summary>
    /// The same for a gradient that is computed element by element from <paramref name="source"/>, the gradient of a consumer: the place of that
    /// one, where nobody else holds it and none has arrived here. Writing over what was just read costs less than filling other memory.
    /// </summary>
    internal virtual Handle TargetOver(Handle source, out bool accumulate)
    {
        if (!gradient.IsNull || source.Storage is not { IsShared: false }) return Target(out accumulate);
        Receive(source);
        accumulate = false;
        return gradient;
    }

    /// <summary>Gives this node a gradient that is already computed: the first is shared, later ones are added.</summary>
    internal virtual void Receive(Handle from)
    {
        if (gradient.IsNull)
        {
            from.Storage!.AddReference();
            gradient = from;
        }
        else
            Kernels.Scale(from, Target(out _), Count, 1, accumulate: true);
    }

    internal void DropGradient()
    {
        gradient.Storage?.Release();
        gradient = default;
    }

    internal virtual void AddReference() => Interlocked.Increment(ref references);

    internal virtual void Release()
    {
        if (Interlocked.Decrement(ref references) == 0)
            Free();
    }

    /// <summary>Releases the saved values and the nodes before it, without recursion, since histories can be long.</summary>
    internal void Free()
    {
        if (IsFreed)
            return;
        var stack = freeing ??= new Stack<Node>();
        // A Free inside a Free cannot happen: ReleaseSaved releases storages only.
        stack.Push(this);
        while (stack.TryPop(out var node))
        {
            node.IsFreed = true;
            node.ReleaseSaved();
            node.Retained = null;
            Drop(node.Input0, stack);
            Drop(node.Input1, stack);
            Drop(node.Input2, stack);
            if (node.MoreInputs is { } more)
            {
                foreach (var input in more)
                    Drop(input, stack);
                Array.Clear(more);
            }
            node.Input0 = node.Input1 = node.Input2 = null;
        }
    }

    private static void Drop(Node? input, Stack<Node> stack)
    {
        if (input is not null and not LeafNode && Interlocked.Decrement(ref input.references) == 0 && !input.IsFreed)
            stack.Push(input);
    }
}

/// <summary>The end of a path: a tensor without history, whose gradient the caller wants.</summary>
internal sealed class LeafNode(Tensor tensor) : Node("a tensor without history", tensor, null)
{
    private readonly Tensor leaf = tensor;

    internal override Handle Arrived => leaf.Grad?.Handle ?? default;

    internal override Handle Target(out bool accumulate) => leaf.GradTarget(out accumulate);

    internal override Handle TargetOver(Handle source, out bool accumulate) => Target(out accumulate);

    internal override void Receive(Handle from)
    {
        var target = Target(out bool accumulate);
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
