using System.Reflection;
using System.Text;
using Mezcla.Notebooks.Html;

namespace Mezcla.Learn.Server;

/// <summary>The scripts and style sheets of the pages, which stand in the assembly.</summary>
internal static class Assets
{
    private static readonly Dictionary<string, Lazy<byte[]>> All = new(StringComparer.Ordinal)
    {
        ["page.css"] = new(() => Encoding.UTF8.GetBytes(NotebookPage.StyleSheet)),
        ["page.js"] = new(() => Encoding.UTF8.GetBytes(NotebookPage.Script)),
        ["theme.js"] = Resource("theme.js"),
        ["learn.js"] = Resource("learn.js"),
        ["learn.css"] = Resource("learn.css"),
        ["frame.js"] = Resource("frame.js"),
        ["frame.css"] = Resource("frame.css"),
        ["editor.js"] = Resource("editor.js"),
        ["editor.licences.txt"] = Resource("editor.licences.txt"),
    };

    /// <summary>The content and type of an asset, or null if there is none of this name.</summary>
    public static (byte[] Content, string Type)? Find(string name) => All.TryGetValue(name, out var content)
        ? (content.Value, Path.GetExtension(name) switch
        {
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            _ => "text/plain; charset=utf-8",
        })
        : null;

    private static Lazy<byte[]> Resource(string name) => new(() =>
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Mezcla.Learn.Assets.{name}")!;
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    });
}
