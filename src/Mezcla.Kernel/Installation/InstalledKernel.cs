namespace Mezcla.Kernel.Installation;

/// <summary>An installed kernel that front ends can find.</summary>
/// <param name="Name">The name by which notebooks refer to it.</param>
/// <param name="Folder">The folder of its kernel specification.</param>
/// <param name="DisplayName">Its name in menus.</param>
/// <param name="Language">Its language.</param>
/// <param name="Application">The folder of the kernel's program if this library installed it, otherwise null.</param>
public sealed record InstalledKernel(string Name, string Folder, string DisplayName, string Language, string? Application);
