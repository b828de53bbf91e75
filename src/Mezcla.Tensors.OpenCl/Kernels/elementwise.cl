// Element by element. The numbers of the functions are those of UnaryKind and BinaryKind.

DEVICE float sigmoid(float x) { return 1 / (1 + exp(-x)); }
DEVICE float normal_cdf(float x) { return 0.5f * erf(x * 0.70710678f) + 0.5f; }
DEVICE float normal_density(float x) { return exp(-0.5f * x * x) * 0.39894228f; }
// GELU by tanh: (1 + tanh u)/2 is the sigmoid of 2u, u = sqrt(2/pi) (x + 0.044715 x^3).
DEVICE float gelu_gate(float x) { return sigmoid(x * (x * x * 0.0713548163f + 1.59576912f)); }
DEVICE float power(float x, float a) { return a == 0 ? 1 : a == 1 ? x : a == 2 ? x * x : pow(x, a); }

DEVICE float unary_value(int kind, float x, float a, float b)
{
    switch (kind) {
    case 0: return a * x + b;
    case 1: return a / x;
    case 2: return exp(x);
    case 3: return log(x);
    case 4: return sqrt(x);
    case 5: return x * x;
    case 6: return power(x, a);
    case 7: return tanh(x);
    case 8: return sigmoid(x);
    case 9: return x * normal_cdf(x);
    case 10: return x * gelu_gate(x);
    case 11: return x * sigmoid(x);
    case 12: return x < 0 ? 0 : x;
    case 13: return (x < 0 ? 0 : x) + log1p(exp(-fabs(x)));
    default: return normal_cdf(x);
    }
}

// Of x, or of f(x) where that is what is saved.
DEVICE float unary_slope(int kind, float x, float a, float b)
{
    float gate;
    switch (kind) {
    case 0: return a;
    case 1: return -a / (x * x);
    case 2: return x;
    case 3: return 1 / x;
    case 4: return 0.5f / x;
    case 5: return x + x;
    case 6: return a * power(x, a - 1);
    case 7: return 1 - x * x;
    case 8: return x * (1 - x);
    case 9: return normal_cdf(x) + x * normal_density(x);
    case 10: gate = gelu_gate(x); return gate * (1 - gate) * x * (x * x * 0.2140644488f + 1.59576912f) + gate;
    case 11: gate = sigmoid(x); return gate * (x * (1 - gate) + 1);
    case 12: return x > 0 ? 1 : 0;
    case 13: return sigmoid(x);
    default: return normal_density(x);
    }
}

KERNEL unary(i64 kind, BUFFER(float, x), BUFFER(float, y), i64 n, float a, float b) { EACH(i, n); AT(float, x); AT(float, y); y[i] = unary_value((int)kind, x[i], a, b); }

KERNEL unary_backward(i64 kind, BUFFER(float, saved), BUFFER(float, dy), BUFFER(float, dx), i64 n, float a, float b, i64 accumulate)
{
    EACH(i, n);
    AT(float, saved); AT(float, dy); AT(float, dx);
    float value = dy[i] * unary_slope((int)kind, saved ? saved[i] : 0, a, b);
    PUT(dx[i], value);
}

KERNEL scale(BUFFER(float, x), BUFFER(float, y), i64 n, float factor, i64 accumulate) { EACH(i, n); AT(float, x); AT(float, y); float value = factor * x[i]; PUT(y[i], value); }

DEVICE float binary_value(int kind, float a, float b)
{
    switch (kind) {
    case 0: return a + b;
    case 1: return a - b;
    case 2: return a * b;
    case 3: return a / b;
    case 4: return a > b ? 1 : 0;
    default: return a < b ? 1 : 0;
    }
}

KERNEL binary(i64 kind, BUFFER(float, a), BUFFER(float, b), BUFFER(float, y), Strides strides, i64 n, i64 accumulate)
{
    EACH(i, n);
    AT(float, a); AT(float, b); AT(float, y);
    i64 index = i;
    LOCATE(index, left, right);
    float value = binary_value((int)kind, a[left], b[right]);
    PUT(y[i], value);
}

KERNEL swiglu(BUFFER(float, a), BUFFER(float, b), BUFFER(float, y), i64 n) { EACH(i, n); AT(float, a); AT(float, b); AT(float, y); y[i] = a[i] * sigmoid(a[i]) * b[i]; }

KERNEL swiglu_backward(BUFFER(float, a), BUFFER(float, b), BUFFER(float, dy), BUFFER(float, da), i64 add_a, BUFFER(float, db), i64 add_b, i64 n)
{
    EACH(i, n);
    AT(float, a); AT(float, b); AT(float, dy); AT(float, da); AT(float, db);
    float gate = sigmoid(a[i]), g = dy[i], to_a = g * b[i] * gate * (1 + a[i] * (1 - gate)), to_b = g * a[i] * gate;
    if (da) da[i] = add_a ? da[i] + to_a : to_a;
    if (db) db[i] = add_b ? db[i] + to_b : to_b;
}

// Number position + i of the stream: Philox 4x32-10, as RandomStream has it.
DEVICE uint philox(u64 seed, u64 stream, u64 position)
{
    u64 counter = position >> 2;
    uint c[4] = { (uint)counter, (uint)(counter >> 32), (uint)stream, (uint)(stream >> 32) }, k0 = (uint)seed, k1 = (uint)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        u64 p0 = (u64)0xD2511F53u * c[0], p1 = (u64)0xCD9E8D57u * c[2];
        uint c0 = (uint)(p1 >> 32) ^ c[1] ^ k0, c2 = (uint)(p0 >> 32) ^ c[3] ^ k1;
        c[0] = c0; c[1] = (uint)p1; c[2] = c2; c[3] = (uint)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return c[position & 3];
}

KERNEL dropout(BUFFER(float, x), BUFFER(float, y), i64 n, float p, i64 seed, i64 stream, i64 position, i64 accumulate)
{
    EACH(i, n);
    AT(float, x); AT(float, y);
    float number = (philox((u64)seed, (u64)stream, (u64)position + (u64)i) >> 8) * (1.0f / 16777216.0f), value = number >= p ? x[i] * (1 / (1 - p)) : 0;
    PUT(y[i], value);
}
