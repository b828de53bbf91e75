// Steps of an optimizer. Their numbers come from memory, so that a launch can be replayed with new ones: rate, the two betas, epsilon, what decay keeps, the root of the second
// correction, and a factor of the gradients. Another factor may have been computed on the device: where it is NaN nothing changes.

#define ADAMW_CHUNK 4096
#define SQUARES_CHUNK 16384

DEVICE void adamw_step(GLOBAL float *numbers, float factor, GLOBAL float *p, float g, GLOBAL float *m, GLOBAL float *v, i64 decays)
{
    float beta1 = numbers[1], beta2 = numbers[2], gradient = g * factor;
    float first = beta1 * *m + (1 - beta1) * gradient, second = beta2 * *v + (1 - beta2) * gradient * gradient;
    *m = first;
    *v = second;
    *p = (decays ? numbers[4] : 1) * *p - numbers[0] * first / (SQRT(second) * numbers[5] + numbers[3]);
}

KERNEL adamw(BUFFER(float, numbers), BUFFER(float, scaling), BUFFER(float, p), BUFFER(float, g), BUFFER(float, m), BUFFER(float, v), i64 n, i64 decays)
{
    EACH(i, n);
    AT(float, numbers); AT(float, scaling); AT(float, p); AT(float, g); AT(float, m); AT(float, v);
    float factor = numbers[6] * (scaling ? scaling[0] : 1);
    if (!IS_NAN(factor)) adamw_step(numbers, factor, p + i, g[i], m + i, v + i, decays);
}

// The row of a table to which a chunk belongs: the last whose first number, its first chunk, is not beyond.
DEVICE i64 row_of(GLOBAL i64 *table, i64 width, i64 rows, i64 chunk)
{
    i64 low = 0, high = rows;
    while (high - low > 1) {
        i64 middle = (low + high) / 2;
        if (table[middle * width] <= chunk) low = middle;
        else high = middle;
    }
    return low;
}

// Rows: first chunk, addresses of parameter, gradient and moments, elements, whether it decays. A tensor without elements has no chunk and is never the last of its number.
KERNEL adamw_all(BUFFER(float, numbers), BUFFER(float, scaling), BUFFER(i64, table), i64 rows)
{
    AT(float, numbers); AT(float, scaling); AT(i64, table);
    table += 7 * row_of(table, 7, rows, GROUP_ID);
    GLOBAL float *p = (GLOBAL float *)table[1], *g = (GLOBAL float *)table[2], *m = (GLOBAL float *)table[3], *v = (GLOBAL float *)table[4];
    i64 from = (GROUP_ID - table[0]) * ADAMW_CHUNK, to = from + ADAMW_CHUNK < table[5] ? from + ADAMW_CHUNK : table[5];
    float factor = numbers[6] * (scaling ? scaling[0] : 1);
    if (!IS_NAN(factor))
        for (i64 i = from + LOCAL_ID; i < to; i += GROUP) adamw_step(numbers, factor, p + i, g[i], m + i, v + i, table[6]);
}

// Rows: first chunk, address, elements.
KERNEL squares_all(BUFFER(i64, table), i64 rows, BUFFER(float, squares))
{
    SHARED_ROW;
    AT(i64, table); AT(float, squares);
    table += 3 * row_of(table, 3, rows, GROUP_ID);
    GLOBAL float *g = (GLOBAL float *)table[1];
    i64 from = (GROUP_ID - table[0]) * SQUARES_CHUNK, to = from + SQUARES_CHUNK < table[2] ? from + SQUARES_CHUNK : table[2];
    float sum = 0;
    for (i64 i = from + LOCAL_ID; i < to; i += GROUP) sum += g[i] * g[i];
    sum = GROUP_SUM(sum);
    if (LOCAL_ID == 0) squares[GROUP_ID] = sum;
}

// Behind the losses: the norm of all gradients, and by what to multiply them so that it is at most so much; NaN where a loss or the norm is no number, or an index was wrong.
KERNEL gradient_norm(BUFFER(float, squares), i64 parts, float most, BUFFER(float, measured), i64 losses, BUFFER(int, record))
{
    SHARED_ROW;
    AT(float, squares); AT(float, measured); AT(int, record);
    float sum = 0;
    for (i64 i = LOCAL_ID; i < parts; i += GROUP) sum += squares[i];
    float total = SQRT(GROUP_SUM(sum)), factor = total > most ? most / total : 1;
    // What is infinite or NaN gives NaN here.
    factor += total - total;
    for (i64 i = 0; i < losses; i++) factor += measured[i] - measured[i];
    if (record[0] != 0) factor = FLOAT_OF(0x7FC00000);
    if (LOCAL_ID == 0) {
        measured[losses] = total;
        measured[losses + 1] = factor;
    }
}
