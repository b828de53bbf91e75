using System.Globalization;
using Mezcla.Charts;
using Mezcla.Scaling;

namespace Mezcla.Experiments.Laboratory;

/// <summary>The results of one arm over its seeds.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Records">Its records.</param>
/// <param name="Loss">Mean held-out loss, in nats per token.</param>
/// <param name="Deviation">Standard deviation of the loss over seeds; NaN for one seed.</param>
/// <param name="Difference">Mean difference from the reference on the same seeds; NaN without shared seeds.</param>
/// <param name="DifferenceError">Standard error of this mean difference; NaN for fewer than two shared seeds.</param>
public sealed record ArmResult(string Arm, IReadOnlyList<ExperimentRecord> Records, double Loss, double Deviation, double Difference,
    double DifferenceError)
{
    /// <summary>Whether the difference is more than twice its standard error. With few seeds this is an indication, not a proof.</summary>
    public bool IsClear => Math.Abs(Difference) > 2 * DifferenceError;
}

/// <summary>Shows the records of an experiment as a table, a chart and a sentence.</summary>
public sealed class ExperimentReport
{
    private readonly Experiment _experiment;

    /// <summary>A report on records.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="records">Its records, all or some.</param>
    public ExperimentReport(Experiment experiment, IReadOnlyList<ExperimentRecord> records)
    {
        _experiment = experiment;
        var reference = records.Where(r => r.Run.Arm == experiment.Reference)
            .ToDictionary(r => r.Run.Seed, r => r.Loss);
        string[] order = [.. experiment.Runs.Select(r => r.Arm).Concat(records.Select(r => r.Run.Arm)).Distinct()];
        Arms =
            [.. order.Select(arm => (arm, mine: records.Where(r => r.Run.Arm == arm).ToArray())).Where(pair => pair.mine.Length > 0)
                .Select(pair =>
                {
                    double[] differences =
                        [.. pair.mine.Where(r => reference.ContainsKey(r.Run.Seed)).Select(r => r.Loss - reference[r.Run.Seed])];
                    return new ArmResult(pair.arm, pair.mine, pair.mine.Average(r => r.Loss), Deviation([.. pair.mine.Select(r => r.Loss)]),
                        differences.Length == 0 ? double.NaN : differences.Average(),
                        Deviation(differences) / Math.Sqrt(differences.Length));
                })];
    }

    /// <summary>A report on the records that come with the course.</summary>
    /// <exception cref="FileNotFoundException">There are none.</exception>
    public static ExperimentReport Load(string experiment) => new(Experiment.Named(experiment), ExperimentRecord.Load(experiment));

    /// <summary>The arms, in the experiment's order.</summary>
    public IReadOnlyList<ArmResult> Arms { get; }

    /// <summary>The arm with the lowest loss, and whether the seeds agree.</summary>
    public string Verdict
    {
        get
        {
            ArmResult? best = Arms.MinBy(a => a.Loss), reference = Arms.FirstOrDefault(a => a.Arm == _experiment.Reference);
            if (best is null)
                return "Nothing was run yet.";
            var lowest = FormattableString.Invariant($"Lowest held-out loss: {best.Arm}, {best.Loss:F4} nats");
            if (reference is null || best == reference || !double.IsFinite(best.Difference))
                return lowest + ".";
            var several = double.IsFinite(best.DifferenceError);
            return lowest + FormattableString.Invariant(
                $", {-best.Difference:F4}{(several ? $" ± {best.DifferenceError:F4}" : "")} below {reference.Arm} on ")
                + (several ? $"{best.Records.Count} seeds{(best.IsClear ? "" : ": within what seeds differ by")}." : "one seed.");
        }
    }

    /// <summary>Held-out loss of every arm.</summary>
    public Chart ToChart() => Chart.Bars(Verdict, "", "nats per token, held out", horizontal: true).Subtitle("Bars do not begin at zero.")
        .Add("held-out loss", Arms.Select(a => a.Arm), Arms.Select(a => a.Loss))
        .YRange(Arms.Count == 0 ? null : Arms.Min(a => a.Loss) - 0.1 * Math.Max(0.1, Arms.Max(a => a.Loss) - Arms.Min(a => a.Loss)));

