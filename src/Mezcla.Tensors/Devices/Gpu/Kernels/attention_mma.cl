// Attention by tensor cores: factors of bfloat16, sums and softmax in float32. Tiles as in FlashAttention-2 (Dao, arXiv:2307.08691): a warp owns 16 queries (or, for the gradients of keys and
// values, 16 keys), keeps what it sums in registers, and meets the other side in tiles that the whole group reads into shared memory. Every result has one owner, so all sums have one order.
//
// D is the size of a head, a multiple of 16 (keys and values alike). What a warp finds of scores, [16, 8] after [16, 8], lies in its registers just as the left factor of the next product wants.

#define ATTENTION_WARPS 4
#define OWNED (16 * ATTENTION_WARPS)
#define ATTENTION_ITEMS (32 * ATTENTION_WARPS)
// A row of a tile in shared memory, longer than it need be: rows that are read together lie in different banks.
#define TILE_ROW(D) (D + 8)
#define LOG2_E 1.44269504f

// `rows` rows of float32, rounded; those from `left` on are 0.
template<int D> DEVICE void load_rows(ushort *to, const float *from, i64 step, int rows, i64 left)
{
    for (int e = LOCAL_ID; e < rows * (D / 4); e += ATTENTION_ITEMS) {
        int row = e / (D / 4), column = e % (D / 4) * 4;
        const float *place = from + row * step + column;
        Two two = { 0, 0 };
        if (row < left) {
            if (((u64)place & 15) == 0) {
                Four four = *(const Four *)place;
                two.a = narrow_two(four.a, four.b);
                two.b = narrow_two(four.c, four.d);
            } else {
                two.a = narrow_two(place[0], place[1]);
                two.b = narrow_two(place[2], place[3]);
            }
        }
        *(Two *)(to + row * TILE_ROW(D) + column) = two;
    }
}

// The warp's 16 rows as left factors, straight from global memory.
template<int D> DEVICE void own_rows(uint (*to)[4], const float *from, i64 step, i64 left)
{
    int row = LANE / 4, column = LANE % 4 * 2;
    for (int kk = 0; kk < D / 16; kk++)
        for (int part = 0; part < 4; part++) {
            int r = row + part % 2 * 8, c = 16 * kk + column + part / 2 * 8;
            const float *place = from + r * step + c;
            to[kk][part] = r < left ? narrow_two(place[0], place[1]) : 0;
        }
}

// scores [16, N] += mine [16, D] rows [N, D]^T.
template<int D, int N> DEVICE void times_rows(float (*scores)[4], const uint (*mine)[4], const ushort *rows)
{
    int lane = LANE;
    for (int kk = 0; kk < D / 16; kk++)
        for (int j = 0; j < N / 16; j++) {
            uint other[4];
            warp_load(other, rows + (16 * j + lane / 16 * 8 + lane % 8) * TILE_ROW(D) + 16 * kk + lane / 8 % 2 * 8);
            warp_product(scores[2 * j], mine[kk], other[0], other[1]);
            warp_product(scores[2 * j + 1], mine[kk], other[2], other[3]);
        }
}

// sums [16, D] += weights [16, N] rows [N, D].
template<int D, int N> DEVICE void weighted_rows(float (*sums)[4], float (*weights)[4], const ushort *rows)
{
    int lane = LANE;
    for (int kk = 0; kk < N / 16; kk++) {
        float *first = weights[2 * kk], *second = weights[2 * kk + 1];
        uint left[4] = { narrow_two(first[0], first[1]), narrow_two(first[2], first[3]), narrow_two(second[0], second[1]), narrow_two(second[2], second[3]) };
        for (int j = 0; j < D / 16; j++) {
            uint other[4];
            warp_load_transposed(other, rows + (16 * kk + lane / 8 % 2 * 8 + lane % 8) * TILE_ROW(D) + 16 * j + lane / 16 * 8);
            warp_product(sums[2 * j], left, other[0], other[1]);
            warp_product(sums[2 * j + 1], left, other[2], other[3]);
        }
    }
}

