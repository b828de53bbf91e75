using Mezcla.Tensors;

namespace Mezcla.Layers;

/// <summary>A part of a model that owns parameters and other parts, each under a name.</summary>
public abstract class Module
{
    private readonly List<(string Name, Tensor Tensor)> _parameters = [];
    private readonly List<(string Name, Tensor Tensor)> _buffers = [];
    private readonly List<(string Name, Module Module)> _children = [];

    /// <summary>All parameters of this module and of those inside it, by dotted name, in a fixed order.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> NamedParameters()
    {
        foreach (var parameter in _parameters) yield return parameter;
        foreach (var (prefix, child) in _children)
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
        using (new NoGrad()) parameter.CopyFrom(values);
    }

    /// <summary>Takes everything this module and those inside it hold to another device. Make the optimizer afterwards: its moments are where the parameters are.</summary>
    public void MoveTo(Device device)
    {
        foreach (var (_, module) in NamedModules())
            foreach (var tensor in module.Held()) tensor.MoveTo(device);
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

    /// <summary>State that is saved with the parameters but not trained, such as a routing bias; all of this module and of those inside it.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> NamedBuffers()
    {
        foreach (var buffer in _buffers) yield return buffer;
        foreach (var (prefix, child) in _children)
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
    internal IEnumerable<(string Name, Module Module)> NamedModules() =>
        _children.SelectMany(child => child.Module.NamedModules().Select(inner => (inner.Name.Length == 0 ? child.Name : $"{child.Name}.{inner.Name}", inner.Module))).Prepend(("", this));

    /// <summary>Drops a parameter of this module and frees its memory.</summary>
    private protected void Release(string name)
    {
        var index = _parameters.FindIndex(p => p.Name == name);
        if (index < 0) return;
        _parameters[index].Tensor.Dispose();
        _parameters.RemoveAt(index);
    }

    /// <summary>Makes <paramref name="module"/> a part of this one.</summary>
    protected T Child<T>(string name, T module) where T : Module
    {
        _children.Add((name, module));
        return module;
    }
}
