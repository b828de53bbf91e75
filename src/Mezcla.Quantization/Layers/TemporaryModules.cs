using Mezcla.Layers;

namespace Mezcla.Quantization.Layers;

/// <summary>Replaces modules of a model temporarily: when this object is disposed, the model gets its own modules back.</summary>
internal sealed class TemporaryModules(Module model) : IDisposable
{
    private readonly List<(string Name, Module Own)> _replaced = [];

    /// <summary>Puts a module in the place of the model's own.</summary>
    /// <param name="name">The dotted name.</param>
    /// <param name="own">The module that is there now.</param>
    /// <param name="other">The module that takes its place.</param>
    public void Put(string name, Module own, Module other)
    {
        model.Replace(name, other);
        _replaced.Add((name, own));
    }

    /// <summary>Puts the model's own modules back.</summary>
    public void Dispose()
    {
        foreach (var (name, own) in _replaced)
            model.Replace(name, own);
        _replaced.Clear();
    }
}
