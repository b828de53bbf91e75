namespace Mezcla.Tensors;

/// <summary>A device that was found, described for people.</summary>
/// <param name="Name">The device, such as <c>opencl:0</c>.</param>
/// <param name="Hardware">The name that its driver gives it.</param>
/// <param name="Memory">Bytes; 0 where the driver does not tell.</param>
/// <param name="Driver">The driver and its version.</param>
/// <param name="IsProcessor">Whether it is a CPU with a driver of its own, such as PoCL.</param>
public sealed record DeviceDescription(string Name, string Hardware, long Memory, string Driver, bool IsProcessor);