// Of a row, over the four lanes that hold it.
DEVICE float row_sum(float x)
{
    x += __shfl_xor_sync(0xFFFFFFFF, x, 1);
    return x + __shfl_xor_sync(0xFFFFFFFF, x, 2);
}
DEVICE float row_max(float x)
{
    float y = __shfl_xor_sync(0xFFFFFFFF, x, 1);
    x = y > x ? y : x;
    y = __shfl_xor_sync(0xFFFFFFFF, x, 2);
    return y > x ? y : x;
}

// Whether 16 queries see all of `count` keys: then nobody need ask about each. (Queries behind the last may count as seeing: nothing of theirs is written.)
DEVICE int sees_all(Layout layout, i64 query, i64 key, int count)
{
    i64 position = layout.offset + query;
    return key + count <= layout.keys && (!layout.causal || key + count - 1 <= position) && (layout.window <= 0 || key > position + 15 - layout.window);
}

// Writes the warp's 16 rows.
template<int D> DEVICE void put_rows(float *to, i64 step, float (*sums)[4], float top, float bottom, i64 left, i64 accumulate)
{
    int row = LANE / 4, column = LANE % 4 * 2;
    for (int j = 0; j < D / 8; j++)
        for (int e = 0; e < 4; e++) {
            int r = row + e / 2 * 8;
            float value = sums[j][e] * (e < 2 ? top : bottom);
            if (r < left) PUT(to[r * step + 8 * j + column + e % 2], value);
        }
}

template<int N> DEVICE void clear(float (*sums)[4])
{
    for (int j = 0; j < N / 8; j++)
        for (int e = 0; e < 4; e++) sums[j][e] = 0;
}

template<int D> DEVICE void attend(const float *q, const float *k, const float *v, const float *sinks, float *o, float *lse, Layout layout, float scale)
{
    const int N = 64;
    SHARED __align__(16) ushort keys[N * TILE_ROW(D)];
    SHARED __align__(16) ushort values[N * TILE_ROW(D)];
    i64 blocks = (layout.queries + OWNED - 1) / OWNED, h = GROUP_ID % layout.heads, b = GROUP_ID / layout.heads % layout.batch;
    // The last queries, which see most, begin first.
    i64 block = blocks - 1 - GROUP_ID / layout.heads / layout.batch, key_head = h / (layout.heads / layout.key_heads), first = block * OWNED + 16 * WARP, left = layout.queries - first;
    uint mine[D / 16][4];
    float sums[D / 8][4], max[2], sum[2];
    own_rows<D>(mine, AT_ROW(q, q, b, h, first), layout.q_row, left);
    clear<D>(sums);
    max[0] = max[1] = sinks ? sinks[h] * LOG2_E : -INFINITE;
    // Each lane sums its own part of the row until the end.
    sum[0] = sum[1] = sinks && LANE % 4 == 0 ? 1 : 0;
    i64 last = (block + 1) * OWNED < layout.queries ? (block + 1) * OWNED : layout.queries;
    VISIBLE(block * OWNED, last, from, to);
    for (i64 start = from / N * N; start < to; start += N) {
        BARRIER;
        load_rows<D>(keys, AT_ROW(k, k, b, key_head, start), layout.k_row, N, layout.keys - start);
        load_rows<D>(values, AT_ROW(v, v, b, key_head, start), layout.v_row, N, layout.keys - start);
        BARRIER;
        float scores[N / 8][4], best[2];
        clear<N>(scores);
        times_rows<D, N>(scores, mine, keys);
        int all = sees_all(layout, first, start, N);
        best[0] = best[1] = -INFINITE;
        for (int j = 0; j < N / 8; j++)
            for (int e = 0; e < 4; e++) {
                scores[j][e] = all || SEES(first + LANE / 4 + e / 2 * 8, start + 8 * j + LANE % 4 * 2 + e % 2) ? scores[j][e] * (scale * LOG2_E) : -INFINITE;
                best[e / 2] = scores[j][e] > best[e / 2] ? scores[j][e] : best[e / 2];
            }
        for (int i = 0; i < 2; i++) {
            best[i] = row_max(best[i]);
            best[i] = best[i] > max[i] ? best[i] : max[i];
            float keep = max[i] == best[i] ? 1 : exp2f(max[i] - best[i]), part = 0;
            for (int j = 0; j < N / 8; j++)
                for (int e = 2 * i; e < 2 * i + 2; e++) {
                    scores[j][e] = best[i] == -INFINITE && !IS_NAN(scores[j][e]) ? 0 : exp2f(scores[j][e] - best[i]);
                    part += scores[j][e];
                }
            sum[i] = sum[i] * keep + part;
            max[i] = best[i];
            for (int j = 0; j < D / 8; j++)
                for (int e = 2 * i; e < 2 * i + 2; e++) sums[j][e] *= keep;
        }
        weighted_rows<D, N>(sums, scores, values);
    }
    float inverse[2];
    for (int i = 0; i < 2; i++) {
        sum[i] = row_sum(sum[i]);
        inverse[i] = sum[i] > 0 || IS_NAN(sum[i]) ? 1 / sum[i] : 1;
        i64 row = first + LANE / 4 + 8 * i;
        if (LANE % 4 == 0 && row < layout.queries) lse[(b * layout.heads + h) * layout.queries + row] = sum[i] == 0 ? -INFINITE : max[i] / LOG2_E + LOG(sum[i]);
    }
    put_rows<D>(AT_ROW(o, o, b, h, first), layout.o_row, sums, inverse[0], inverse[1], left, 0);
}

