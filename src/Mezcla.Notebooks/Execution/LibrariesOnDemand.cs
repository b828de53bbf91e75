namespace Mezcla.Notebooks;

/// <summary>
/// Libraries of the host that a session loads only when its cells ask for them: when code mentions one of <paramref name="Words"/>, or
/// when a cell refers to a package that brings the first of the assemblies in the version that the host has. A package with another
/// version replaces them.
/// </summary>
/// <param name="Words">The words, such as the name of a type or of a namespace.</param>
/// <param name="Assemblies">The simple names of assemblies that the host can load, the one that was asked for first and then those that
/// its types are made of.</param>
/// <param name="Forms">Gives the forms in which cells show values of the libraries' types. It is called once in a session, after the
/// libraries were asked for.</param>
public sealed record LibrariesOnDemand(
    IReadOnlyList<string> Words, IReadOnlyList<string> Assemblies, Func<IEnumerable<TypeForm>>? Forms = null);
