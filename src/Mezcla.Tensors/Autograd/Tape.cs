using System.Runtime.InteropServices;

namespace Mezcla.Tensors;

/// <summary>Records operations and runs the backward pass through them: reverse-mode automatic differentiation.</summary>
internal static class Tape
{
    private static long _passes;
    [ThreadStatic] private static List<Node>? _order;
    [ThreadStatic] private static Stack<Node>? _pending;

    /// <summary>
    /// Whether an operation on these operands must be recorded. Since this is called after the kernel, it also keeps the operands alive
    /// until the kernel was called.
    /// </summary>
    internal static bool Records(params ReadOnlySpan<Tensor?> operands)
    {
        foreach (var operand in operands)
            if (operand is { RequiresGrad: true })
                return !NoGrad.Active;
        return false;
    }

    /// <summary>
    /// Completes an operation: attaches <paramref name="node"/>, if there is one, to the result, and searches it for NaN if asked to.
    /// </summary>
    internal static Tensor Finish(string operation, Tensor result, Node? node = null)
    {
        if (node is not null)
            result.RecordedAs(node);
        if (DetectAnomaly.Active)
            DetectAnomaly.Check(operation, result);
        return result;
    }

    internal static void Backward(Node root, Device device, Tensor? gradient, bool retain, Action<Tensor>? completed)
    {
        if (_order is { Count: > 0 })
            throw new InvalidOperationException("Backward: called from inside another backward pass.");
        var nodes = _order ??= [];
        try
        {
            Collect(root, nodes);
            nodes.Sort(static (a, b) => b.Order.CompareTo(a.Order));
            Seed(root, device, gradient);
            var waiting = completed is null ? null : Uses(nodes);
            for (var i = 0; i < nodes.Count; i++)
            {
                // The step frees the node, which then knows its inputs no more.
                var leaves = waiting is null ? null : Leaves(nodes[i]);
                Step(nodes[i], retain);
                if (leaves is not null)
                    Tell(leaves, waiting!, completed!);
            }
        }
        finally
        {
            foreach (var node in nodes)
            {
                node.DropGradient();
                node.Release();
            }
            nodes.Clear();
        }
        GC.KeepAlive(gradient);
    }

    private static void Seed(Node root, Device device, Tensor? gradient)
    {
        if (gradient is not null)
            root.Receive(gradient.Handle);
        else
        {
            var one = new Handle(device.Pool.Rent(4, "gradients"), 0);
            device.Kernels.Fill(one, 1, 1);
            root.Receive(one);
            one.Storage!.Release();
        }
    }

    // How many operations of this pass use each leaf: its gradient is complete when all have given theirs.
    private static Dictionary<LeafNode, int> Uses(List<Node> nodes)
    {
        var uses = new Dictionary<LeafNode, int>();
        foreach (var node in nodes)
            foreach (var leaf in Leaves(node))
                CollectionsMarshal.GetValueRefOrAddDefault(uses, leaf, out _)++;
        return uses;
    }

    private static void Tell(List<LeafNode> leaves, Dictionary<LeafNode, int> waiting, Action<Tensor> completed)
    {
        foreach (var leaf in leaves)
            if (--CollectionsMarshal.GetValueRefOrAddDefault(waiting, leaf, out _) == 0)
                completed(leaf.Leaf);
    }

    private static List<LeafNode> Leaves(Node node)
    {
        var leaves = new List<LeafNode>();
        foreach (var input in node.Inputs)
            if (input is LeafNode leaf)
                leaves.Add(leaf);
        return leaves;
    }

    // A depth-first search with its own stack, since recursion would overflow on long histories.
    // Each node found is kept alive until the end.
    private static void Collect(Node root, List<Node> nodes)
    {
        var pass = Interlocked.Increment(ref _passes);
        var stack = _pending ??= new Stack<Node>();
        stack.Clear();
        Visit(root);
        while (stack.TryPop(out var node))
        {
            foreach (var input in node.Inputs)
                Visit(input);
        }

        void Visit(Node? node)
        {
            if (node is null or LeafNode || node.Visited == pass)
                return;
            if (node.IsFreed)
                throw new InvalidOperationException(
                    $"Backward: the history behind {node.Name} was already used and freed. Call the first Backward with retainGraph: " +
                        "true, or compute the result again.");
            node.Visited = pass;
            node.AddReference();
            nodes.Add(node);
            stack.Push(node);
        }
    }

    private static void Step(Node node, bool retain)
    {
        if (!node.Gradient.IsNull)
        {
            node.IsLastPass = !retain;
            node.Backward(node.Gradient);
            node.DropGradient();
            if (DetectAnomaly.Active)
                DetectAnomaly.CheckGradients(node);
        }
        if (!retain)
            node.Free();
    }
}
