// Products with matrices that stay quantized, in the packing that the CPU kernels use too: panels of 16 rows, blocks of 32 columns. Of a block, step s holds columns 4s to 4s + 3 in
// a word for each row, words of neighbouring rows side by side; narrow codes share words. Scales lie in super-blocks of one or eight blocks, row after row. A value is factor (scale (code - zero) - minimum).

#define TOKENS 4
#define QUANTIZED BUFFER(uint, codes), i64 code_kind, i64 code_words, BUFFER(uchar, scales), i64 scale_kind, i64 scale_bytes, i64 super_blocks, float zero, float factor
#define CODES4 0
#define CODES5 1
#define CODES6 2
#define CODES2 3
#define CODES3 4
#define CODES8 5
#define CODES_E2M1 6

// Four codes, one in each byte.
DEVICE uint quantized_codes(int kind, GLOBAL uint *p, int row, int step)
{
    if (kind == CODES8) return p[step * 16 + row];
    if (kind == CODES2 || kind == CODES3) {
        uint pairs = (p[step / 4 * 16 + row] >> 2 * (step % 4)) & 0x03030303u;
        return kind == CODES3 ? pairs | ((p[32 + row] >> step) & 0x01010101u) << 2 : pairs;
    }
    uint nibbles = (p[step / 2 * 16 + row] >> 4 * (step % 2)) & 0x0F0F0F0Fu;
    if (kind == CODES5) nibbles |= ((p[64 + row] >> step) & 0x01010101u) << 4;
    if (kind == CODES6) nibbles |= ((p[64 + step / 4 * 16 + row] >> 2 * (step % 4)) & 0x03030303u) << 4;
    return nibbles;
}

DEVICE float quantized_code(int kind, uint codes, int i)
{
    int code = (int)(codes >> 8 * i & 255u);
    if (kind == CODES8) return code < 128 ? code : code - 256;
    if (kind != CODES_E2M1) return code;
    // Doubled and 12 more.
    int exponent = code >> 1 & 3, value = exponent == 0 ? code & 1 : (2 + (code & 1)) << (exponent - 1);
    return code & 8 ? 12 - value : 12 + value;
}

DEVICE float half_value(GLOBAL uchar *p)
{
    uint bits = p[0] | (uint)p[1] << 8, exponent = bits >> 10 & 31u, rest = bits & 1023u;
    float value = exponent == 0 ? rest * (1.0f / 16777216.0f) : as_float((exponent + 112) << 23 | rest << 13);
    return bits >> 15 ? -value : value;
}

// Of half a block, 16 columns; part counts them within the super-block.
DEVICE void quantized_scales(int kind, GLOBAL uchar *p, int row, int part, float *scale, float *minimum)
{
    int block = part / 2;
    *minimum = 0;
    if (kind >= 6) {
        uint bits = p[kind == 6 ? row : part * 16 + row];
        if (kind == 6) *scale = as_float(bits << 23);
        else *scale = bits >> 3 ? as_float((bits << 20) + (120u << 23)) : bits * (1.0f / 512.0f);
        return;
    }
    *scale = half_value(p + row * 2);
    if (kind >= 1 && kind <= 3) *minimum = half_value(p + 32 + row * 2);
    if (kind == 2) {
        *scale *= p[64 + block * 32 + row];
        *minimum *= p[80 + block * 32 + row];
    }
    if (kind == 3) {
        int both = p[64 + part * 16 + row];
        *scale *= both & 15;
        *minimum *= both >> 4;
    }
    if (kind == 4) {
        int signed_scale = p[32 + part * 16 + row];
        *scale *= signed_scale < 128 ? signed_scale : signed_scale - 256;
    }
}

// What lane by lane of a panel's row adds to its products with some rows of x.
DEVICE void quantized_sums(GLOBAL float *x, i64 columns, int count, GLOBAL uint *codes, int code_kind, i64 code_words, GLOBAL uchar *scales, int scale_kind, i64 scale_bytes, i64 super_blocks,
    float zero, int row, int lane, int lanes, float *sums)
{
    for (i64 block = lane; block < columns / 32; block += lanes)
        for (int half_block = 0; half_block < 2; half_block++) {
            float scale, minimum, products[TOKENS], totals[TOKENS];
            quantized_scales(scale_kind, scales + block / super_blocks * scale_bytes, row, (int)(block % super_blocks) * 2 + half_block, &scale, &minimum);
            for (int t = 0; t < TOKENS; t++) products[t] = totals[t] = 0;
            for (int step = 4 * half_block; step < 4 * half_block + 4; step++) {
                uint four = quantized_codes(code_kind, codes + block * code_words, row, step);
                for (int i = 0; i < 4; i++) {
                    float code = quantized_code(code_kind, four, i) - zero;
                    for (int t = 0; t < count; t++) {
                        float value = x[t * columns + block * 32 + step * 4 + i];
                        products[t] += code * value;
                        totals[t] += value;
                    }
                }
            }
            for (int t = 0; t < count; t++) sums[t] += scale * products[t] - (minimum != 0 ? minimum * totals[t] : 0);
        }
}

