using Mezcla.Scaling.Claims.Expressions;

namespace Mezcla.Scaling.Claims;

/// <summary>Statements that cannot all be true. If any one of them is removed, the others can be.</summary>
/// <param name="Statements">The smallest set of statements that contradict each other.</param>
/// <param name="Relations">The relations that tie them together.</param>
public sealed record Conflict(IReadOnlyList<Statement> Statements, IReadOnlyList<Relation> Relations)
{
    /// <summary>The contradiction in one line.</summary>
    public override string ToString() =>
        string.Join("; ",
            Statements) + (Relations.Count > 0 ? "; because " + string.Join(" and ", Relations.Select(relation => relation.Formula)) : "");
}

/// <summary>The range of a quantity that follows from all statements together.</summary>
/// <param name="Quantity">Its name.</param>
/// <param name="Low">The smallest possible value.</param>
/// <param name="High">The largest possible value; infinite if there is no bound.</param>
public sealed record Derived(string Quantity, double Low, double High);

/// <summary>A statement or relation that could not be read.</summary>
/// <param name="What">Its text.</param>
/// <param name="Why">Where and why.</param>
public sealed record Unusable(string What, string Why);

/// <summary>Whether statements can all be true at once.</summary>
/// <param name="Conflicts">
/// Up to twelve smallest sets of statements that contradict each other. Larger sets that show the same contradiction are left out. Empty if
/// the statements are consistent.
/// </param>
/// <param name="Follows">If the statements are consistent, the ranges that follow for quantities that nobody stated.</param>
/// <param name="Unusable">The statements and relations that could not be read.</param>
public sealed partial record ConsistencyReport(IReadOnlyList<Conflict> Conflicts, IReadOnlyList<Derived> Follows,
    IReadOnlyList<Unusable> Unusable)
{
    /// <summary>Whether no contradiction was found among the statements that could be read.</summary>
    public bool IsConsistent => Conflicts.Count == 0;
}

/// <summary>Finds which statements contradict each other.</summary>
public static class ConsistencyChecker
{
    private const int MostConflicts = 12;
    private const int MostSets = 40;
    private const int MostSearches = 2000;

    /// <summary>Checks whether <paramref name="statements"/> agree with each other under the built-in relations and
    /// <paramref name="relations"/>.</summary>
    public static ConsistencyReport Check(IReadOnlyList<Statement> statements, IReadOnlyList<Relation>? relations = null) =>
        Check(statements, relations, new Dictionary<string, double>());

    internal static ConsistencyReport Check(
        IReadOnlyList<Statement> statements, IReadOnlyList<Relation>? relations, IReadOnlyDictionary<string, double> definitions)
    {
        var unusable = new List<Unusable>();
        var facts = new List<(Statement Statement, Interval Range)>();
        foreach (Statement statement in statements)
        {
            try
            {
                facts.Add((statement, RangeOf(statement, definitions)));
            }
            catch (ExpressionException error)
            {
                unusable.Add(new(statement.ToString(), LinePrefix(statement.Line) + error.Message));
            }
        }

        var rules = new List<(Relation Relation, Comparing Formula)>();
        foreach (Relation relation in Relations.BuiltIn.Concat(relations ?? []))
        {
            try
            {
                Comparing formula = ExpressionParser.ParseComparison(relation.Formula);
                new Propagation().Run([formula]); // whatever cannot be computed shows now
                rules.Add((relation, formula));
            }
            catch (ExpressionException error)
            {
                unusable.Add(new(relation.Formula, LinePrefix(relation.Line) + error.Message));
            }
        }

        var search = new Search(facts, rules);
        List<Conflict> conflicts = search.All();
        return new(conflicts, conflicts.Count > 0 ? [] : search.Follows(), unusable);
    }

    internal static string LinePrefix(int line) => line > 0 ? FormattableString.Invariant($"line {line}, ") : "";

