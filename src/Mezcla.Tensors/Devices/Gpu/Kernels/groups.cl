// Sorting the choices of a Mixture of Experts by group, in the order of arrival: all first choices by token, then all second ones. Blocks of the order
// count for themselves, their counts are summed group by group, and each block then knows its places. Group number `groups` stands for no choice.

#define BLOCK 64
#define CHOICE(position) ((position) % tokens * k + (position) / tokens)

DEVICE i64 group_of(int id, i64 groups) { return id < 0 || id >= groups ? groups : id; }

KERNEL group_count(BUFFER(int, ids), BUFFER(int, counts), i64 tokens, i64 k, i64 groups, i64 blocks, CHECKED)
{
    EACH(block, blocks);
    AT(int, ids); AT(int, counts); AT(int, record);
    counts += block * (groups + 1);
    for (i64 g = 0; g <= groups; g++) counts[g] = 0;
    for (i64 p = block * BLOCK; p < (block + 1) * BLOCK && p < tokens * k; p++) {
        int id = ids[CHOICE(p)];
        counts[group_of(id, groups)]++;
        if (id >= groups) note_outside(record, operation, CHOICE(p), id);
    }
}

KERNEL group_scan(BUFFER(int, counts), BUFFER(int, totals), i64 groups, i64 blocks)
{
    EACH(g, groups + 1);
    AT(int, counts); AT(int, totals);
    int sum = 0;
    for (i64 block = 0; block < blocks; block++) {
        int here = counts[block * (groups + 1) + g];
        counts[block * (groups + 1) + g] = sum;
        sum += here;
    }
    totals[g] = sum;
}

// Behind the totals: where each group begins among all choices, and where what it cannot keep begins.
KERNEL group_starts(BUFFER(int, totals), BUFFER(int, offsets), i64 groups, i64 capacity, i64 one)
{
    EACH(only, one);
    AT(int, totals); AT(int, offsets);
    GLOBAL int *first = totals + groups + 1, *over = first + groups + 1;
    int start = 0, kept = 0;
    for (i64 g = 0; g <= groups; g++) {
        first[g] = start;
        start += totals[g];
        offsets[g] = kept;
        if (g < groups) kept += totals[g] < capacity ? totals[g] : (int)capacity;
    }
    over[groups] = kept;
    int left = kept + totals[groups];
    for (i64 g = 0; g < groups; g++) {
        over[g] = left;
        left += totals[g] > capacity ? totals[g] - (int)capacity : 0;
    }
}

KERNEL group_sort(BUFFER(int, ids), BUFFER(int, counts), BUFFER(int, totals), BUFFER(int, sorted), i64 tokens, i64 k, i64 groups, i64 blocks)
{
    EACH(block, blocks);
    AT(int, ids); AT(int, counts); AT(int, totals); AT(int, sorted);
    counts += block * (groups + 1);
    for (i64 p = block * BLOCK; p < (block + 1) * BLOCK && p < tokens * k; p++) {
        i64 at = CHOICE(p), g = group_of(ids[at], groups);
        sorted[totals[groups + 1 + g] + counts[g]++] = (int)at;
    }
}

KERNEL group_place(BUFFER(int, ids), BUFFER(float, priority), BUFFER(int, totals), BUFFER(int, sorted), BUFFER(int, order), BUFFER(int, rows), BUFFER(int, group), BUFFER(float, kept),
    BUFFER(int, offsets), i64 k, i64 groups, i64 capacity, i64 n)
{
    EACH(i, n);
    AT(int, ids); AT(float, priority); AT(int, totals); AT(int, sorted); AT(int, order); AT(int, rows); AT(int, group); AT(float, kept); AT(int, offsets);
    int at = sorted[i];
    i64 g = group_of(ids[at], groups), first = totals[groups + 1 + g], rank = i - first, place;
    if (priority && g < groups && totals[g] > capacity) {
        rank = 0;
        for (i64 j = 0; j < totals[g]; j++) {
            float other = priority[sorted[first + j]], mine = priority[at];
            rank += other > mine || (other == mine && first + j < i);
        }
    }
    int keeps = g < groups && rank < capacity;
    if (keeps) place = offsets[g] + rank;
    else place = totals[2 * (groups + 1) + g] + (g < groups ? rank - capacity : rank);
    order[place] = at;
    rows[place] = (int)(at / k);
    group[place] = keeps ? (int)g : 0;
    kept[place] = keeps ? 1 : 0;
}

KERNEL count_by_index(BUFFER(int, ids), BUFFER(float, counts), i64 groups, i64 n, CHECKED)
{
    SHARED_ROW;
    AT(int, ids); AT(float, counts); AT(int, record);
    float count = 0;
    for (i64 i = LOCAL_ID; i < n; i += GROUP) {
        count += ids[i] == GROUP_ID;
        if (GROUP_ID == 0 && ids[i] >= groups) note_outside(record, operation, i, ids[i]);
    }
    count = GROUP_SUM(count);
    if (LOCAL_ID == 0) counts[GROUP_ID] = count;
}
