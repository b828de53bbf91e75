namespace Mezcla.Layers;

/// <summary>A part of a model that owns parameters and other parts, each under a name.</summary>
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

    /// <summary>How many numbers the parameters hold.</summary>
    public long CountParameters() => NamedParameters().Sum(p => p.Tensor.Count);

    /// <summary>Overwrites a parameter or buffer, as loading a checkpoint does.</summary>
    /// <exception cref="ArgumentException">Not as many values as the parameter holds.</exception>
    public static void Assign(Tensor parameter, ReadOnlySpan<float> values)
    {
        using (new NoGrad())
            parameter.CopyFrom(values);
    }

    /// <summary>Takes everything this module and those inside it hold to another device. Make the
    /// optimizer afterwards: its moments are where the parameters are.</summary>
    public void MoveTo(Device device)
    {
        foreach (var (_, module) in NamedModules())
            foreach (var tensor in module.Held())
                tensor.MoveTo(device);
    }

    /// <summary>Every tensor of this module itself: parameters, buffers, and what is neither trained nor saved.</summary>
    private protected virtual IEnumerable<Tensor> Held() => _parameters.Concat(_buffers).Select(p => p.Tensor);

    /// <summary>Makes <paramref name="value"/> a parameter of this module: it will require gradients.</summary>
    protected Tensor Parameter(string name, Tensor value)
    {
        value.RequiresGrad = true;
        _parameters.Add((name, value));
        return value;
    }

    /// <summary>Makes a tensor that is another module's parameter a parameter of this one
    /// too; whether it requires gradients stays as it is.</summary>
    protected Tensor SharedParameter(string name, Tensor parameter)
    {
        _parameters.Add((name, parameter));
        return parameter;
    }

    /// <summary>State that is saved with the parameters but not trained, such as a routing
    /// bias; all of this module and of those inside it.</summary>
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

    /// <summary>This module and all inside it, by dotted name; its own is empty.</summary>
    public IEnumerable<(string Name, Module Module)> NamedModules() =>
        _children.SelectMany(child => child.Module.NamedModules()
            .Select(inner => (inner.Name.Length == 0 ? child.Name : $"{child.Name}.{inner.Name}", inner.Module))).Prepend(("", this));

    /// <summary>
    /// Puts another module in the place of one inside this one: a quantized linear map in the place of a linear map, say, or a module that
    /// records its inputs before it passes them on. The module that was there is not disposed of, so it can be put back.
    /// </summary>
    /// <param name="name">The dotted name, as in <see cref="NamedModules"/>.</param>
    /// <param name="module">What takes the place: of the type that the property of this name has.</param>
    /// <exception cref="ArgumentException">There is no module of this name, or the new
    /// one is not of the type that is needed there.</exception>
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
    /// <param name="replaced">Told what <see cref="Replace"/> puts in its place; null for a part that cannot be replaced.</param>
    protected T Child<T>(string name, T module, Action<T>? replaced = null) where T : Module
    {
        _children.Add((name, module, replaced is null ? null : Checked));
        return module;

        void Checked(Module other) => replaced(other as T
            ?? throw new ArgumentException(
                $"The module '{name}' must be a {typeof(T).Name}; a {other.GetType().Name} cannot take its place."));
    }
}
