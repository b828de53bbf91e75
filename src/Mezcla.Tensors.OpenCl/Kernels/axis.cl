// Along an axis: x is [outer, n, inner].

// Partial sums of blocks of the axis, [outer, blocks, inner]: a group for each where the axis is the last, else an item.
KERNEL sum_rows(BUFFER(float, x), BUFFER(float, y), i64 n, i64 block, i64 blocks, i64 squares, float scale, i64 accumulate)
{
    SHARED_ROW;
    AT(float, x); AT(float, y);
    i64 from = GROUP_ID % blocks * block, to = from + block < n ? from + block : n;
    x += GROUP_ID / blocks * n;
    float sum = 0;
    for (i64 i = from + LOCAL_ID; i < to; i += GROUP) sum += squares ? x[i] * x[i] : x[i];
    sum = GROUP_SUM(sum) * scale;
    if (LOCAL_ID == 0) PUT(y[GROUP_ID], sum);
}

KERNEL sum_columns(BUFFER(float, x), BUFFER(float, y), i64 n, i64 inner, i64 block, i64 blocks, i64 squares, float scale, i64 items, i64 accumulate)
{
    EACH(item, items);
    AT(float, x); AT(float, y);
    i64 i = item % inner, part = item / inner % blocks, o = item / inner / blocks, from = part * block, to = from + block < n ? from + block : n;
    float sum = 0;
    for (i64 j = from; j < to; j++) {
        float value = x[(o * n + j) * inner + i];
        sum += squares ? value * value : value;
    }
    sum *= scale;
    PUT(y[item], sum);
}

KERNEL arg_max(BUFFER(float, x), BUFFER(int, y), i64 n, i64 inner, i64 lines)
{
    EACH(line, lines);
    AT(float, x); AT(int, y);
    x += line / inner * n * inner + line % inner;
    float best = x[0];
    int at = 0;
    for (i64 j = 1; j < n && !IS_NAN(best); j++) {
        float value = x[j * inner];
        if (value > best || IS_NAN(value)) {
            best = value;
            at = (int)j;
        }
    }
    y[line] = at;
}

// A total order: by falling value, NaN as the largest, then by place.
DEVICE int goes_before(float a, i64 at_a, float b, i64 at_b)
{
    int nan_a = IS_NAN(a), nan_b = IS_NAN(b), order = a > b ? -1 : a < b ? 1 : nan_b - nan_a;
    return order == 0 ? at_a < at_b : order < 0;
}

// The few first of a row of few: an item keeps them in order while it passes over the row once.
#define FEW 16
KERNEL top_k_rows(BUFFER(float, x), BUFFER(float, values), BUFFER(int, indices), i64 n, i64 k, i64 rows)
{
    EACH(row, rows);
    AT(float, x); AT(float, values); AT(int, indices);
    float best[FEW];
    int at[FEW], found = 0;
    x += row * n;
    for (int i = 0; i < n; i++) {
        float value = x[i];
        if (found == k && !goes_before(value, i, best[found - 1], at[found - 1])) continue;
        int place = found < k ? found++ : found - 1;
        for (; place > 0 && goes_before(value, i, best[place - 1], at[place - 1]); place--) {
            best[place] = best[place - 1];
            at[place] = at[place - 1];
        }
        best[place] = value;
        at[place] = i;
    }
    for (int i = 0; i < found; i++) {
        values[row * k + i] = best[i];
        indices[row * k + i] = at[i];
    }
}

// A group for each row: k times the first of those that come after the one before.
KERNEL top_k_groups(BUFFER(float, x), BUFFER(float, values), BUFFER(int, indices), i64 n, i64 k)
{
#if GROUP > 1
    SHARED float firsts[GROUP];
    SHARED int places[GROUP];
#endif
    AT(float, x); AT(float, values); AT(int, indices);
    float last = 0;
    int last_at = -1;
    x += GROUP_ID * n;
    for (i64 j = 0; j < k; j++) {
        float mine = 0;
        int at = -1;
        for (int i = LOCAL_ID; i < n; i += GROUP)
            if ((last_at < 0 || goes_before(last, last_at, x[i], i)) && (at < 0 || goes_before(x[i], i, mine, at))) {
                mine = x[i];
                at = i;
            }
#if GROUP > 1
        BARRIER;
        firsts[LOCAL_ID] = mine;
        places[LOCAL_ID] = at;
        for (int step = GROUP / 2; step > 0; step /= 2) {
            BARRIER;
            if (LOCAL_ID < step && places[LOCAL_ID + step] >= 0
                && (places[LOCAL_ID] < 0 || goes_before(firsts[LOCAL_ID + step], places[LOCAL_ID + step], firsts[LOCAL_ID], places[LOCAL_ID]))) {
                firsts[LOCAL_ID] = firsts[LOCAL_ID + step];
                places[LOCAL_ID] = places[LOCAL_ID + step];
            }
        }
        BARRIER;
        mine = firsts[0];
        at = places[0];
#endif
        last = mine;
        last_at = at;
        if (LOCAL_ID == 0) {
            values[GROUP_ID * k + j] = mine;
            indices[GROUP_ID * k + j] = at;
        }
    }
}

// Short rows: every element counts those that go before it.
KERNEL sort_by_rank(BUFFER(float, x), BUFFER(float, values), BUFFER(int, indices), i64 n, i64 k, i64 items)
{
    EACH(item, items);
    AT(float, x); AT(float, values); AT(int, indices);
    i64 row = item / n, i = item % n, rank = 0;
    x += row * n;
    for (i64 j = 0; j < n; j++) rank += goes_before(x[j], j, x[i], i);
    if (rank >= k) return;
    values[row * k + rank] = x[i];
    indices[row * k + rank] = (int)i;
}

KERNEL sort_start(BUFFER(int, order), i64 n, i64 items) { EACH(item, items); AT(int, order); order[item] = (int)(item % n); }

// Merges sorted runs two by two: every element finds by bisection how many of the other run go before it.
KERNEL sort_merge(BUFFER(float, x), BUFFER(int, from), BUFFER(int, to), i64 n, i64 width, i64 items)
{
    EACH(item, items);
    AT(float, x); AT(int, from); AT(int, to);
    i64 start = item / n * n, i = item % n, pair = i / (2 * width) * 2 * width, run = i / width * width, other = run == pair ? pair + width : pair;
    i64 low = other < n ? other : n, high = other + width < n ? other + width : n, base = low;
    x += start; from += start; to += start;
    int mine = from[i];
    while (low < high) {
        i64 middle = (low + high) / 2;
        if (goes_before(x[from[middle]], from[middle], x[mine], mine)) low = middle + 1;
        else high = middle;
    }
    to[pair + (i - run) + (low - base)] = mine;
}

KERNEL sort_finish(BUFFER(float, x), BUFFER(int, order), BUFFER(float, values), BUFFER(int, indices), i64 n, i64 k, i64 items)
{
    EACH(item, items);
    AT(float, x); AT(int, order); AT(float, values); AT(int, indices);
    i64 row = item / k, at = order[row * n + item % k];
    values[item] = x[row * n + at];
    indices[item] = (int)at;
}
