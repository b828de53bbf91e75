// Attention in float32 for many queries: a group owns 64 of them (or 64 keys, for the gradients of keys and values) and meets the other side in tiles of 64, in shared memory; its 16 x 16
// items make four by four scores each. Heads of at most 128. Every result has one owner, so all sums have one order.

#if GROUP == 256
#define SIDE 64
#define PIECE 16
// A strip of 16 columns of both sides, or 32 columns of one, and the weights.
#define SHARED_SCORES SHARED float strips[2 * SIDE * (PIECE + 1)]; SHARED float weights[SIDE * (SIDE + 1)]
#define WEIGHT(i, j) weights[(i) * (SIDE + 1) + (j)]
#define DOWN (LOCAL_ID / 16 * 4)
#define ALONG (LOCAL_ID % 16)
#define EACH_SCORE(i, j) for (int i = 0; i < 4; i++) for (int j = 0; j < 4; j++)

// scores[i][j] = row DOWN + i of x times row ALONG + 16 j of y; rows that are not there count as 0.
DEVICE void tile_scores(float (*scores)[4], GLOBAL float *x, i64 x_step, i64 x_left, GLOBAL float *y, i64 y_step, i64 y_left, i64 size, LOCAL float *strips)
{
    LOCAL float *left = strips, *right = strips + SIDE * (PIECE + 1);
    EACH_SCORE(i, j) scores[i][j] = 0;
    for (i64 at = 0; at < size; at += PIECE) {
        BARRIER;
        for (int e = LOCAL_ID; e < SIDE * PIECE; e += GROUP) {
            int row = e / PIECE, column = e % PIECE, inside = at + column < size;
            left[row * (PIECE + 1) + column] = inside && row < x_left ? x[row * x_step + at + column] : 0;
            right[row * (PIECE + 1) + column] = inside && row < y_left ? y[row * y_step + at + column] : 0;
        }
        BARRIER;
        for (int d = 0; d < PIECE; d++) {
            float other[4];
            for (int j = 0; j < 4; j++) other[j] = right[(ALONG + 16 * j) * (PIECE + 1) + d];
            for (int i = 0; i < 4; i++) {
                float mine = left[(DOWN + i) * (PIECE + 1) + d];
                for (int j = 0; j < 4; j++) scores[i][j] += mine * other[j];
            }
        }
    }
}

// sums[i][c] += the weights of row DOWN + i times column ALONG + 16 c of y.
DEVICE void tile_sums(float (*sums)[8], LOCAL float *weights, GLOBAL float *y, i64 step, i64 left, i64 size, LOCAL float *strips)
{
    for (int c = 0; c < 8; c += 2) {
        if (16 * c >= size) break;
        BARRIER;
        for (int e = LOCAL_ID; e < SIDE * 32; e += GROUP) {
            int row = e / 32, column = 16 * c + e % 32;
            strips[e] = row < left && column < size ? y[row * step + column] : 0;
        }
        BARRIER;
        for (int k = 0; k < SIDE; k++) {
            float first = strips[k * 32 + ALONG], second = strips[k * 32 + ALONG + 16];
            for (int i = 0; i < 4; i++) {
                float weight = WEIGHT(DOWN + i, k);
                sums[i][c] += weight * first;
                sums[i][c + 1] += weight * second;
            }
        }
    }
}

DEVICE void clear_sums(float (*sums)[8])
{
    for (int i = 0; i < 4; i++)
        for (int c = 0; c < 8; c++) sums[i][c] = 0;
}

DEVICE void put_sums(GLOBAL float *to, i64 step, float (*sums)[8], i64 left, i64 size, float factor, i64 accumulate)
{
    for (int i = 0; i < 4; i++)
        for (int c = 0; c < 8; c++) {
            int row = DOWN + i, column = ALONG + 16 * c;
            float value = sums[i][c] * factor;
            if (row < left && column < size) PUT(to[row * step + column], value);
        }
}

