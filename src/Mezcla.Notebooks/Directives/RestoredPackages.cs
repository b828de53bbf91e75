namespace Mezcla.Notebooks;

/// <summary>The files of restored packages.</summary>
internal sealed record RestoredPackages(
    IReadOnlyDictionary<string, string> Versions,
    IReadOnlyList<string> CompileFiles,
    IReadOnlyList<string> RuntimeFiles,
    IReadOnlyList<string> ResourceFiles,
    IReadOnlyList<string> NativeFiles,
    IReadOnlyList<string> ExtensionFiles);
