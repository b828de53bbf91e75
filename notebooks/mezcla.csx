// Every chapter begins with a cell that imports this file. Mezcla's own kernel has all that a chapter needs and passes the file over.
// .NET Interactive's kernel (Polyglot Notebooks) gets the libraries here, from a build of this repository.
{
    var folder = new System.IO.DirectoryInfo(System.Environment.CurrentDirectory);
    while (folder is not null && !System.IO.File.Exists(System.IO.Path.Combine(folder.FullName, "Mezcla.slnx")))
        folder = folder.Parent;
    if (folder is null)
        throw new System.IO.DirectoryNotFoundException("This notebook is not in a clone of Mezcla's repository, which has the libraries.");
    var build = System.IO.Path.Combine(folder.FullName, "src", "Mezcla.Interactive", "bin", "Release", "net10.0");
    if (!System.IO.File.Exists(System.IO.Path.Combine(build, "Mezcla.Interactive.dll")))
        throw new System.IO.FileNotFoundException(
            "The libraries are not built yet. In a terminal: dotnet build -c Release src/Mezcla.Interactive");

    // References count from the next submission on, so the kernel gets them and what needs them before it runs the next cell.
    var code = string.Concat(System.IO.Directory.EnumerateFiles(build, "Mezcla*.dll")
            .Concat(new[]
            {
                "TorchSharp", "Microsoft.Data.Analysis", "Microsoft.ML.DataView", "Apache.Arrow", "Plotly.NET", "Plotly.NET.CSharp",
                "FSharp.Core", "DynamicObj", "Giraffe.ViewEngine", "Newtonsoft.Json",
            }.Select(name => System.IO.Path.Combine(build, name + ".dll"))).Select(file => $"#r \"{file}\"\n"))
        + System.IO.File.ReadAllText(System.IO.Path.Combine(build, "usings.csx"))
        + "Mezcla.Interactive.CourseExtension.Connect();";
    Microsoft.DotNet.Interactive.KernelInvocationContext.Current.HandlingKernel.DeferCommand(
        new Microsoft.DotNet.Interactive.Commands.SubmitCode(code, "csharp"));
}