// y[i, first + r] = row r times row i of x: a group for 16 rows r and four i, from offsets[number] to offsets[number + 1] where there are offsets.
KERNEL quantized_product(BUFFER(float, x), QUANTIZED, BUFFER(int, offsets), i64 number, BUFFER(float, y), i64 tokens, i64 rows, i64 columns, i64 first, i64 stride)
{
    SHARED_ROW;
    AT(float, x); AT(uint, codes); AT(uchar, scales); AT(int, offsets); AT(float, y);
    i64 panels = (rows + 15) / 16, panel = GROUP_ID % panels, token = GROUP_ID / panels * TOKENS, end = tokens;
    if (offsets) {
        token += offsets[number] < 0 ? 0 : offsets[number];
        end = offsets[number + 1] < tokens ? offsets[number + 1] : tokens;
    }
    // Groups behind the last row have none, and go through the same barriers all the same.
    int count = end - token < 0 ? 0 : end - token < TOKENS ? (int)(end - token) : TOKENS;
    x += token * columns;
    y += token * stride + first + panel * 16;
    codes += panel * (columns / 32) * code_words;
    scales += panel * (columns / 32 / super_blocks) * scale_bytes;
#if GROUP > 1
    int row = LOCAL_ID % 16;
    float sums[TOKENS] = {0, 0, 0, 0};
    quantized_sums(x, columns, count, codes, (int)code_kind, code_words, scales, (int)scale_kind, scale_bytes, super_blocks, zero, row, LOCAL_ID / 16, GROUP / 16, sums);
    for (int t = 0; t < TOKENS; t++) {
        BARRIER;
        shared[LOCAL_ID] = sums[t];
        for (int step = GROUP / 2; step >= 16; step /= 2) {
            BARRIER;
            if (LOCAL_ID < step) shared[LOCAL_ID] += shared[LOCAL_ID + step];
        }
        BARRIER;
        if (LOCAL_ID < 16 && t < count && panel * 16 + row < rows) y[t * stride + row] = shared[LOCAL_ID] * factor;
    }
#else
    for (int row = 0; row < 16 && panel * 16 + row < rows; row++) {
        float sums[TOKENS] = {0, 0, 0, 0};
        quantized_sums(x, columns, count, codes, (int)code_kind, code_words, scales, (int)scale_kind, scale_bytes, super_blocks, zero, row, 0, 1, sums);
        for (int t = 0; t < count; t++) y[t * stride + row] = sums[t] * factor;
    }
#endif
}

// y[i, :] = row ids[i] - first, where the matrix has it; without ids all rows. An item for four columns.
KERNEL quantized_rows(QUANTIZED, BUFFER(int, ids), BUFFER(float, y), i64 count, i64 rows, i64 columns, i64 first, i64 limit, CHECKED)
{
    EACH(item, count * (columns / 4));
    AT(uint, codes); AT(uchar, scales); AT(int, ids); AT(float, y); AT(int, record);
    i64 i = item / (columns / 4), column = item % (columns / 4) * 4, row = (ids ? ids[i] : i) - first, block = column / 32, panel = row / 16;
    if (ids && column == 0 && !INSIDE(ids[i], limit)) note_outside(record, operation, i, ids[i]);
    if (row < 0 || row >= rows) return;
    int lane = (int)(row % 16);
    float scale, minimum;
    quantized_scales((int)scale_kind, scales + (panel * (columns / 32) + block) / super_blocks * scale_bytes, lane, (int)(block % super_blocks) * 2 + (int)(column % 32 / 16), &scale, &minimum);
    uint four = quantized_codes((int)code_kind, codes + (panel * (columns / 32) + block) * code_words, lane, (int)(column % 32 / 4));
    for (int j = 0; j < 4; j++) y[i * columns + column + j] = factor * (scale * (quantized_code((int)code_kind, four, j) - zero) - minimum);
}
