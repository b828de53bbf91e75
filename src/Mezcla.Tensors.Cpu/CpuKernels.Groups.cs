using Mezcla.Tensors.Devices;

namespace Mezcla.Tensors.Cpu;

internal sealed unsafe partial class CpuKernels
{
    public override void GroupByIndex(Handle ids, Handle priority, int tokens, int k, int groups, int capacity, Handle order, Handle rows,
        Handle groupOf, Handle kept, Handle offsets, in IndexCheck check)
    {
        int* id = Ints(ids), places = Ints(order), row = Ints(rows), group = Ints(groupOf), start = Ints(offsets);
        var keep = Floats(kept);
        int total = tokens * k, left = 0;
        // Choices by group, each group in order of arrival: a counting sort.
        var first = new int[groups + 1];
        for (var i = 0; i < total; i++)
            if (id[i] >= 0)
                first[id[i] + 1]++;
        for (var g = 0; g < groups; g++)
            first[g + 1] += first[g];
        var next = first.AsSpan(0, groups).ToArray();
        int* sorted = (int*)CpuScratch.Floats(CpuScratch.Use.Shared, 2L * total), over = sorted + total;
        for (var j = 0; j < k; j++)
            for (var t = 0; t < tokens; t++)
            {
                var at = t * k + j;
                if (id[at] >= 0)
                    sorted[next[id[at]]++] = at;
                else
                    over[left++] = at;
            }
        var place = 0;
        start[0] = 0;
        for (var g = 0; g < groups; g++)
        {
            var mine = new Span<int>(sorted + first[g], first[g + 1] - first[g]);
            if (!priority.IsNull && mine.Length > capacity)
            {
                var weight = Floats(priority);
                var byWeight = mine.ToArray();
                var keys = new (float, int)[byWeight.Length];
                for (var i = 0; i < keys.Length; i++)
                    keys[i] = (-weight[byWeight[i]], i);
                Array.Sort(keys, byWeight);
                byWeight.CopyTo(mine);
            }
            for (var i = 0; i < mine.Length; i++)
                if (i < capacity)
                    Put(place++, mine[i], g, 1);
                else
                    over[left++] = mine[i];
            start[g + 1] = place;
        }
        for (var i = 0; i < left; i++)
            Put(place++, over[i], 0, 0);

        void Put(int p, int at, int g, float value) => (places[p], row[p], group[p], keep[p]) = (at, at / k, g, value);
    }

    public override void CountByIndex(Handle ids, long n, Handle counts, int groups, in IndexCheck check)
    {
        var id = Ints(ids);
        var count = Floats(counts);
        new Span<float>(count, groups).Clear();
        for (long i = 0; i < n; i++)
            if (id[i] >= 0)
                count[id[i]]++;
    }
}
