namespace Mezcla.Notebooks;

/// <summary>
/// Connects this library to a notebook's kernel that is not this library's own, such as .NET Interactive's, when cells of that kernel
/// use the library.
/// </summary>
public static class OtherHost
{
    private static volatile ICellOutput? _output;

    /// <summary>
    /// Where code that runs in no cell of this library's engine shows what it displays. Null, as it is at first, means the console.
    /// </summary>
    public static ICellOutput? Output
    {
        get => _output;
        set => _output = value;
    }
}
