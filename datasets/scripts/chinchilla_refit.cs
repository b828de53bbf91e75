#:project ../../src/Mezcla.Scaling/Mezcla.Scaling.csproj
#:property PublishAot=false

// The recorded fits of chapter 07 to the 245 points that Besiroglu et al. 2024 read off a figure of Hoffmann et al. 2022. The points do not
// come with the course, because their repository (epoch-research/analyzing-chinchilla) names no licence; only our constants do.
// From the root of the repository:
// dotnet run -c Release datasets/scripts/chinchilla_refit.cs svg_extracted_data.csv > datasets/runs/chinchilla-refit.jsonl
using System.Globalization;
using System.Security.Cryptography;
using Mezcla.Scaling.Fits;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var table = RunTable.Read(args[0]);
var hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(args[0])));
foreach (var dropped in (int[])[0, 5])
{
    var fit = ChinchillaFit.Fit(table.Runs, new() { DropHighest = dropped });
    var constants = Bootstrap.Of(fit, 400).Where(i => i.Name != "b")
        .Select(i => $"\"{i.Name}\":{{\"value\":{i.Estimate:R},\"standardError\":{i.StandardError:R}}}");
    Console.WriteLine($"{{\"points\":{table.Runs.Count},\"dropped\":{dropped},\"resamples\":400,\"sha256\":\"{hash}\"," +
        $"{string.Join(",", constants)},\"rootMeanSquare\":{fit.RootMeanSquare:R}}}");
}
