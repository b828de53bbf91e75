namespace Mezcla.Notebooks;

/// <summary>Packages for programs, restored as <c>#r "nuget: ..."</c> does for cells: by the SDK, with the user's own sources.</summary>
public static class NuGetPackage
{
    /// <summary>Restores a package and those it needs, and gives their native files for this machine.</summary>
    /// <param name="id">The package.</param>
    /// <param name="version">Its version.</param>
    /// <param name="target">A target of these packages that is run afterwards; null for none.</param>
    /// <param name="cancellation">Ends the restoring.</param>
    /// <exception cref="InvalidOperationException">There is no SDK, or it failed; the message has its reasons.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static IReadOnlyList<string> RestoreNativeFiles(
        string id, string version, string? target = null, CancellationToken cancellation = default)
    {
        PackageRequest[] requests = [new(id, $"[{version}]")];
        try
        {
            var restored = PackageRestorer.Restore(requests, [], null, cancellation,
                hint: "To add a source: dotnet nuget add source ADDRESS");
            if (target is not null)
                PackageRestorer.RunTarget(requests, target, cancellation);
            return restored.NativeFiles;
        }
        catch (DirectiveException exception)
        {
            throw new InvalidOperationException(exception.Message, exception);
        }
    }
}