// The gradient of a warp's 16 queries: dS = P (dO V^T - delta), dQ = scale dS K.
template<int D> DEVICE void attend_queries(const float *q, const float *k, const float *v, const float *lse, const float *delta, const float *d_o, float *dq, Layout layout, float scale, i64 accumulate)
{
    const int N = 32;
    SHARED __align__(16) ushort keys[N * TILE_ROW(D)];
    SHARED __align__(16) ushort values[N * TILE_ROW(D)];
    i64 blocks = (layout.queries + OWNED - 1) / OWNED, h = GROUP_ID % layout.heads, b = GROUP_ID / layout.heads % layout.batch;
    i64 block = blocks - 1 - GROUP_ID / layout.heads / layout.batch, key_head = h / (layout.heads / layout.key_heads), first = block * OWNED + 16 * WARP, left = layout.queries - first;
    uint mine[D / 16][4], given[D / 16][4];
    float sums[D / 8][4], my_lse[2], my_delta[2];
    own_rows<D>(mine, AT_ROW(q, q, b, h, first), layout.q_row, left);
    own_rows<D>(given, AT_ROW(d_o, o, b, h, first), layout.o_row, left);
    clear<D>(sums);
    for (int i = 0; i < 2; i++) {
        i64 row = first + LANE / 4 + 8 * i, at = (b * layout.heads + h) * layout.queries + row;
        my_lse[i] = row < layout.queries ? lse[at] * LOG2_E : 0;
        my_delta[i] = row < layout.queries ? delta[at] : 0;
    }
    i64 last = (block + 1) * OWNED < layout.queries ? (block + 1) * OWNED : layout.queries;
    VISIBLE(block * OWNED, last, from, to);
    for (i64 start = from / N * N; start < to; start += N) {
        BARRIER;
        load_rows<D>(keys, AT_ROW(k, k, b, key_head, start), layout.k_row, N, layout.keys - start);
        load_rows<D>(values, AT_ROW(v, v, b, key_head, start), layout.v_row, N, layout.keys - start);
        BARRIER;
        float scores[N / 8][4], slopes[N / 8][4];
        clear<N>(scores);
        clear<N>(slopes);
        times_rows<D, N>(scores, mine, keys);
        times_rows<D, N>(slopes, given, values);
        int all = sees_all(layout, first, start, N);
        for (int j = 0; j < N / 8; j++)
            for (int e = 0; e < 4; e++) {
                int seen = all || SEES(first + LANE / 4 + e / 2 * 8, start + 8 * j + LANE % 4 * 2 + e % 2);
                slopes[j][e] = seen ? exp2f(scores[j][e] * (scale * LOG2_E) - my_lse[e / 2]) * (slopes[j][e] - my_delta[e / 2]) : 0;
            }
        weighted_rows<D, N>(sums, slopes, keys);
    }
    put_rows<D>(AT_ROW(dq, q, b, h, first), layout.q_row, sums, scale, scale, left, accumulate);
}

