// Rows: x is [rows, n], a group for each row. Every item of a group comes to the same barriers, and to all of them: no barrier stands under a condition or behind a
// return, which compilers for processors do not survive.

#define ROW(i) i64 i = LOCAL_ID; i < n; i += GROUP

#if GROUP > 1
DEVICE float log_sum_exp(GLOBAL float *x, i64 n, LOCAL float *shared)
#else
DEVICE float log_sum_exp(GLOBAL float *x, i64 n)
#endif
{
    float max = -INFINITE, sum = 0;
    for (ROW(i)) max = x[i] > max || IS_NAN(x[i]) ? x[i] : max;
    max = GROUP_MAX(max);
    float shift = max == -INFINITE ? 0 : max;
    for (ROW(i)) sum += exp(x[i] - shift);
    return max + log(GROUP_SUM(sum));
}

#if GROUP > 1
#define LOG_SUM_EXP(x) log_sum_exp(x, n, shared)
#else
#define LOG_SUM_EXP(x) log_sum_exp(x, n)
#endif

KERNEL softmax(BUFFER(float, x), BUFFER(float, y), i64 n, i64 of_logarithm)
{
    SHARED_ROW;
    AT(float, x); AT(float, y);
    x += GROUP_ID * n; y += GROUP_ID * n;
    float max = -INFINITE, sum = 0;
    for (ROW(i)) max = x[i] > max || IS_NAN(x[i]) ? x[i] : max;
    max = GROUP_MAX(max);
    float shift = max == -INFINITE ? 0 : max;
    for (ROW(i)) sum += exp(x[i] - shift);
    sum = GROUP_SUM(sum);
    float lse = max + log(sum), factor = 1 / sum;
    for (ROW(i)) y[i] = of_logarithm ? x[i] - lse : exp(x[i] - shift) * factor;
}

KERNEL softmax_backward(BUFFER(float, y), BUFFER(float, dy), BUFFER(float, dx), i64 n, i64 log, i64 accumulate)
{
    SHARED_ROW;
    AT(float, y); AT(float, dy); AT(float, dx);
    y += GROUP_ID * n; dy += GROUP_ID * n; dx += GROUP_ID * n;
    float sum = 0;
    for (ROW(i)) sum += log ? dy[i] : dy[i] * y[i];
    sum = GROUP_SUM(sum);
    for (ROW(i)) {
        float value = log ? dy[i] - exp(y[i]) * sum : y[i] * (dy[i] - sum);
        PUT(dx[i], value);
    }
}

KERNEL log_sum_exp_rows(BUFFER(float, x), BUFFER(float, y), i64 n)
{
    SHARED_ROW;
    AT(float, x); AT(float, y);
    float lse = LOG_SUM_EXP(x + GROUP_ID * n);
    if (LOCAL_ID == 0) y[GROUP_ID] = lse;
}

KERNEL log_sum_exp_backward(BUFFER(float, x), BUFFER(float, y), BUFFER(float, dy), BUFFER(float, dx), i64 columns, i64 n, i64 accumulate)
{
    EACH(i, n);
    AT(float, x); AT(float, y); AT(float, dy); AT(float, dx);
    float value = dy[i / columns] * exp(x[i] - y[i / columns]);
    PUT(dx[i], value);
}

KERNEL cross_entropy(BUFFER(float, x), BUFFER(int, labels), BUFFER(float, lse), BUFFER(float, costs), i64 n, i64 ignore, float smoothing, CHECKED)
{
    SHARED_ROW;
    AT(float, x); AT(int, labels); AT(float, lse); AT(float, costs); AT(int, record);
    i64 row = GROUP_ID;
    x += row * n;
    float log_sum = LOG_SUM_EXP(x), sum = 0;
    if (smoothing != 0) for (ROW(i)) sum += x[i];
    sum = GROUP_SUM(sum);
    if (LOCAL_ID == 0) {
        int label = labels[row];
        float cost = 0;
        int inside = INSIDE(label, n);
        if (label != ignore && !inside) note_outside(record, operation, row, label);
        if (label != ignore && inside) cost = (1 - smoothing) * (log_sum - x[label]);
        if (label != ignore && smoothing != 0) cost += smoothing * (log_sum - sum / n);
        lse[row] = log_sum;
        costs[row] = cost;
    }
}

KERNEL cross_entropy_mean(BUFFER(float, costs), BUFFER(int, labels), BUFFER(float, loss), i64 rows, i64 ignore)
{
    SHARED_ROW;
    AT(float, costs); AT(int, labels); AT(float, loss);
    float sum = 0, count = 0;
    // In blocks: the error of a sum grows with its length.
    for (i64 from = 0; from < rows; from += 256 * GROUP) {
        float part = 0;
        for (i64 r = from + LOCAL_ID; r < from + 256 * GROUP && r < rows; r += GROUP)
            if (labels[r] != ignore) {
                part += costs[r];
                count += 1;
            }
        sum += part;
    }
    sum = GROUP_SUM(sum);
    count = GROUP_SUM(count);
    if (LOCAL_ID == 0) { loss[0] = sum / count; loss[1] = count; }
}

