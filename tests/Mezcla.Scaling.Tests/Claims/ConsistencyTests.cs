using Mezcla.Scaling.Claims;

namespace Mezcla.Scaling.Tests.Claims;

public class ConsistencyTests
{
    private static ConsistencyReport Check(params string[] statements) => ConsistencyChecker.Check(
        ClaimFile.Parse(
            string.Join('\n', statements.Select(statement => statement.Contains(':') ? statement : "statement: " + statement))).Statements,
        ClaimFile.Parse(string.Join('\n', statements.Where(statement => statement.Contains(':')))).Relations);

    private static string[] Quantities(Conflict conflict) =>
        [.. conflict.Statements.Select(statement => statement.Quantity).Order(StringComparer.Ordinal)];

    [Fact]
    public void The_rumoured_sizes_fit_together()
    {
        ConsistencyReport report = Check("experts = 16", "top_k = 2", "expert = 111e9", "shared = 55e9", "total = 1.8e12",
            "active = 280e9 within 2%");
        Assert.True(report.IsConsistent);
        Assert.Empty(report.Unusable);
    }

    [Fact]
    public void The_hidden_size_that_fits_both_is_10_752_with_full_attention()
    {
        string[] sizes = ["layers = 120", "expert = 111e9", "attention = 55e9 within 1%", "expert_matrices = 2", "expert_ratio = 4"];
        ConsistencyReport full = Check([.. sizes, "kv_share = 1"]);
        Assert.True(full.IsConsistent);
        Derived width = Assert.Single(full.Follows, follow => follow.Quantity == "width");
        Assert.InRange(10_752, width.Low, width.High);
        Assert.True(width.High - width.Low < 200);

        // Multi-query attention halves the matrices of a given width: now the width that attention needs is not the experts'.
        ConsistencyReport multiQuery = Check([.. sizes, "kv_share = 1/84"]);
        Conflict conflict = Assert.Single(multiQuery.Conflicts);
        Assert.Equal(["attention", "expert", "expert_matrices", "expert_ratio", "kv_share", "layers"], Quantities(conflict));
        Assert.Contains(conflict.Relations, relation => relation.Formula.StartsWith("attention = layers", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_rumours_that_disagree_are_named_together_and_nothing_else_is()
    {
        ConsistencyReport report = Check("experts = 16", "experts = 8", "layers = 120", "tokens = 13e12");
        Assert.Equal(["experts", "experts"], Quantities(Assert.Single(report.Conflicts)));
    }

    [Fact]
    public void Every_smallest_contradiction_is_found()
    {
        // The total disagrees with the parts, and the days with the compute.
        ConsistencyReport report = Check(
            "experts = 16", "expert = 111e9", "shared = 55e9", "total = 1.90e12",
            "train_flops = 2.15e25", "gpus = 25000", "days = 60", "peak = 312e12", "mfu = 34%");
        Assert.Equal(2, report.Conflicts.Count);
        Assert.Equal(["expert", "experts", "shared", "total"],
            Quantities(report.Conflicts.Single(conflict => conflict.Statements.Any(s => s.Quantity == "total"))));
        Assert.Equal(["days", "gpus", "mfu", "peak", "train_flops"],
            Quantities(report.Conflicts.Single(conflict => conflict.Statements.Any(s => s.Quantity == "days"))));
        Assert.Empty(report.Follows);
    }

    [Fact]
    public void A_chain_of_relations_carries_a_contradiction()
    {
        ConsistencyReport report = Check("active = 280e9", "tokens = 13e12", "gpus = 25000", "days = 95 within 6%", "peak = 312e12",
            "mfu = 34% within 6%");
        Assert.True(report.IsConsistent);
        Derived flops = Assert.Single(report.Follows, follow => follow.Quantity == "train_flops");
        Assert.InRange(2.15e25, flops.Low, flops.High);

        report = Check("active = 1.8e12", "tokens = 13e12", "gpus = 25000", "days = 95", "peak = 312e12");
        Assert.Single(report.Conflicts); // it would take an MFU above 1
        Assert.Contains(report.Conflicts[0].Relations, relation => relation.Formula == "mfu <= 1");
    }

    [Fact]
    public void A_file_may_bring_its_own_relations()
    {
        ConsistencyReport report = Check("a = 3", "b = 5", "relation: b = 2 * a - 1 within 1%");
        Assert.True(report.IsConsistent);
        report = Check("a = 3", "b = 6", "relation: b = (2 * a - 1) ^ 1");
        Assert.Single(report.Conflicts);
        report = Check("a = 3", "relation: b = params('gpt2') / a + sqrt(4)");
        Derived b = Assert.Single(report.Follows);
        Assert.Equal(124_439_808 / 3.0 + 2, b.Low, 1);
        report = Check("a = 2", "b = 10", "relation: a ^ 3 < b", "relation: -a + 20 >= b");
        Assert.True(report.IsConsistent);
        report = Check("a = 2", "b = 7", "relation: a ^ 3 < b");
        Assert.Single(report.Conflicts);
    }

    [Fact]
    public void Unreadable_statements_and_relations_are_named_and_the_rest_is_checked()
    {
        ConsistencyReport report = Check("a = 3 +", "b = 1", "b = 2", "relation: b = log2(c)", "relation: b", "a = 5 within much");
        Assert.Equal(4, report.Unusable.Count);
        Assert.Contains(report.Unusable, unusable => unusable.Why.StartsWith("line 1, column 4", StringComparison.Ordinal));
        Assert.Single(report.Conflicts);
    }

    [Fact]
    public void Integers_are_counts_and_other_numbers_as_exact_as_written()
    {
        Assert.False(Check("a = 16", "a = 16.4 within 0").IsConsistent);
        Assert.True(Check("a = 1.8e12", "a = 1.831e12").IsConsistent);
        Assert.False(Check("a = 1.80e12", "a = 1.831e12").IsConsistent);
        Assert.False(Check("a = 1.76T", "a = 1.831e12").IsConsistent);
        Assert.True(Check("a = 0", "b = 0", "relation: a = b * c").IsConsistent);
        Assert.True(Check("a = 0", "d = 5", "relation: a = b * c", "relation: d = b + 1").IsConsistent);
    }

    [Fact]
    public void Many_statements_do_not_take_forever()
    {
        string[] many = [.. Enumerable.Range(0, 60).Select(i => $"q{i % 20} = {1 + i / 20}"),
            .. Enumerable.Range(0, 19).Select(i => $"relation: q{i + 1} = q{i} * 2 within 3%")];
        ConsistencyReport report = Check(many);
        Assert.InRange(report.Conflicts.Count, 1, 12);
    }
}
