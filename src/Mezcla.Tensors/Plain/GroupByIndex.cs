namespace Mezcla.Tensors.Plain;

internal sealed partial class PlainKernels
{
    /// <summary>
    /// Sorts the choices ids [tokens, k] by group. Within a group the order is that of arrival: all first choices by token, then all second
    /// ones. A group with more choices than its capacity keeps those of the highest priority, or, without priorities, the first ones. After
    /// all groups come the negative ids, then the choices that the groups did not keep.
    /// </summary>
    public override void GroupByIndex(Handle ids, Handle priority, int tokens, int k, int groups, int capacity,
        Handle order, Handle rows, Handle groupOf, Handle kept, Handle offsets, in IndexCheck check)
    {
        var (members, rest) = (new List<int>[groups], new List<int>());
        for (var g = 0; g < groups; g++)
            members[g] = [];
        for (var choice = 0; choice < k; choice++)
            for (var token = 0; token < tokens; token++)
            {
                var at = token * k + choice;
                var group = Ints(ids)[at];
                (group < 0 ? rest : members[group]).Add(at);
            }
        var place = 0;
        Ints(offsets)[0] = 0;
        for (var g = 0; g < groups; g++)
        {
            var ranked = members[g];
            if (!priority.IsNull && ranked.Count > capacity)
            {
                var weights = Floats(priority).Part(0, tokens * k).ToArray();
                ranked = [.. ranked.OrderByDescending(at => weights[at], NaNLargest)];
            }
            foreach (var at in ranked.Take(capacity))
                Place(at, g, 1);
            rest.AddRange(ranked.Skip(capacity));
            Ints(offsets)[g + 1] = place;
        }
        foreach (var at in rest)
            Place(at, 0, 0);

        void Place(int at, int group, float keep)
        {
            Ints(order)[place] = at;
            Ints(rows)[place] = at / k;
            Ints(groupOf)[place] = group;
            Floats(kept)[place] = keep;
            place++;
        }
    }

    /// <summary>counts[g] = how often g occurs in ids; negative ids are skipped.</summary>
    public override void CountByIndex(Handle ids, long n, Handle counts, int groups, in IndexCheck check)
    {
        Fill(counts, groups, 0);
        for (long i = 0; i < n; i++)
            if (Ints(ids)[i] >= 0)
                Floats(counts)[Ints(ids)[i]]++;
    }
}
