namespace Mezcla.Tensors;

/// <summary>
/// All devices that one assembly provides, such as all OpenCL devices. An assembly declares its family with
/// <see cref="DeviceFamilyAttribute"/>; <see cref="Device"/> then finds it by name, so that no other code needs a list of the families.
/// </summary>
public abstract class DeviceFamily
{
    /// <summary>The word that a device's name begins with, such as <c>opencl</c> in <c>opencl:1</c>.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// How a user may write the name of a device of this family, such as <c>opencl or opencl:1</c>; shown when a name is not understood.
    /// </summary>
    public virtual string Usage => Name;

    /// <summary>Describes the devices found on this machine. The CPU itself is not among them.</summary>
    public virtual IReadOnlyList<DeviceDescription> Found => [];

    /// <summary>The full name of a device that <see cref="Device.Best"/> takes if nobody names one: a GPU that has passed
    /// <see cref="SmokeTest"/>; null if there is none, or if devices of this family are used only when somebody asks.</summary>
    public virtual string? Preferred => null;

    /// <summary>What was found, or what is missing and how to get it; null if there is nothing to say.</summary>
    public virtual string? Report => null;

    /// <summary>
    /// The full name of the device that <paramref name="name"/> (lower case) means, such as <c>opencl:0</c> for <c>opencl</c>; null if it
    /// does not belong to this family.
    /// </summary>
    public abstract string? Resolve(string name);

    /// <summary>Opens a device.</summary>
    /// <param name="name">A name that <see cref="Resolve"/> returned.</param>
    /// <exception cref="DeviceException">The device, its driver or one of its libraries is missing or does not work.</exception>
    public abstract DeviceKernels Open(string name);
}

/// <summary>Declares the family of devices that an assembly provides.</summary>
/// <param name="family">A class derived from <see cref="DeviceFamily"/> with a constructor without parameters.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class DeviceFamilyAttribute(Type family) : Attribute
{
    /// <summary>The family's class.</summary>
    public Type Family { get; } = family;
}
