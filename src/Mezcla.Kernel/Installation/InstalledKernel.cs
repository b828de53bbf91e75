namespace Mezcla.Kernel.Installation;

/// <summary>A kernel that front ends find.</summary>
/// <param name="Name">The name notebooks call it by.</param>
/// <param name="Folder">The folder of its specification.</param>
/// <param name="DisplayName">What menus call it.</param>
/// <param name="Language">Its language.</param>
/// <param name="Application">Where the kernel's program is, if this library installed it; else null.</param>
public sealed record InstalledKernel(string Name, string Folder, string DisplayName, string Language, string? Application);
