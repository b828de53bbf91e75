// Steps of an optimizer. Their numbers come from memory: the rate, the two betas, epsilon, what decay keeps, the root of the second correction, and a factor of the gradients. Another
// factor may have been computed on the device: where it is NaN nothing changes.

DEVICE void adamw_step(GLOBAL float *numbers, float factor, GLOBAL float *p, float g, GLOBAL float *m, GLOBAL float *v, i64 decays)
{
    float beta1 = numbers[1], beta2 = numbers[2], gradient = g * factor;
    float first = beta1 * *m + (1 - beta1) * gradient, second = beta2 * *v + (1 - beta2) * gradient * gradient;
    *m = first;
    *v = second;
    *p = (decays ? numbers[4] : 1) * *p - numbers[0] * first / (sqrt(second) * numbers[5] + numbers[3]);
}

KERNEL adamw(BUFFER(float, numbers), BUFFER(float, scaling), BUFFER(float, p), BUFFER(float, g), BUFFER(float, m), BUFFER(float, v), i64 n, i64 decays)
{
    EACH(i, n);
    AT(float, numbers); AT(float, scaling); AT(float, p); AT(float, g); AT(float, m); AT(float, v);
    float factor = scaling ? scaling[0] : 1;
    if (!IS_NAN(factor)) adamw_step(numbers, factor, p + i, g[i], m + i, v + i, decays);
}

// Behind the losses: the norm of all gradients, and by what to multiply them so that it is at most so much; NaN where a loss or the norm is not a number, or an index was wrong.
KERNEL gradient_norm(BUFFER(float, squares), i64 parts, float most, BUFFER(float, measured), i64 losses, BUFFER(int, record))
{
    SHARED_ROW;
    AT(float, squares); AT(float, measured); AT(int, record);
    float sum = 0;
    for (i64 i = LOCAL_ID; i < parts; i += GROUP) sum += squares[i];
    float total = sqrt(GROUP_SUM(sum)), factor = total > most ? most / total : 1;
    // What is infinite or NaN gives NaN here.
    factor += total - total;
    for (i64 i = 0; i < losses; i++) factor += measured[i] - measured[i];
    if (record[0] != 0) factor = as_float(0x7FC00000);
    if (LOCAL_ID == 0) {
        measured[losses] = total;
        measured[losses + 1] = factor;
    }
}