KERNEL attention_tiles(BUFFER(float, q), BUFFER(float, k), BUFFER(float, v), BUFFER(float, sinks), BUFFER(float, o), BUFFER(float, lse), Layout layout, float scale)
{
    SHARED_SCORES;
    SHARED float parts[4 * SIDE]; SHARED float max[SIDE]; SHARED float sum[SIDE]; SHARED float keep[SIDE];
    AT(float, q); AT(float, k); AT(float, v); AT(float, sinks); AT(float, o); AT(float, lse);
    i64 h = GROUP_ID % layout.heads, b = GROUP_ID / layout.heads % layout.batch, first = GROUP_ID / layout.heads / layout.batch * SIDE, left = layout.queries - first;
    i64 key_head = h / (layout.heads / layout.key_heads), last = left < SIDE ? layout.queries : first + SIDE;
    if (LOCAL_ID < SIDE) {
        max[LOCAL_ID] = sinks ? sinks[h] : -INFINITE;
        sum[LOCAL_ID] = sinks ? 1 : 0;
    }
    float sums[4][8];
    clear_sums(sums);
    VISIBLE(first, last, from, to);
    for (i64 start = from / SIDE * SIDE; start < to; start += SIDE) {
        float scores[4][4];
        tile_scores(scores, AT_ROW(q, q, b, h, first), layout.q_row, left, AT_ROW(k, k, b, key_head, start), layout.k_row, layout.keys - start, layout.size, strips);
        EACH_SCORE(i, j) WEIGHT(DOWN + i, ALONG + 16 * j) = SEES(first + DOWN + i, start + ALONG + 16 * j) ? scores[i][j] * scale : -INFINITE;
        BARRIER;
        // Four items to a row.
        int row = LOCAL_ID / 4, part = LOCAL_ID % 4;
        float best = -INFINITE, all = 0;
        for (int j = 16 * part; j < 16 * part + 16; j++) best = WEIGHT(row, j) > best ? WEIGHT(row, j) : best;
        parts[LOCAL_ID] = best;
        BARRIER;
        best = max[row];
        for (int p = 0; p < 4; p++) best = parts[4 * row + p] > best ? parts[4 * row + p] : best;
        BARRIER;
        for (int j = 16 * part; j < 16 * part + 16; j++) {
            float weight = best == -INFINITE && !IS_NAN(WEIGHT(row, j)) ? 0 : exp(WEIGHT(row, j) - best);
            WEIGHT(row, j) = weight;
            all += weight;
        }
        parts[LOCAL_ID] = all;
        BARRIER;
        if (part == 0) {
            keep[row] = max[row] == best ? 1 : exp(max[row] - best);
            sum[row] = sum[row] * keep[row] + parts[4 * row] + parts[4 * row + 1] + parts[4 * row + 2] + parts[4 * row + 3];
            max[row] = best;
        }
        BARRIER;
        for (int i = 0; i < 4; i++)
            for (int c = 0; c < 8; c++) sums[i][c] *= keep[DOWN + i];
        tile_sums(sums, weights, AT_ROW(v, v, b, key_head, start), layout.v_row, layout.keys - start, layout.value_size, strips);
    }
    BARRIER;
    for (int i = 0; i < 4; i++)
        for (int c = 0; c < 8; c++) sums[i][c] /= sum[DOWN + i] > 0 || IS_NAN(sum[DOWN + i]) ? sum[DOWN + i] : 1;
    put_sums(AT_ROW(o, o, b, h, first), layout.o_row, sums, left, layout.value_size, 1, 0);
    if (LOCAL_ID < SIDE && LOCAL_ID < left) lse[(b * layout.heads + h) * layout.queries + first + LOCAL_ID] = sum[LOCAL_ID] == 0 ? -INFINITE : max[LOCAL_ID] + log(sum[LOCAL_ID]);
}

