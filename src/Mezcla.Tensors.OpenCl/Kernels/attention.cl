// Attention as an online softmax, a group for each query, or, for the gradients of keys and values, for each key; scores are never written out.
// Every row of a result has one owner, so all sums have one order.

#define KEYS_AT_ONCE (GROUP > 32 ? GROUP : 32)
#define ALL(i, n) i64 i = LOCAL_ID; i < (n); i += GROUP

DEVICE float dot_rows(GLOBAL float *a, GLOBAL float *b, i64 n)
{
    float sum = 0;
    for (i64 i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

KERNEL attention(BUFFER(float, q), BUFFER(float, k), BUFFER(float, v), BUFFER(float, sinks), BUFFER(float, o), BUFFER(float, lse), Layout layout, float scale)
{
    SHARED_ROW;
    SHARED float weights[KEYS_AT_ONCE];
    AT(float, q); AT(float, k); AT(float, v); AT(float, sinks); AT(float, o); AT(float, lse);
    i64 query = GROUP_ID % layout.queries, h = GROUP_ID / layout.queries % layout.heads, b = GROUP_ID / layout.queries / layout.heads;
    i64 key_head = h / (layout.heads / layout.key_heads);
    GLOBAL float *my_q = AT_ROW(q, q, b, h, query), *my_o = AT_ROW(o, o, b, h, query);
    float max = sinks ? sinks[h] : -INFINITE, sum = sinks ? 1 : 0;
    for (ALL(d, layout.value_size)) my_o[d] = 0;
    VISIBLE(query, query + 1, from, to);
    for (i64 start = from; start < to; start += KEYS_AT_ONCE) {
        i64 count = to - start < KEYS_AT_ONCE ? to - start : KEYS_AT_ONCE;
        float best = -INFINITE, part = 0;
        for (ALL(j, count)) {
            float score = scale * dot_rows(my_q, AT_ROW(k, k, b, key_head, start + j), layout.size);
            weights[j] = score;
            best = score > best || IS_NAN(score) ? score : best;
        }
        best = GROUP_MAX(best);
        best = best > max || IS_NAN(best) ? best : max;
        for (ALL(j, count)) {
            weights[j] = best == -INFINITE ? 0 : exp(weights[j] - best);
            part += weights[j];
        }
        part = GROUP_SUM(part);
        float keep = max == best ? 1 : exp(max - best);
        BARRIER;
        for (ALL(d, layout.value_size)) {
            GLOBAL float *my_v = AT_ROW(v, v, b, key_head, start) + d;
            float value = my_o[d] * keep;
            for (i64 j = 0; j < count; j++) value += weights[j] * my_v[j * layout.v_row];
            my_o[d] = value;
        }
        BARRIER;
        sum = sum * keep + part;
        max = best;
    }
    if (sum > 0 || IS_NAN(sum)) for (ALL(d, layout.value_size)) my_o[d] /= sum;
    if (LOCAL_ID == 0) lse[GROUP_ID] = sum == 0 ? -INFINITE : max + log(sum);
}

// delta = the sum of dO ∘ O of each row, with rows as lse has them.
KERNEL attention_delta(BUFFER(float, o), BUFFER(float, d_o), BUFFER(float, delta), Layout layout, i64 rows)
{
    EACH(row, rows);
    AT(float, o); AT(float, d_o); AT(float, delta);
    i64 query = row % layout.queries, h = row / layout.queries % layout.heads, b = row / layout.queries / layout.heads;
    delta[row] = dot_rows(AT_ROW(o, o, b, h, query), AT_ROW(d_o, o, b, h, query), layout.value_size);
}

KERNEL attention_queries(BUFFER(float, q), BUFFER(float, k), BUFFER(float, v), BUFFER(float, lse), BUFFER(float, delta), BUFFER(float, d_o), BUFFER(float, dq), Layout layout, float scale, i64 accumulate)
{
    SHARED float slopes[KEYS_AT_ONCE];
    AT(float, q); AT(float, k); AT(float, v); AT(float, lse); AT(float, delta); AT(float, d_o); AT(float, dq);
    i64 row = GROUP_ID, query = row % layout.queries, h = row / layout.queries % layout.heads, b = row / layout.queries / layout.heads;
    i64 key_head = h / (layout.heads / layout.key_heads);
    GLOBAL float *my_q = AT_ROW(q, q, b, h, query), *my_o = AT_ROW(d_o, o, b, h, query), *mine = AT_ROW(dq, q, b, h, query);
    VISIBLE(query, query + 1, from, to);
    if (!accumulate) for (ALL(d, layout.size)) mine[d] = 0;
    for (i64 start = from; start < to; start += KEYS_AT_ONCE) {
        i64 count = to - start < KEYS_AT_ONCE ? to - start : KEYS_AT_ONCE;
        for (ALL(j, count)) {
            float p = exp(scale * dot_rows(my_q, AT_ROW(k, k, b, key_head, start + j), layout.size) - lse[row]);
            slopes[j] = scale * p * (dot_rows(my_o, AT_ROW(v, v, b, key_head, start + j), layout.value_size) - delta[row]);
        }
        BARRIER;
        for (ALL(d, layout.size)) {
            GLOBAL float *my_k = AT_ROW(k, k, b, key_head, start) + d;
            float value = 0;
            for (i64 j = 0; j < count; j++) value += slopes[j] * my_k[j * layout.k_row];
            mine[d] += value;
        }
        BARRIER;
    }
}

KERNEL attention_keys(BUFFER(float, q), BUFFER(float, k), BUFFER(float, v), BUFFER(float, lse), BUFFER(float, delta), BUFFER(float, d_o),
    BUFFER(float, dk), i64 add_k, BUFFER(float, dv), i64 add_v, Layout layout, float scale)
{
    SHARED float weights[KEYS_AT_ONCE];
    SHARED float slopes[KEYS_AT_ONCE];
    AT(float, q); AT(float, k); AT(float, v); AT(float, lse); AT(float, delta); AT(float, d_o); AT(float, dk); AT(float, dv);
    i64 key = GROUP_ID % layout.keys, key_head = GROUP_ID / layout.keys % layout.key_heads, b = GROUP_ID / layout.keys / layout.key_heads, share = layout.heads / layout.key_heads;
    GLOBAL float *my_k = AT_ROW(k, k, b, key_head, key), *my_v = AT_ROW(v, v, b, key_head, key);
    GLOBAL float *to_k = dk ? AT_ROW(dk, k, b, key_head, key) : dk, *to_v = dv ? AT_ROW(dv, v, b, key_head, key) : dv;
    if (to_k && !add_k) for (ALL(d, layout.size)) to_k[d] = 0;
    if (to_v && !add_v) for (ALL(d, layout.value_size)) to_v[d] = 0;
    // The queries that see this key.
    i64 from = layout.causal && key - layout.offset > 0 ? key - layout.offset : 0, to = layout.queries;
    if (layout.window > 0 && key + layout.window - layout.offset < to) to = key + layout.window - layout.offset;
    for (i64 h = key_head * share; h < (key_head + 1) * share; h++)
        for (i64 start = from; start < to; start += KEYS_AT_ONCE) {
            i64 count = to - start < KEYS_AT_ONCE ? to - start : KEYS_AT_ONCE;
            for (ALL(j, count)) {
                i64 row = (b * layout.heads + h) * layout.queries + start + j;
                float p = exp(scale * dot_rows(my_k, AT_ROW(q, q, b, h, start + j), layout.size) - lse[row]);
                weights[j] = p;
                slopes[j] = scale * p * (dot_rows(my_v, AT_ROW(d_o, o, b, h, start + j), layout.value_size) - delta[row]);
            }
            BARRIER;
            if (to_k)
                for (ALL(d, layout.size)) {
                    GLOBAL float *other = AT_ROW(q, q, b, h, start) + d;
                    float value = 0;
                    for (i64 j = 0; j < count; j++) value += slopes[j] * other[j * layout.q_row];
                    to_k[d] += value;
                }
            if (to_v)
                for (ALL(d, layout.value_size)) {
                    GLOBAL float *other = AT_ROW(d_o, o, b, h, start) + d;
                    float value = 0;
                    for (i64 j = 0; j < count; j++) value += weights[j] * other[j * layout.o_row];
                    to_v[d] += value;
                }
            BARRIER;
        }
}

KERNEL attention_sinks(BUFFER(float, sinks), BUFFER(float, lse), BUFFER(float, delta), BUFFER(float, d_sinks), Layout layout, i64 accumulate)
{
    SHARED_ROW;
    AT(float, sinks); AT(float, lse); AT(float, delta); AT(float, d_sinks);
    i64 h = GROUP_ID;
    float sum = 0;
    for (ALL(i, layout.batch * layout.queries)) {
        i64 row = (i / layout.queries * layout.heads + h) * layout.queries + i % layout.queries;
        sum -= exp(sinks[h] - lse[row]) * delta[row];
    }
    sum = GROUP_SUM(sum);
    if (LOCAL_ID == 0) PUT(d_sinks[h], sum);
}
