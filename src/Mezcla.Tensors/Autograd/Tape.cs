namespace Mezcla.Tensors;

/// <summary>Records operations and walks backwards through them: reverse-mode differentiation.</summary>
internal static class Tape
{
    private static long passes;
    [ThreadStatic] private static List<Node>? order;
    [ThreadStatic] private static Stack<Node>? pending;

    /// <summary>Whether an operation on these must be recorded. Called after the kernel, it also keeps its operands alive until then.</summary>
    internal static bool Records(Tensor a, Tensor? b = null, Tensor? c = null)
        => !NoGrad.Active && (a.RequiresGrad || b is { RequiresGrad: true } || c is { RequiresGrad: true });

    internal static bool Records(ReadOnlySpan<Tensor> tensors)
    {
        bool any = false;
        foreach (var tensor in tensors)
            any |= tensor.RequiresGrad;
        return any && !NoGrad.Active;
    }

    /// <summary>The last thing every operation does.</summary>
    internal static Tensor Finish(string operation, Tensor result)
    {
        if (DetectAnomaly.Active)
            DetectAnomaly.Check(operation, result);
        return result;
    }

    internal static void Backward(Node root, Device device, Tensor? gradient, bool retain)
    {
        if (order is { Count: > 0 })
            throw new InvalidOperationException("Backward: called from inside another backward pass.");
        var nodes = order ??= [];
        try
        {
            Collect(root, nodes);
            nodes.Sort(static (a, b) => b.Order.CompareTo(a.Order));
            Seed(root, device, gradient);
            for (int i = 0; i < nodes.Count; i++)
                Step(nodes[i], retain);
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

    // A depth-first walk with its own stack: a recursive one would overflow on long histories. Each node found is held until the end.
    private static void Collect(Node root, List<Node> nodes)
    {
        long pass = Interlocked.Increment(ref passes);
        var stack = pending ??= new Stack<Node>();
        stack.Clear();
        Visit(root);
        while (stack.TryPop(out var node))
        {
            Visit(node.Input0);
            Visit(node.Input1);
            Visit(node.Input2);
            if (node.MoreInputs is { } more)
                foreach (var input in more)
                    Visit(input);
        }

        void Visit(Node? node)
        {
            if (node is null or LeafNode || node.Visited == pass)
                return;
            if (node.IsFreed)
                throw new InvalidOperationException(
                    $"Backward: the history behind {node.Name} was already used and freed. Call the first Backward with retainGraph: true, or compute the result again.");
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
            if (node.Retained is { IsReleased: false } result)
            {
                var target = result.GradTarget(out bool accumulate);
                node.Device.Kernels.Scale(node.Gradient, target, node.Count, 1, accumulate);
            }
            node.IsLastPass = !retain;
            node.Backward(node.Gradient);
            node.DropGradient();
            if (DetectAnomaly.Active)
                CheckInputs(node);
        }
        if (!retain)
            node.Free();
    }

    private static void CheckInputs(Node node)
    {
        Check(node.Input0);
        Check(node.Input1);
        Check(node.Input2);
        foreach (var input in node.MoreInputs ?? [])
            Check(input);

        void Check(Node? input)
        {
            if (input is not null)
                DetectAnomaly.CheckGradient(node, input, node.Device.Kernels);
        }
    }
}