KERNEL attention_query_tiles(BUFFER(float, q), BUFFER(float, k), BUFFER(float, v), BUFFER(float, lse), BUFFER(float, delta), BUFFER(float, d_o), BUFFER(float, dq), Layout layout, float scale, i64 accumulate)
{
    SHARED_SCORES;
    AT(float, q); AT(float, k); AT(float, v); AT(float, lse); AT(float, delta); AT(float, d_o); AT(float, dq);
    i64 h = GROUP_ID % layout.heads, b = GROUP_ID / layout.heads % layout.batch, first = GROUP_ID / layout.heads / layout.batch * SIDE, left = layout.queries - first;
    i64 key_head = h / (layout.heads / layout.key_heads), last = left < SIDE ? layout.queries : first + SIDE, rows = (b * layout.heads + h) * layout.queries + first;
    float sums[4][8];
    clear_sums(sums);
    VISIBLE(first, last, from, to);
    for (i64 start = from / SIDE * SIDE; start < to; start += SIDE) {
        float scores[4][4], slopes[4][4];
        tile_scores(scores, AT_ROW(q, q, b, h, first), layout.q_row, left, AT_ROW(k, k, b, key_head, start), layout.k_row, layout.keys - start, layout.size, strips);
        tile_scores(slopes, AT_ROW(d_o, o, b, h, first), layout.o_row, left, AT_ROW(v, v, b, key_head, start), layout.v_row, layout.keys - start, layout.value_size, strips);
        EACH_SCORE(i, j) {
            int row = DOWN + i;
            WEIGHT(row, ALONG + 16 * j) = SEES(first + row, start + ALONG + 16 * j) ? exp(scale * scores[i][j] - lse[rows + row]) * (slopes[i][j] - delta[rows + row]) : 0;
        }
        tile_sums(sums, weights, AT_ROW(k, k, b, key_head, start), layout.k_row, layout.keys - start, layout.size, strips);
    }
    put_sums(AT_ROW(dq, q, b, h, first), layout.q_row, sums, left, layout.size, scale, accumulate);
}

KERNEL attention_key_tiles(BUFFER(float, q), BUFFER(float, k), BUFFER(float, v), BUFFER(float, lse), BUFFER(float, delta), BUFFER(float, d_o),
    BUFFER(float, dk), i64 add_k, BUFFER(float, dv), i64 add_v, Layout layout, float scale)
{
    SHARED_SCORES;
    AT(float, q); AT(float, k); AT(float, v); AT(float, lse); AT(float, delta); AT(float, d_o); AT(float, dk); AT(float, dv);
    i64 key_head = GROUP_ID % layout.key_heads, b = GROUP_ID / layout.key_heads % layout.batch, first = GROUP_ID / layout.key_heads / layout.batch * SIDE, left = layout.keys - first;
    i64 share = layout.heads / layout.key_heads, last = left < SIDE ? layout.keys : first + SIDE;
    GLOBAL float *my_k = AT_ROW(k, k, b, key_head, first), *my_v = AT_ROW(v, v, b, key_head, first);
    float to_k[4][8], to_v[4][8];
    clear_sums(to_k);
    clear_sums(to_v);
    // The queries that see any of these keys.
    i64 from = layout.causal && first - layout.offset > 0 ? first - layout.offset : 0, to = layout.queries;
    if (layout.window > 0 && last - 1 + layout.window - layout.offset < to) to = last - 1 + layout.window - layout.offset;
    for (i64 h = key_head * share; h < (key_head + 1) * share; h++)
        for (i64 start = from / SIDE * SIDE; start < to; start += SIDE) {
            float scores[4][4], slopes[4][4];
            i64 rows = (b * layout.heads + h) * layout.queries + start, queries_left = layout.queries - start;
            GLOBAL float *my_q = AT_ROW(q, q, b, h, start), *my_o = AT_ROW(d_o, o, b, h, start);
            tile_scores(scores, my_k, layout.k_row, left, my_q, layout.q_row, queries_left, layout.size, strips);
            tile_scores(slopes, my_v, layout.v_row, left, my_o, layout.o_row, queries_left, layout.value_size, strips);
            EACH_SCORE(i, j) {
                int query = ALONG + 16 * j;
                float weight = SEES(start + query, first + DOWN + i) ? exp(scale * scores[i][j] - lse[rows + query]) : 0;
                slopes[i][j] = weight == 0 ? 0 : weight * (slopes[i][j] - delta[rows + query]);
                WEIGHT(DOWN + i, query) = weight;
            }
            if (dv) tile_sums(to_v, weights, my_o, layout.o_row, queries_left, layout.value_size, strips);
            BARRIER;
            EACH_SCORE(i, j) WEIGHT(DOWN + i, ALONG + 16 * j) = slopes[i][j];
            if (dk) tile_sums(to_k, weights, my_q, layout.q_row, queries_left, layout.size, strips);
        }
    if (dk) put_sums(AT_ROW(dk, k, b, key_head, first), layout.k_row, to_k, left, layout.size, scale, add_k);
    if (dv) put_sums(AT_ROW(dv, v, b, key_head, first), layout.v_row, to_v, left, layout.value_size, 1, add_v);
}
#endif
