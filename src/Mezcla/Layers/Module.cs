namespace Mezcla.Layers;

/// <summary>A part of a model that owns parameters and other modules, each under a name.</summary>
public abstract class Module
{
    private readonly List<(string Name, Tensor Tensor)> _parameters = [];
    private readonly List<(string Name, Tensor Tensor)> _buffers = [];
    private readonly List<(string Name, Module Module, Action<Module>? Replaced)> _children = [];

    /// <summary>All parameters of this module and of those inside it, by dotted name, in a fixed order.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> NamedParameters()
    {
        foreach (var parameter in _parameters)
            yield return parameter;
        foreach (var (prefix, child, _) in _children)
            foreach (var (name, tensor) in child.NamedParameters())
                yield return ($"{prefix}.{name}", tensor);
    }

    /// <summary>All parameters, in the order of <see cref="NamedParameters"/>.</summary>
    public IReadOnlyList<Tensor> Parameters() => [.. NamedParameters().Select(p => p.Tensor)];

    /// <summary>The total number of elements of all parameters.</summary>
    public long CountParameters() => NamedParameters().Sum(p => p.Tensor.Count);

    /// <summary>Overwrites a parameter or buffer, as when a checkpoint is loaded.</summary>
    /// <exception cref="ArgumentException">The number of values is not that of the parameter.</exception>
    public static void Assign(Tensor parameter, ReadOnlySpan<float> values)
    {
        using (new NoGrad())
            parameter.CopyFrom(values);
    }

    /// <summary>
    /// Moves all tensors of this module and of those inside it to another device. Make the optimizer afterwards, because its moments are
    /// allocated where the parameters are.
    /// </summary>
    public void MoveTo(Device device)
    {
        foreach (var (_, module) in NamedModules())
            foreach (var tensor in module.OwnTensors())
                tensor.MoveTo(device);
    }

    /// <summary>Every tensor of this module itself: parameters, buffers, and tensors that are neither trained nor saved.</summary>
    private protected virtual IEnumerable<Tensor> OwnTensors() => _parameters.Concat(_buffers).Select(p => p.Tensor);

    /// <summary>Makes <paramref name="value"/> a parameter of this module: it will require gradients.</summary>
    protected Tensor Parameter(string name, Tensor value)
    {
        value.RequiresGrad = true;
        _parameters.Add((name, value));
        return value;
    }

    /// <summary>
    /// Shares a parameter of another module: makes it a parameter of this one too. Whether it requires gradients does not change.
    /// </summary>
    protected Tensor SharedParameter(string name, Tensor parameter)
    {
        _parameters.Add((name, parameter));
        return parameter;
    }

    /// <summary>
    /// Tensors that are saved with the parameters but not trained, such as a routing bias: those of
    /// this module and of the modules inside it.
    /// </summary>
    public IEnumerable<(string Name, Tensor Tensor)> NamedBuffers()
    {
        foreach (var buffer in _buffers)
            yield return buffer;
        foreach (var (prefix, child, _) in _children)
            foreach (var (name, tensor) in child.NamedBuffers())
                yield return ($"{prefix}.{name}", tensor);
    }

    /// <summary>Makes <paramref name="value"/> a buffer of this module.</summary>
    protected Tensor Buffer(string name, Tensor value)
    {
        _buffers.Add((name, value));
        return value;
    }

    /// <summary>This module, under an empty name, and all modules inside it by dotted name.</summary>
    public IEnumerable<(string Name, Module Module)> NamedModules() =>
        _children.SelectMany(child => child.Module.NamedModules()
            .Select(inner => (inner.Name.Length == 0 ? child.Name : $"{child.Name}.{inner.Name}", inner.Module))).Prepend(("", this));

    /// <summary>
    /// Replaces a module inside this one, for example a linear layer by a quantized one, or by a module that records its inputs before it
    /// passes them on. The old module is not disposed of, so it can be put back.
    /// </summary>
    /// <param name="name">The dotted name, as in <see cref="NamedModules"/>.</param>
    /// <param name="module">The new module. It must have the type of the property of this name.</param>
    /// <exception cref="ArgumentException">There is no module of this name, or the new one does not have the required type.</exception>
    /// <exception cref="InvalidOperationException">The module of this name cannot be replaced.</exception>
    public void Replace(string name, Module module)
    {
        var index = _children.FindIndex(c => name == c.Name || name.StartsWith(c.Name + ".", StringComparison.Ordinal));
        if (index < 0)
            throw new ArgumentException($"A {GetType().Name} has no module '{name}'.", nameof(name));
        var (child, current, replaced) = _children[index];
        if (name != child)
        {
            current.Replace(name[(child.Length + 1)..], module);
            return;
        }

        if (replaced is null)
            throw new InvalidOperationException($"The module '{name}' of a {GetType().Name} cannot be replaced.");
        replaced(module);
        _children[index] = (child, module, replaced);
    }

    /// <summary>Makes <paramref name="module"/> a part of this one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="module">The part.</param>
    /// <param name="replaced">Called with the module that <see cref="Replace"/> puts here; null for
    /// a module that cannot be replaced.</param>
    protected T Child<T>(string name, T module, Action<T>? replaced = null) where T : Module
    {
        _children.Add((name, module, replaced is null ? null : Checked));
        return module;

        void Checked(Module other) => replaced(other as T
            ?? throw new ArgumentException(
                $"The module '{name}' must be a {typeof(T).Name}; a {other.GetType().Name} cannot take its place."));
    }
}
