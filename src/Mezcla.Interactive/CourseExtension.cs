using Mezcla.Notebooks;
using Mezcla.Notebooks.Cells;
using Microsoft.DotNet.Interactive;
using Microsoft.DotNet.Interactive.Commands;

namespace Mezcla.Interactive;

/// <summary>
/// Prepares .NET Interactive's kernel for the course: charts, token texts, questions, exercises and lists of records look as they do in
/// this course's own kernel, <see cref="Claim"/> and <see cref="Progress"/> show what they have to show, and cells need no using
/// directives for the libraries.
/// </summary>
public sealed class CourseExtension : IKernelExtension
{
    /// <summary>Prepares the kernel of a notebook that refers to the package.</summary>
    /// <param name="kernel">The kernel.</param>
    public async Task OnLoadAsync(Kernel kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        Connect();
        await kernel.RootKernel.SendAsync(new SubmitCode(CourseLibraries.Usings, "csharp"), CancellationToken.None);
    }

    /// <summary>
    /// Prepares the formatters and the output only. A cell that refers to the assembly's file calls it, because code that the kernel is
    /// sent while a cell runs leaves nothing behind; the using directives stand in that cell.
    /// </summary>
    public static void Connect()
    {
        OtherHost.Output = new KernelOutput();
        var assemblies = CourseLibraries.Names.Select(name => System.Reflection.Assembly.Load(name)).Append(typeof(OtherHost).Assembly);
        TypeFormatters.Register(assemblies.SelectMany(assembly => assembly.GetExportedTypes()));
        TypeFormatters.Register(PackagesOnDemand.All, [PlotlyLibrary.Script]);
    }
}
