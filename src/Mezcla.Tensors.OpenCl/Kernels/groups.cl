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

// A work group for each group: every item sums a run of blocks, and then knows where its run begins.
KERNEL group_scan(BUFFER(int, counts), BUFFER(int, totals), i64 groups, i64 blocks)
{
    SHARED_SUMS;
    AT(int, counts); AT(int, totals);
    i64 run = (blocks + GROUP - 1) / GROUP, from = LOCAL_ID * run, to = from + run < blocks ? from + run : blocks;
    int mine = 0, total;
    counts += GROUP_ID;
    for (i64 block = from; block < to; block++) mine += counts[block * (groups + 1)];
    int sum = SUM_BEFORE(mine, total);
    for (i64 block = from; block < to; block++) {
        int here = counts[block * (groups + 1)];
        counts[block * (groups + 1)] = sum;
        sum += here;
    }
    if (LOCAL_ID == 0) totals[GROUP_ID] = total;
}

// Behind the totals: where each group begins among all choices, and where what it cannot keep begins. One work group, so many groups at a time.
KERNEL group_starts(BUFFER(int, totals), BUFFER(int, offsets), i64 groups, i64 capacity)
{
    SHARED_SUMS;
    AT(int, totals); AT(int, offsets);
    GLOBAL int *first = totals + groups + 1, *over = first + groups + 1;
    int start = 0, kept = 0, total;
    for (i64 from = 0; from <= groups; from += GROUP) {
        i64 g = from + LOCAL_ID;
        int all = g <= groups ? totals[g] : 0, keeps = g < groups ? all < capacity ? all : (int)capacity : 0, before = SUM_BEFORE(all, total);
        if (g <= groups) first[g] = start + before;
        start += total;
        before = SUM_BEFORE(keeps, total);
        if (g <= groups) offsets[g] = kept + before;
        kept += total;
    }
    // Choices of no group come first of what is left over.
    int left = kept + totals[groups];
    if (LOCAL_ID == 0) over[groups] = kept;
    for (i64 from = 0; from < groups; from += GROUP) {
        i64 g = from + LOCAL_ID;
        int spilled = g < groups && totals[g] > capacity ? totals[g] - (int)capacity : 0, before = SUM_BEFORE(spilled, total);
        if (g < groups) over[g] = left + before;
        left += total;
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

// Full groups by falling priority, NaN first, then in the order of arrival; others in the order of arrival.
DEVICE int arrives_before(int a, int b, GLOBAL int *ids, GLOBAL float *priority, GLOBAL int *totals, i64 tokens, i64 k, i64 groups, i64 capacity)
{
    i64 group_a = group_of(ids[a], groups), group_b = group_of(ids[b], groups);
    if (group_a != group_b) return group_a < group_b;
    if (group_a < groups && totals[group_a] > capacity) {
        float x = priority[a], y = priority[b];
        int order = x > y ? -1 : x < y ? 1 : IS_NAN(y) - IS_NAN(x);
        if (order != 0) return order < 0;
    }
    return a % k * tokens + a / k < b % k * tokens + b / k;
}

// Merges sorted runs two by two, as sort_merge does.
KERNEL group_merge(BUFFER(int, ids), BUFFER(float, priority), BUFFER(int, totals), BUFFER(int, from), BUFFER(int, to), i64 tokens, i64 k, i64 groups, i64 capacity, i64 width, i64 n)
{
    EACH(i, n);
    AT(int, ids); AT(float, priority); AT(int, totals); AT(int, from); AT(int, to);
    i64 pair = i / (2 * width) * 2 * width, run = i / width * width, other = run == pair ? pair + width : pair;
    i64 low = other < n ? other : n, high = other + width < n ? other + width : n, base = low;
    int mine = from[i];
    while (low < high) {
        i64 middle = (low + high) / 2;
        if (arrives_before(from[middle], mine, ids, priority, totals, tokens, k, groups, capacity)) low = middle + 1;
        else high = middle;
    }
    to[pair + (i - run) + (low - base)] = mine;
}

KERNEL group_place(BUFFER(int, ids), BUFFER(int, totals), BUFFER(int, sorted), BUFFER(int, order), BUFFER(int, rows), BUFFER(int, group), BUFFER(float, kept),
    BUFFER(int, offsets), i64 k, i64 groups, i64 capacity, i64 n)
{
    EACH(i, n);
    AT(int, ids); AT(int, totals); AT(int, sorted); AT(int, order); AT(int, rows); AT(int, group); AT(float, kept); AT(int, offsets);
    int at = sorted[i];
    i64 g = group_of(ids[at], groups), rank = i - totals[groups + 1 + g], place;
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