// The gradients of a warp's 16 keys and values, over all queries of all heads that share them: dV = P^T dO, dK = scale dS^T Q.
template<int D> DEVICE void attend_keys(const float *q, const float *k, const float *v, const float *lse, const float *delta, const float *d_o, float *dk, i64 add_k, float *dv, i64 add_v, Layout layout, float scale)
{
    const int N = D > 64 ? 16 : 32;
    SHARED __align__(16) ushort queries[N * TILE_ROW(D)];
    SHARED __align__(16) ushort given[N * TILE_ROW(D)];
    SHARED float lses[N];
    SHARED float deltas[N];
    i64 key_head = GROUP_ID % layout.key_heads, b = GROUP_ID / layout.key_heads % layout.batch, block = GROUP_ID / layout.key_heads / layout.batch, share = layout.heads / layout.key_heads;
    i64 first = block * OWNED + 16 * WARP, left = layout.keys - first, last = (block + 1) * OWNED < layout.keys ? (block + 1) * OWNED : layout.keys;
    uint my_k[D / 16][4], my_v[D / 16][4];
    float to_k[D / 8][4], to_v[D / 8][4];
    own_rows<D>(my_k, AT_ROW(k, k, b, key_head, first), layout.k_row, left);
    own_rows<D>(my_v, AT_ROW(v, v, b, key_head, first), layout.v_row, left);
    clear<D>(to_k);
    clear<D>(to_v);
    // The queries that see any of these keys.
    i64 from = layout.causal && block * OWNED - layout.offset > 0 ? block * OWNED - layout.offset : 0, to = layout.queries;
    if (layout.window > 0 && last - 1 + layout.window - layout.offset < to) to = last - 1 + layout.window - layout.offset;
    for (i64 h = key_head * share; h < (key_head + 1) * share; h++)
        for (i64 start = from / N * N; start < to; start += N) {
            i64 rows = (b * layout.heads + h) * layout.queries + start;
            BARRIER;
            load_rows<D>(queries, AT_ROW(q, q, b, h, start), layout.q_row, N, layout.queries - start);
            load_rows<D>(given, AT_ROW(d_o, o, b, h, start), layout.o_row, N, layout.queries - start);
            if (LOCAL_ID < N) {
                lses[LOCAL_ID] = start + LOCAL_ID < layout.queries ? lse[rows + LOCAL_ID] * LOG2_E : 0;
                deltas[LOCAL_ID] = start + LOCAL_ID < layout.queries ? delta[rows + LOCAL_ID] : 0;
            }
            BARRIER;
            float weights[N / 8][4], slopes[N / 8][4];
            clear<N>(weights);
            clear<N>(slopes);
            times_rows<D, N>(weights, my_k, queries);
            times_rows<D, N>(slopes, my_v, given);
            for (int j = 0; j < N / 8; j++)
                for (int e = 0; e < 4; e++) {
                    int query = 8 * j + LANE % 4 * 2 + e % 2;
                    int seen = SEES(start + query, first + LANE / 4 + e / 2 * 8);
                    weights[j][e] = seen ? exp2f(weights[j][e] * (scale * LOG2_E) - lses[query]) : 0;
                    slopes[j][e] = weights[j][e] == 0 ? 0 : weights[j][e] * (slopes[j][e] - deltas[query]);
                }
            weighted_rows<D, N>(to_v, weights, given);
            weighted_rows<D, N>(to_k, slopes, queries);
        }
    if (dk) put_rows<D>(AT_ROW(dk, k, b, key_head, first), layout.k_row, to_k, scale, scale, left, add_k);
    if (dv) put_rows<D>(AT_ROW(dv, v, b, key_head, first), layout.v_row, to_v, 1, 1, left, add_v);
}

