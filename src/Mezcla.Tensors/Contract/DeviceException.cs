namespace Mezcla.Tensors;

/// <summary>A device, its driver or one of its libraries is missing or failed. The message names it, its version and what helps.</summary>
public sealed class DeviceException(string message) : Exception(message);
