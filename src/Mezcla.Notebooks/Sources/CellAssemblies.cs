using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Runtime.CompilerServices;

namespace Mezcla.Notebooks;

/// <summary>Knows the assemblies compiled from cells, and which source line each instruction came from.</summary>
internal static class CellAssemblies
{
    private static readonly ConditionalWeakTable<Assembly, MetadataReaderProvider> Symbols = [];

    public static void Register(Assembly assembly, MemoryStream symbols) =>
        Symbols.Add(assembly, MetadataReaderProvider.FromPortablePdbImage([.. symbols.ToArray()]));

    /// <summary>Whether an assembly was compiled from a cell.</summary>
    public static bool IsDynamicCell(this Assembly assembly) =>
        Symbols.TryGetValue(assembly, out _);

    /// <summary>Where an instruction of a method came from, or null where that isn't known.</summary>
    public static SourcePlace? Find(MethodBase method, int ilOffset)
    {
        if (ilOffset < 0 || !Symbols.TryGetValue(method.Module.Assembly, out var provider))
            return null;

        var reader = provider.GetMetadataReader();
        var row = method.MetadataToken & 0x00FFFFFF;
        if (row == 0 || row > reader.MethodDebugInformation.Count)
            return null;

        SourcePlace? place = null;
        foreach (var point in reader.GetMethodDebugInformation(MetadataTokens.MethodDebugInformationHandle(row)).GetSequencePoints())
        {
            if (point.IsHidden)
                continue;

            if (point.Offset > ilOffset && place is not null)
                break;

            var document = reader.GetString(reader.GetDocument(point.Document).Name);
            place = new SourcePlace(document, point.StartLine, point.StartColumn,
                point.EndLine == point.StartLine ? point.EndColumn : point.StartColumn);
        }

        return place;
    }
}
