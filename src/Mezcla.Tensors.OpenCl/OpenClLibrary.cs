using Silk.NET.OpenCL;

namespace Mezcla.Tensors.OpenCl;

/// <summary>OpenCL's loader, which hands calls on to the drivers that are installed.</summary>
internal static class OpenClLibrary
{
    private static readonly Lazy<CL?> Loaded = new(Load);

    /// <summary>OpenCL's functions; null where no loader is installed.</summary>
    public static CL? Api => Loaded.Value;

    private static CL? Load()
    {
        try
        {
            return CL.GetApi();
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
