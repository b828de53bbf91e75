// Products of matrices: C[i, j] (+)= sum over k of A[i, k] B[k, j], with a stride for each index, so that a transposed factor is another pair of strides.

#if GROUP > 1
// A group of 16 x 16 items makes a tile of 64 x 64, four by four each; strips of 16 of the inner index pass through local memory.
#define TILE 64
#define STRIP 16
#define SHARED_TILES SHARED float tiles[2 * STRIP * (TILE + 4)]
#define TILES , tiles
#define TILES_PARAMETER , LOCAL float *tiles
#else
// One item makes a tile of 8 x 32 in registers, without a barrier.
#define TILE_ROWS 8
#define TILE 32
#define SHARED_TILES
#define TILES
#define TILES_PARAMETER
#endif
#ifndef TILE_ROWS
#define TILE_ROWS TILE
#endif

#if GROUP > 1
#define MINE 4
#define MINE_COLUMNS 4
#define MY_ROW(i) (i0 + LOCAL_ID / 16 * 4 + (i))
#define MY_COLUMN(j) (j0 + LOCAL_ID % 16 + 16 * (j))
#else
#define MINE TILE_ROWS
#define MINE_COLUMNS TILE
#define MY_ROW(i) (i0 + (i))
#define MY_COLUMN(j) (j0 + (j))
#endif

DEVICE void tile_product(GLOBAL float *a, i64 ai, i64 ak, GLOBAL float *b, i64 bk, i64 bj, GLOBAL float *bias, GLOBAL float *c, i64 ldc,
    i64 m, i64 n, i64 k, i64 i0, i64 j0, i64 accumulate TILES_PARAMETER)
{
    float sums[MINE][MINE_COLUMNS];
    for (int i = 0; i < MINE; i++)
        for (int j = 0; j < MINE_COLUMNS; j++) sums[i][j] = 0;
#if GROUP > 1
    LOCAL float *left = tiles, *right = tiles + STRIP * (TILE + 4);
    for (i64 k0 = 0; k0 < k; k0 += STRIP) {
        BARRIER;
        for (int e = LOCAL_ID; e < STRIP * TILE; e += GROUP) {
            // Neighbouring items load neighbouring elements, along whichever index these lie.
            int i = ak == 1 ? e / STRIP : e % TILE, s = ak == 1 ? e % STRIP : e / TILE;
            left[s * (TILE + 4) + i] = i0 + i < m && k0 + s < k ? a[(i0 + i) * ai + (k0 + s) * ak] : 0;
            int j = bk == 1 ? e / STRIP : e % TILE, t = bk == 1 ? e % STRIP : e / TILE;
            right[t * (TILE + 4) + j] = j0 + j < n && k0 + t < k ? b[(k0 + t) * bk + (j0 + j) * bj] : 0;
        }
        BARRIER;
        for (int s = 0; s < STRIP; s++)
            for (int i = 0; i < 4; i++) {
                float x = left[s * (TILE + 4) + LOCAL_ID / 16 * 4 + i];
                for (int j = 0; j < 4; j++) sums[i][j] += x * right[s * (TILE + 4) + LOCAL_ID % 16 + 16 * j];
            }
    }
#else
    if (i0 + TILE_ROWS <= m && j0 + TILE <= n && bj == 1)
        for (i64 s = 0; s < k; s++)
            for (int i = 0; i < TILE_ROWS; i++) {
                float x = a[(i0 + i) * ai + s * ak];
                for (int j = 0; j < TILE; j++) sums[i][j] += x * b[s * bk + j0 + j];
            }
    else
        for (int i = 0; i < TILE_ROWS && i0 + i < m; i++)
            for (int j = 0; j < TILE && j0 + j < n; j++) {
                float sum = 0;
                for (i64 s = 0; s < k; s++) sum += a[(i0 + i) * ai + s * ak] * b[s * bk + (j0 + j) * bj];
                sums[i][j] = sum;
            }
#endif
    for (int i = 0; i < MINE; i++)
        for (int j = 0; j < MINE_COLUMNS; j++)
            if (MY_ROW(i) < m && MY_COLUMN(j) < n) {
                float value = sums[i][j] + (bias ? bias[MY_COLUMN(j)] : 0);
                PUT(c[MY_ROW(i) * ldc + MY_COLUMN(j)], value);
            }
}

