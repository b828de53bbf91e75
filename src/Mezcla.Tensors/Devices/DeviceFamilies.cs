using System.Reflection;

namespace Mezcla.Tensors;

/// <summary>
/// Finds the assemblies that provide devices: those with known names in the same folder, and those added by <see cref="Device.Register"/>.
/// </summary>
internal static class DeviceFamilies
{
    // In the order in which mezcla doctor lists them.
    private static readonly string[] AssemblyNames = ["Mezcla.Tensors.Cpu", "Mezcla.Tensors.OpenCl", "Mezcla.Tensors.Torch"];

    private static readonly Lock Gate = new();
    private static readonly List<DeviceFamily> Registered = [];
    private static readonly Dictionary<string, IReadOnlyList<DeviceFamily>> Loaded = [];

    /// <summary>Adds a family that none of the known assemblies provides.</summary>
    internal static void Register(DeviceFamily family)
    {
        lock (Gate)
            Registered.Add(family);
    }

    /// <summary>Every available family, those registered by hand first.</summary>
    internal static IReadOnlyList<DeviceFamily> All
    {
        get
        {
            lock (Gate)
                return [.. Registered, .. AssemblyNames.SelectMany(InAssembly)];
        }
    }

    /// <summary>The family of the fast CPU kernels; null if its assembly is not present.</summary>
    internal static DeviceFamily? Cpu
    {
        get
        {
            lock (Gate)
                return InAssembly(AssemblyNames[0]).FirstOrDefault();
        }
    }

    private static IReadOnlyList<DeviceFamily> InAssembly(string name)
    {
        if (Loaded.TryGetValue(name, out var families))
            return families;
        families = Load(name)?.GetCustomAttributes<DeviceFamilyAttribute>()
            .Select(attribute => (DeviceFamily)Activator.CreateInstance(attribute.Family)!).ToArray() ?? [];
        return Loaded[name] = families;
    }

    private static Assembly? Load(string name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (FileNotFoundException)
        {
            // A program that loaded this assembly from a path may have the other one in the same folder.
            var beside = Path.Combine(Path.GetDirectoryName(typeof(DeviceFamilies).Assembly.Location) ?? "", name + ".dll");
            return File.Exists(beside) ? Assembly.LoadFrom(beside) : null;
        }
    }
}