    /// <summary>How even the load was over the training of each arm that has experts, the mean over blocks and seeds.</summary>
    public Chart LoadChart()
    {
        Chart chart = Chart.Lines("How even the load is", "step", "entropy of the load, 1 is even").YRange(0, 1);
        foreach (ArmResult arm in Arms.Where(HasExperts))
        {
            // Runs of one arm have the same number of steps, except for runs of equal time.
            IReadOnlyList<ExperimentPoint>[] seeds = [.. arm.Records.Select(r => r.Points)];
            var count = seeds.Min(p => p.Count);
            chart.Add(arm.Arm, Enumerable.Range(0, count).Select(i => seeds[0][i].Step),
                Enumerable.Range(0, count).Select(i => seeds.Average(p => p[i].LoadEntropy())));
        }

        return chart;
    }

    /// <summary>The further measurements, averaged over seeds: rows are measures and columns are arms; null if there are none.</summary>
    public string? MeasureTable()
    {
        string[] names = [.. Arms.SelectMany(a => a.Records).SelectMany(r => r.Measures.Keys).Distinct()];
        return names.Length == 0 ? null : ResultTable.Text(MeasureHeaders, MeasureRows(names));
    }

    /// <summary>The forms in which a notebook shows this object.</summary>
    public IReadOnlyDictionary<string, string> ToMimeBundle()
    {
        string[] names = [.. Arms.SelectMany(a => a.Records).SelectMany(r => r.Measures.Keys).Distinct()];
        var html = ToChart().ToMimeBundle()["text/html"] + ResultTable.Html(_experiment.Question, Headers, Rows);
        if (Arms.Any(HasExperts))
            html += LoadChart().ToMimeBundle()["text/html"];
        if (names.Length > 0)
            html += ResultTable.Html(null, MeasureHeaders, MeasureRows(names));
        return ResultTable.Bundle(html, ToString());
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{_experiment.Question}\n{ResultTable.Text(Headers, Rows)}\n{(MeasureTable() is { } measures ? measures + "\n" : "")}{Verdict}";

    private static bool HasExperts(ArmResult arm) => arm.Records[0].Points[^1].Load.Count > 0;

    private string[] Headers => ["arm", "seeds", "held-out loss", "± seeds", $"against {_experiment.Reference}", "parameters", "active",
        "FLOPs", "steps", "seconds", "load entropy", "MaxVio", "idle experts", "dropped"];

    private IEnumerable<IReadOnlyList<string>> Rows => Arms.Select(arm =>
    {
        ExperimentRecord first = arm.Records[0];
        string Last(Func<ExperimentPoint, double> of, string format) => HasExperts(arm)
            ? arm.Records.Average(r => of(r.Points[^1])).ToString(format, CultureInfo.InvariantCulture) : "";
        return (IReadOnlyList<string>)
        [
            arm.Arm, N(arm.Records.Count), F(arm.Loss, "F4"), F(arm.Deviation, "F4"),
            arm.Arm == _experiment.Reference
                ? ""
                : F(arm.Difference, "+0.0000;-0.0000") + (double.IsFinite(arm.DifferenceError) ? " ± " + F(arm.DifferenceError, "F4") : ""),
            N(first.Parameters), N(first.Active), first.Flops.ToString("0.00e+0", CultureInfo.InvariantCulture),
            N(arm.Records.Average(r => r.Run.Training.Steps)), F(arm.Records.Average(r => r.Seconds), "F1"),
            Last(p => p.LoadEntropy(), "F3"), Last(p => p.MaxViolation(), "F2"), Last(p => p.Idle(), "P0"), Last(p => p.Dropped, "P1"),
        ];
    });

    private string[] MeasureHeaders => ["measure", .. Arms.Select(a => a.Arm)];

    private IEnumerable<IReadOnlyList<string>> MeasureRows(string[] names) => names.Select(name => (IReadOnlyList<string>)
        [name,
            .. Arms.Select(
                a =>
                    F(a.Records.Where(r => r.Measures.ContainsKey(name)).Select(r => r.Measures[name]).DefaultIfEmpty(double.NaN).Average(),
                        "F3"))]);

    private static string F(double value, string format) => double.IsFinite(value)
        ? value.ToString(format, CultureInfo.InvariantCulture)
        : "";

    private static string N(double value) => Math.Round(value).ToString("N0", CultureInfo.InvariantCulture);

    private static double Deviation(double[] values) =>
        values.Length < 2 ? double.NaN : Math.Sqrt(values.Sum(v => Math.Pow(v - values.Average(), 2)) / (values.Length - 1));
}