KERNEL matmul(BUFFER(float, a), i64 ai, i64 ak, i64 stride_a, BUFFER(float, b), i64 bk, i64 bj, i64 stride_b, BUFFER(float, bias), BUFFER(float, c), i64 stride_c,
    i64 m, i64 n, i64 k, i64 accumulate)
{
    SHARED_TILES;
    AT(float, a); AT(float, b); AT(float, bias); AT(float, c);
    i64 across = (n + TILE - 1) / TILE, down = (m + TILE_ROWS - 1) / TILE_ROWS, p = GROUP_ID / (across * down), tile = GROUP_ID % (across * down);
    tile_product(a + p * stride_a, ai, ak, b + p * stride_b, bk, bj, bias, c + p * stride_c, n, m, n, k, tile / across * TILE_ROWS, tile % across * TILE, accumulate TILES);
}

// Tiles of rows are counted group by group; there are at most rows/TILE + groups.
KERNEL grouped_matmul(BUFFER(float, a), BUFFER(float, b), i64 bk, i64 bj, BUFFER(int, offsets), BUFFER(float, c), i64 groups, i64 all, i64 n, i64 k, i64 accumulate)
{
    SHARED_TILES;
    AT(float, a); AT(float, b); AT(int, offsets); AT(float, c);
    i64 across = (n + TILE - 1) / TILE, tile = GROUP_ID / across, g = 0;
    for (; g < groups; g++) {
        i64 tiles_here = (ROWS_OF(g) + TILE_ROWS - 1) / TILE_ROWS;
        if (tile < tiles_here) break;
        tile -= tiles_here;
    }
    // Tiles behind the last group have no rows, and go through the same barriers all the same.
    int behind = g == groups;
    if (behind) g = 0;
    i64 start = OFFSET(g), rows = behind ? 0 : ROWS_OF(g);
    tile_product(a + start * k, k, 1, b + g * n * k, bk, bj, (GLOBAL float *)0, c + start * n, n, rows, n, k,
        tile * TILE_ROWS, GROUP_ID % across * TILE, accumulate TILES);
}

// Rows behind the last group; and the offsets must rise from 0 to at most the number of rows.
KERNEL clear_behind(BUFFER(int, offsets), BUFFER(float, c), i64 groups, i64 rows, i64 n, CHECKED)
{
    EACH(i, rows * n > groups ? rows * n : groups + 1);
    AT(int, offsets); AT(float, c); AT(int, record);
    if (i <= groups && (offsets[i] > rows || (i == 0 ? offsets[0] != 0 : offsets[i] < offsets[i - 1]))) note_outside(record, operation, i, offsets[i]);
    if (i < rows * n && i / n >= offsets[groups]) c[i] = 0;
}

KERNEL grouped_outer(BUFFER(float, a), BUFFER(float, b), BUFFER(int, offsets), BUFFER(float, c), i64 all, i64 m, i64 n, i64 accumulate)
{
    SHARED_TILES;
    AT(float, a); AT(float, b); AT(int, offsets); AT(float, c);
    i64 across = (n + TILE - 1) / TILE, down = (m + TILE_ROWS - 1) / TILE_ROWS, g = GROUP_ID / (across * down), tile = GROUP_ID % (across * down), start = OFFSET(g);
    tile_product(a + start * m, 1, m, b + start * n, n, 1, (GLOBAL float *)0, c + g * m * n, n, m, n, ROWS_OF(g),
        tile / across * TILE_ROWS, tile % across * TILE, accumulate TILES);
}
