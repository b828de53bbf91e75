namespace Mezcla.Notebooks;

/// <summary>What all cells of one engine share while they run, apart from the code they declared.</summary>
internal sealed class EngineState(CellEngineOptions options)
{
    private readonly Dictionary<string, string> _sources = new(StringComparer.Ordinal);

    public CellEngineOptions Options => options;

    /// <summary>The absolute path of the folder at which relative paths start.</summary>
    public string Folder { get; } = Path.GetFullPath(options.WorkingDirectory ?? Environment.CurrentDirectory);

    /// <summary>The formatters that the engine's cells registered.</summary>
    public FormatterSet Formatters { get; } = new();

    /// <summary>The writer that receives the cells' output after a cell has called <see cref="Console.SetOut"/>, or null.</summary>
    public TextWriter? RedirectedOut { get; set; }

    /// <summary>The writer that receives the cells' error output after a cell has called <see cref="Console.SetError"/>, or null.</summary>
    public TextWriter? RedirectedError { get; set; }

    /// <summary>The reader from which cells read after a cell has called <see cref="Console.SetIn"/>, or null.</summary>
    public TextReader? RedirectedIn { get; set; }

    /// <summary>Keeps the text of a cell or loaded file, so that error reports can quote its lines.</summary>
    public void AddSource(string document, string text)
    {
        lock (_sources)
            _sources[document] = text;
    }

    /// <summary>The text last kept under a document's name, or null.</summary>
    public string? SourceOf(string document)
    {
        lock (_sources)
            return _sources.GetValueOrDefault(document);
    }
}
