// Products of bfloat16 factors with float32 sums by tensor cores: the shapes that products.cl knows, in tiles of 128 x 128 by eight warps, 64 x 32 each. Strips of 32 of the inner index come
// into shared memory while the strip before is multiplied. Of each factor one of the two indices is contiguous.

#define WIDE 128
#define DEEP 32
// Rows are longer than they need be so that the eight rows a warp loads at once lie in different banks.
#define DEEP_ROW (DEEP + 8)
#define WIDE_ROW (WIDE + 8)
#define STRIP_SIZE (WIDE * DEEP_ROW)
#define SHARED_STRIPS SHARED __align__(16) ushort strips[4 * STRIP_SIZE]

// A strip of a factor, [WIDE, DEEP] where the inner index is contiguous, else [DEEP, WIDE]; what lies outside is 0.
DEVICE void load_strip(ushort *to, const ushort *from, i64 outer_step, i64 inner_step, i64 outer_left, i64 inner_left)
{
    int deep = inner_step == 1, per_row = deep ? DEEP / 8 : WIDE / 8, row_size = deep ? DEEP_ROW : WIDE_ROW;
    i64 step = deep ? outer_step : inner_step, rows = deep ? outer_left : inner_left, columns = deep ? inner_left : outer_left;
    int aligned = (((u64)from | (u64)step * 2) & 15) == 0;
    for (int e = LOCAL_ID; e < WIDE * DEEP / 8; e += 256) {
        int row = e / per_row, column = e % per_row * 8;
        i64 left = row < rows ? columns - column : 0;
        int count = left >= 8 ? 8 : left > 0 ? (int)left : 0;
        ushort *place = to + row * row_size + column;
        const ushort *source = count ? from + row * step + column : from;
        if (aligned) start_copy(place, source, 2 * count);
        else for (int j = 0; j < 8; j++) place[j] = j < count ? source[j] : 0;
    }
}

DEVICE void tile_of_products(const ushort *a, i64 ai, i64 ak, const ushort *b, i64 bk, i64 bj, const float *bias, float *c, i64 ldc,
    i64 m, i64 n, i64 k, i64 i0, i64 j0, i64 accumulate, ushort *strips)
{
    float sums[4][4][4];
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            for (int e = 0; e < 4; e++) sums[i][j][e] = 0;
    int my_row = WARP / 4 * 64, my_column = WARP % 4 * 32, lane = LANE;
    i64 count = i0 < m && j0 < n ? (k + DEEP - 1) / DEEP : 0;
    for (i64 s = -1; s < count; s++) {
        // The strip after this one.
        i64 next = s + 1;
        ushort *left = strips + next % 2 * 2 * STRIP_SIZE, *right = left + STRIP_SIZE;
        if (next < count) {
            load_strip(left, a + i0 * ai + next * DEEP * ak, ai, ak, m - i0, k - next * DEEP);
            load_strip(right, b + j0 * bj + next * DEEP * bk, bj, bk, n - j0, k - next * DEEP);
        }
        end_copies();
        if (s < 0) continue;
        wait_for_all_but_the_last_copies();
        BARRIER;
        left = strips + s % 2 * 2 * STRIP_SIZE;
        right = left + STRIP_SIZE;
        for (int kk = 0; kk < DEEP; kk += 16) {
            uint rows[4][4], columns[2][4];
            for (int i = 0; i < 4; i++)
                if (ak == 1) warp_load(rows[i], left + (my_row + 16 * i + lane % 16) * DEEP_ROW + kk + lane / 16 * 8);
                else warp_load_transposed(rows[i], left + (kk + lane / 16 * 8 + lane % 8) * WIDE_ROW + my_row + 16 * i + lane / 8 % 2 * 8);
            for (int j = 0; j < 2; j++)
                if (bk == 1) warp_load(columns[j], right + (my_column + 16 * j + lane / 16 * 8 + lane % 8) * DEEP_ROW + kk + lane / 8 % 2 * 8);
                else warp_load_transposed(columns[j], right + (kk + lane / 8 % 2 * 8 + lane % 8) * WIDE_ROW + my_column + 16 * j + lane / 16 * 8);
            for (int i = 0; i < 4; i++)
                for (int j = 0; j < 4; j++) warp_product(sums[i][j], rows[i], columns[j / 2][j % 2 * 2], columns[j / 2][j % 2 * 2 + 1]);
        }
        // The next strip but one comes to where this one lies.
        BARRIER;
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            for (int e = 0; e < 4; e++) {
                i64 row = i0 + my_row + 16 * i + lane / 4 + e / 2 * 8, column = j0 + my_column + 8 * j + lane % 4 * 2 + e % 2;
                if (row < m && column < n) {
                    float value = sums[i][j][e] + (bias ? bias[column] : 0);
                    PUT(c[row * ldc + column], value);
                }
            }
}

KERNEL matmul_mma(BUFFER(ushort, a), i64 ai, i64 ak, i64 stride_a, BUFFER(ushort, b), i64 bk, i64 bj, i64 stride_b, BUFFER(float, bias), BUFFER(float, c), i64 stride_c,
    i64 m, i64 n, i64 k, i64 accumulate)
{
    SHARED_STRIPS;
    AT(ushort, a); AT(ushort, b); AT(float, bias); AT(float, c);
    i64 across = (n + WIDE - 1) / WIDE, down = (m + WIDE - 1) / WIDE, p = GROUP_ID / (across * down), tile = GROUP_ID % (across * down);
    tile_of_products(a + p * stride_a, ai, ak, b + p * stride_b, bk, bj, bias, c + p * stride_c, n, m, n, k, tile / across * WIDE, tile % across * WIDE, accumulate, strips);
}

KERNEL grouped_matmul_mma(BUFFER(ushort, a), BUFFER(ushort, b), i64 bk, i64 bj, BUFFER(int, offsets), BUFFER(float, c), i64 groups, i64 all, i64 n, i64 k, i64 accumulate)
{
    SHARED_STRIPS;
    AT(ushort, a); AT(ushort, b); AT(int, offsets); AT(float, c);
    i64 across = (n + WIDE - 1) / WIDE, tile = GROUP_ID / across, g = 0;
    for (; g < groups; g++) {
        i64 tiles_here = (ROWS_OF(g) + WIDE - 1) / WIDE;
        if (tile < tiles_here) break;
        tile -= tiles_here;
    }
    // The same for all items: nobody waits at a barrier for those that leave.
    if (g == groups) return;
    i64 start = OFFSET(g);
    tile_of_products(a + start * k, k, 1, b + g * n * k, bk, bj, (float *)0, c + start * n, n, ROWS_OF(g), n, k, tile * WIDE, GROUP_ID % across * WIDE, accumulate, strips);
}

KERNEL grouped_outer_mma(BUFFER(ushort, a), BUFFER(ushort, b), BUFFER(int, offsets), BUFFER(float, c), i64 all, i64 m, i64 n, i64 accumulate)
{
    SHARED_STRIPS;
    AT(ushort, a); AT(ushort, b); AT(int, offsets); AT(float, c);
    i64 across = (n + WIDE - 1) / WIDE, down = (m + WIDE - 1) / WIDE, g = GROUP_ID / (across * down), tile = GROUP_ID % (across * down), start = OFFSET(g);
    tile_of_products(a + start * m, 1, m, b + start * n, n, 1, (float *)0, c + g * m * n, n, m, n, ROWS_OF(g), tile / across * WIDE, tile % across * WIDE, accumulate, strips);
}