// x and dx may be the same memory: each item reads before it writes.
KERNEL cross_entropy_backward(BUFFER(float, x), BUFFER(int, labels), BUFFER(float, lse), BUFFER(float, loss), BUFFER(float, dloss), BUFFER(float, dx),
    i64 columns, i64 ignore, float smoothing, i64 n, i64 accumulate)
{
    EACH(i, n);
    AT(float, x); AT(int, labels); AT(float, lse); AT(float, loss); AT(float, dloss); AT(float, dx);
    i64 row = i / columns;
    float value = 0;
    if (labels[row] != ignore)
        value = (exp(x[i] - lse[row]) - smoothing / columns - (labels[row] == i % columns ? 1 - smoothing : 0)) * (dloss[0] / loss[1]);
    PUT(dx[i], value);
}

// Layer norm; RMS norm where there is no place for the mean.
KERNEL norm_rows(BUFFER(float, x), BUFFER(float, weight), BUFFER(float, bias), BUFFER(float, y), BUFFER(float, mean), BUFFER(float, inverse), i64 n, float epsilon)
{
    SHARED_ROW;
    AT(float, x); AT(float, weight); AT(float, bias); AT(float, y); AT(float, mean); AT(float, inverse);
    x += GROUP_ID * n; y += GROUP_ID * n;
    float centre = 0, sum = 0;
    if (mean) for (ROW(i)) centre += x[i];
    centre = GROUP_SUM(centre) / n;
    for (ROW(i)) sum += (x[i] - centre) * (x[i] - centre);
    float factor = 1 / sqrt(GROUP_SUM(sum) / n + epsilon);
    if (LOCAL_ID == 0) {
        if (mean) mean[GROUP_ID] = centre;
        inverse[GROUP_ID] = factor;
    }
    for (ROW(i)) {
        float value = (x[i] - centre) * factor;
        if (weight) value *= weight[i];
        if (bias) value += bias[i];
        y[i] = value;
    }
}

KERNEL norm_backward(BUFFER(float, x), BUFFER(float, weight), BUFFER(float, mean), BUFFER(float, inverse), BUFFER(float, dy), BUFFER(float, dx), i64 n, i64 accumulate)
{
    SHARED_ROW;
    AT(float, x); AT(float, weight); AT(float, mean); AT(float, inverse); AT(float, dy); AT(float, dx);
    x += GROUP_ID * n; dy += GROUP_ID * n; dx += GROUP_ID * n;
    float centre = mean ? mean[GROUP_ID] : 0, factor = inverse[GROUP_ID], sum = 0, product = 0;
    for (ROW(i)) {
        float g = weight ? dy[i] * weight[i] : dy[i];
        sum += g;
        product += g * (x[i] - centre) * factor;
    }
    sum = GROUP_SUM(sum) / n;
    if (!mean) sum = 0;
    product = GROUP_SUM(product) / n;
    for (ROW(i)) {
        float g = weight ? dy[i] * weight[i] : dy[i], value = (g - sum - (x[i] - centre) * factor * product) * factor;
        PUT(dx[i], value);
    }
}

// Sums over blocks of rows for the weight and the bias, [parts, n] each.
KERNEL norm_parameters(BUFFER(float, x), BUFFER(float, mean), BUFFER(float, inverse), BUFFER(float, dy), BUFFER(float, weights), BUFFER(float, biases), i64 rows, i64 n, i64 block, i64 items)
{
    EACH(item, items);
    AT(float, x); AT(float, mean); AT(float, inverse); AT(float, dy); AT(float, weights); AT(float, biases);
    i64 i = item % n, from = item / n * block, to = from + block < rows ? from + block : rows;
    float weight = 0, bias = 0;
    for (i64 r = from; r < to; r++) {
        float g = dy[r * n + i];
        weight += g * (x[r * n + i] - (mean ? mean[r] : 0)) * inverse[r];
        bias += g;
    }
    weights[item] = weight;
    biases[item] = bias;
}

KERNEL rotary(BUFFER(float, x), BUFFER(float, cosines), BUFFER(float, sines), BUFFER(float, y), i64 time, i64 heads, i64 size, i64 rotated, i64 interleaved, i64 start, i64 inverse, i64 n, i64 accumulate)
{
    EACH(i, n);
    AT(float, x); AT(float, cosines); AT(float, sines); AT(float, y);
    i64 at = i % size, row = i / size, pairs = rotated / 2;
    float value = x[i];
    if (at < rotated) {
        int second = interleaved ? (int)(at & 1) : at >= pairs;
        i64 pair = interleaved ? at / 2 : second ? at - pairs : at, other = second ? i - pairs : i + pairs;
        if (interleaved) other = second ? i - 1 : i + 1;
        i64 angle = (row / heads % time + start) * pairs + pair;
        float s = inverse ? -sines[angle] : sines[angle];
        value = second ? x[other] * s + value * cosines[angle] : value * cosines[angle] - x[other] * s;
    }
    PUT(y[i], value);
}