// A kernel for each size of a head: registers have no indices that are known only later.
#define FORWARD_PARAMETERS BUFFER(float, q), BUFFER(float, k), BUFFER(float, v), BUFFER(float, sinks), BUFFER(float, o), BUFFER(float, lse), Layout layout, float scale
#define FORWARD(D) AT(float, q); AT(float, k); AT(float, v); AT(float, sinks); AT(float, o); AT(float, lse); attend<D>(q, k, v, sinks, o, lse, layout, scale)
#define QUERIES_PARAMETERS BUFFER(float, q), BUFFER(float, k), BUFFER(float, v), BUFFER(float, lse), BUFFER(float, delta), BUFFER(float, d_o), BUFFER(float, dq), Layout layout, float scale, i64 accumulate
#define QUERIES(D) AT(float, q); AT(float, k); AT(float, v); AT(float, lse); AT(float, delta); AT(float, d_o); AT(float, dq); attend_queries<D>(q, k, v, lse, delta, d_o, dq, layout, scale, accumulate)
#define KEYS_PARAMETERS BUFFER(float, q), BUFFER(float, k), BUFFER(float, v), BUFFER(float, lse), BUFFER(float, delta), BUFFER(float, d_o), BUFFER(float, dk), i64 add_k, BUFFER(float, dv), i64 add_v, Layout layout, float scale
#define KEYS(D) AT(float, q); AT(float, k); AT(float, v); AT(float, lse); AT(float, delta); AT(float, d_o); AT(float, dk); AT(float, dv); \
    attend_keys<D>(q, k, v, lse, delta, d_o, dk, add_k, dv, add_v, layout, scale)

KERNEL attention_mma_32(FORWARD_PARAMETERS) { FORWARD(32); }
KERNEL attention_mma_64(FORWARD_PARAMETERS) { FORWARD(64); }
KERNEL attention_mma_80(FORWARD_PARAMETERS) { FORWARD(80); }
KERNEL attention_mma_96(FORWARD_PARAMETERS) { FORWARD(96); }
KERNEL attention_mma_128(FORWARD_PARAMETERS) { FORWARD(128); }
KERNEL attention_queries_mma_32(QUERIES_PARAMETERS) { QUERIES(32); }
KERNEL attention_queries_mma_64(QUERIES_PARAMETERS) { QUERIES(64); }
KERNEL attention_queries_mma_80(QUERIES_PARAMETERS) { QUERIES(80); }
KERNEL attention_queries_mma_96(QUERIES_PARAMETERS) { QUERIES(96); }
KERNEL attention_queries_mma_128(QUERIES_PARAMETERS) { QUERIES(128); }
KERNEL attention_keys_mma_32(KEYS_PARAMETERS) { KEYS(32); }
KERNEL attention_keys_mma_64(KEYS_PARAMETERS) { KEYS(64); }
KERNEL attention_keys_mma_80(KEYS_PARAMETERS) { KEYS(80); }
KERNEL attention_keys_mma_96(KEYS_PARAMETERS) { KEYS(96); }
KERNEL attention_keys_mma_128(KEYS_PARAMETERS) { KEYS(128); }
