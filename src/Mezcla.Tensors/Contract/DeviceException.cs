namespace Mezcla.Tensors;

/// <summary>
/// A device, its driver or one of its libraries is missing or failed. The message gives its name, its version and a remedy.
/// </summary>
public sealed class DeviceException(string message) : Exception(message);
