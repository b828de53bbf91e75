using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Mezcla.Notebooks;

/// <summary>Advice for errors whose own message does not say what to do.</summary>
internal static class Hints
{
    private static readonly string[] Kernels = ["Kernel", "KernelExtensions", "KernelInvocationContext", "CompositeKernel"];

    private static readonly string[] Html = ["PocketView", "PocketViewTags"];

    public static string? For(Diagnostic error, CSharpCompilation compilation)
    {
        var message = CompileReport.MessageOf(error);
        switch (error.Id)
        {
            case "CS0103" or "CS0246" or "CS0234" when Names(message, Kernels):
                return "it is .NET Interactive's. Kernel.Root and KernelInvocationContext.Current are here after " +
                    "using Microsoft.DotNet.Interactive; but plain C# and display(...) need no kernel.";
            case "CS0103" or "CS0246" or "CS0234" when Names(message, Html):
                return "add using static Microsoft.DotNet.Interactive.Formatting.PocketViewTags;";
            case "CS0103" or "CS0246" or "CS0234" when Names(message, ["CSharpKernel"]):
                return "this is .NET Interactive's own C# kernel; Kernel.Root.FindKernelByName(\"csharp\") gives the one that runs this " +
                    "cell.";
            case "CS0234" when message.Contains("'DotNet'", StringComparison.Ordinal)
                || message.Contains("'Interactive'", StringComparison.Ordinal):
                return "Microsoft.DotNet.Interactive is not part of this kernel. display, Formatter and HTML work without it; for " +
                    "PocketView, add using static Microsoft.DotNet.Interactive.Formatting.PocketViewTags;";
            case "CS0029" or "CS1503" or "CS0266" or "CS1929" when error.GetMessage(System.Globalization.CultureInfo.InvariantCulture)
                .Contains("[Types-", StringComparison.Ordinal):
                return "the type was defined again after the value was made. Run the cell that makes the value again.";
            case "CS1061" or "CS0117":
                return Suggestions.For(compilation, error);
            case "CS0246" or "CS0103":
                return Suggestions.For(compilation, error)
                    ?? "if it comes from a package, add #r \"nuget: Package\" and a using; if from another cell, run that cell first.";
            case "CS8345" or "CS4012" or "CS8352":
                return "spans and other ref structs can't be variables of a cell. Put the code that uses them into a method or between { " +
                    "and }.";
            case "CS0120":
                return "a class or static method can't use a cell's variables. Pass the value as an argument, or declare the variable " +
                    "static.";
            case "CS1109" or "CS1106":
                return "extension methods belong in a static class at the top of a cell, or directly in the cell outside any class.";
            default:
                return null;
        }
    }

    private static bool Names(string message, string[] names) =>
        names.Any(name => message.Contains($"'{name}'", StringComparison.Ordinal));
}