    private static Interval RangeOf(Statement statement, IReadOnlyDictionary<string, double> definitions)
    {
        Expression expression = ExpressionParser.Parse(statement.Value);
        var value = expression.Evaluate(definitions);
        var tolerance = expression is Number { IsCount: false } number ? number.HalfUnit : 0;
        if (statement.Tolerance is { } text)
        {
            var (allowed, relative) = ExpressionParser.ParseTolerance(text);
            tolerance = allowed.Evaluate(definitions) * (relative ? Math.Abs(value) : 1);
        }

        return new(value - tolerance, value + tolerance);
    }

    private sealed class Search(List<(Statement Statement, Interval Range)> facts, List<(Relation Relation, Comparing Formula)> rules)
    {
        private int _searches;

        /// <summary>Finds all minimal contradictory sets: it finds one, then searches again without each of its members in turn (Reiter's
        /// hitting-set tree).</summary>
        public List<Conflict> All()
        {
            var found = new List<HashSet<int>>();
            var seen = new HashSet<string>();
            var open = new Queue<HashSet<int>>();
            open.Enqueue([.. Enumerable.Range(0, facts.Count)]);
            while (open.TryDequeue(out HashSet<int>? candidates) && found.Count < MostSets && _searches < MostSearches)
            {
                if (!seen.Add(string.Join(',', candidates.Order())) || Consistent(candidates))
                    continue;
                HashSet<int>? known = found.FirstOrDefault(set => set.IsSubsetOf(candidates));
                if (known is null)
                    found.Add(known = Smallest(candidates));
                foreach (var member in known)
                    open.Enqueue([.. candidates.Where(candidate => candidate != member)]);
            }

            // A set that shares two statements with a smaller set shows the same contradiction with more steps.
            var kept = new List<HashSet<int>>();
            foreach (HashSet<int> set in found.OrderBy(set => set.Count).ThenBy(set => set.Min()))
                if (!kept.Any(smaller => smaller.Count(set.Contains) >= 2))
                    kept.Add(set);
            return [.. kept.Take(MostConflicts).Select(Describe)];
        }

        public IReadOnlyList<Derived> Follows()
        {
            var propagation = new Propagation();
            foreach ((Statement statement, Interval range) in facts)
                propagation.Restrict(statement.Quantity, range);
            propagation.Run([.. rules.Select(rule => rule.Formula)]);
            var stated = facts.Select(fact => fact.Statement.Quantity).ToHashSet();

            // Keep only ranges that are bounded on both sides: "not negative", or one bound that comes from a rule, says too little.
            return [
                .. propagation.Ranges.Where(
                    range => !stated.Contains(range.Key) && range.Value.Low > 0 && double.IsFinite(range.Value.High))
                .OrderBy(range => range.Key, StringComparer.Ordinal)
                .Select(range => new Derived(range.Key, range.Value.Low, range.Value.High))];
        }

        private HashSet<int> Smallest(HashSet<int> contradictory)
        {
            var kept = new HashSet<int>(contradictory);
            foreach (var member in contradictory.Order())
            {
                kept.Remove(member);
                if (Consistent(kept))
                    kept.Add(member);
            }

            return kept;
        }

        private Conflict Describe(HashSet<int> members)
        {
            var needed = new List<(Relation Relation, Comparing Formula)>(rules);
            foreach ((Relation Relation, Comparing Formula) rule in rules)
            {
                needed.Remove(rule);
                if (Consistent(members, needed))
                    needed.Add(rule);
            }

            return new([.. members.Order().Select(member => facts[member].Statement)],
                [.. rules.Where(needed.Contains).Select(rule => rule.Relation)]);
        }

        private bool Consistent(IEnumerable<int> members, List<(Relation Relation, Comparing Formula)>? subset = null)
        {
            _searches++;
            var propagation = new Propagation();
            foreach (var member in members)
                if (!propagation.Restrict(facts[member].Statement.Quantity, facts[member].Range))
                    return false;
            return propagation.Run([.. (subset ?? rules).Select(rule => rule.Formula)]);
        }
    }
}
