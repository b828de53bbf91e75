namespace Mezcla.Tests;

/// <summary>The copy of the repository in which the tests were built.</summary>
internal static class Checkout
{
    /// <summary>The folder of Mezcla.slnx.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Mezcla.slnx")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} has the file Mezcla.slnx.");
    }
}
