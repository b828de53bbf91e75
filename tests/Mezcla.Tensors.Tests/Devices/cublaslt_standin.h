// cuBLASLt as far as it is called: matrices lie column by column, with so many elements from one column to the next.
struct LtDescription { int read_a = 0, read_b = 0, epilogue = 1; unsigned long long bias = 0; };
struct LtLayout { int type; unsigned long long rows, columns; long long step; int batch = 1; long long stride = 0; };
struct LtPreference { unsigned long long workspace = 0; unsigned alignments[4] = {256, 256, 256, 256}; };
struct LtAlgorithm { unsigned long long words[8]; };
struct LtHeuristic { LtAlgorithm algorithm; size_t workspace; int state; float waves; int reserved[4]; };

// Of cublasLt.h and library_types.h.
enum { LtComputeFloat = 68, LtFloat = 0, LtBFloat = 14, LtInvalid = 7, LtUnsupported = 15 };
static long lt_asked, lt_multiplied;

API long standin_count(const char *what) { return !strcmp(what, "chosen") ? lt_asked : lt_multiplied; }
API int cublasLtGetProperty(int what, int *to) { *to = what == 0 ? 12 : 0; return 0; }
API int cublasLtCreate(void **to) { NEEDS_CONTEXT; *to = &queue; return 0; }
API int cublasLtMatmulDescCreate(LtDescription **to, int compute, int scale) { *to = new LtDescription; return compute == LtComputeFloat && scale == LtFloat ? 0 : LtInvalid; }
API int cublasLtMatmulDescSetAttribute(LtDescription *d, int what, const void *from, size_t bytes)
{
    if (what == 3 && bytes == 4) memcpy(&d->read_a, from, 4);
    else if (what == 4 && bytes == 4) memcpy(&d->read_b, from, 4);
    else if (what == 7 && bytes == 4) memcpy(&d->epilogue, from, 4);
    else if (what == 8 && bytes == 8) memcpy(&d->bias, from, 8);
    else return LtInvalid;
    return 0;
}
API int cublasLtMatrixLayoutCreate(LtLayout **to, int type, unsigned long long rows, unsigned long long columns, long long step)
{
    *to = new LtLayout{type, rows, columns, step};
    return type == LtFloat || type == LtBFloat ? 0 : LtInvalid;
}
API int cublasLtMatrixLayoutSetAttribute(LtLayout *l, int what, const void *from, size_t bytes)
{
    if (what == 5 && bytes == 4) memcpy(&l->batch, from, 4);
    else if (what == 6 && bytes == 8) memcpy(&l->stride, from, 8);
    else return LtInvalid;
    return 0;
}
API int cublasLtMatmulPreferenceCreate(LtPreference **to) { *to = new LtPreference; return 0; }
API int cublasLtMatmulPreferenceSetAttribute(LtPreference *p, int what, const void *from, size_t bytes)
{
    if (what == 1 && bytes == 8) memcpy(&p->workspace, from, 8);
    else if (what >= 5 && what <= 8 && bytes == 4) memcpy(&p->alignments[what - 5], from, 4);
    else return LtInvalid;
    return 0;
}
API int cublasLtMatmulPreferenceDestroy(LtPreference *p) { delete p; return 0; }

static bool lt_fits(const LtDescription *d, const LtLayout *a, const LtLayout *b, const LtLayout *c)
{
    unsigned long long m = d->read_a ? a->columns : a->rows, k = d->read_a ? a->rows : a->columns, k2 = d->read_b ? b->columns : b->rows, n = d->read_b ? b->rows : b->columns;
    return m == c->rows && n == c->columns && k == k2 && a->type == b->type && c->type == LtFloat && a->batch == b->batch && a->batch == c->batch
        && a->step >= (long long)a->rows && b->step >= (long long)b->rows && c->step >= (long long)c->rows && (d->epilogue == 1 || (d->epilogue == 4 && d->bias));
}

// What is chosen is for these alignments, of which the algorithm tells the product.
API int cublasLtMatmulAlgoGetHeuristic(void *handle, LtDescription *d, LtLayout *a, LtLayout *b, LtLayout *c, LtLayout *result, LtPreference *p, int most, LtHeuristic *to, int *count)
{
    NEEDS_CONTEXT;
    *count = 0;
    if (handle != &queue || most != 1 || c != result || !lt_fits(d, a, b, c)) return LtInvalid;
    lt_asked++;
    if (lt_refuses) return LtUnsupported;
    *to = {};
    to->algorithm.words[0] = 0xA1601;
    for (int i = 0; i < 4; i++) to->algorithm.words[1 + i] = p->alignments[i];
    to->workspace = p->workspace / 2;
    *count = 1;
    return 0;
}

static float lt_element(const void *from, int type, long long at) { return type == LtFloat ? ((const float *)from)[at] : widened(((const unsigned short *)from)[at]); }

API int cublasLtMatmul(void *handle, LtDescription *d, const float *alpha, unsigned long long a_at, LtLayout *a, unsigned long long b_at, LtLayout *b, const float *beta,
    unsigned long long c_at, LtLayout *c, unsigned long long d_at, LtLayout *result, const LtAlgorithm *algorithm, unsigned long long workspace, size_t bytes, void *stream)
{
    ON_STREAM;
    unsigned long long places[4] = {a_at, b_at, c_at, d_at};
    if (handle != &queue || c_at != d_at || c != result || !lt_fits(d, a, b, c) || algorithm->words[0] != 0xA1601 || !blocks.count((void *)workspace) || bytes > blocks[(void *)workspace]) return LtInvalid;
    for (int i = 0; i < 4; i++)
        if (places[i] % algorithm->words[1 + i]) return LtInvalid;
    float scale = *alpha, keep = *beta;
    lt_multiplied++;
    ask([=, d = *d, a = *a, b = *b, c = *c] {
        for (int p = 0; p < c.batch; p++)
            for (long long i = 0; i < (long long)c.rows; i++)
                for (long long j = 0; j < (long long)c.columns; j++) {
                    float sum = 0;
                    long long k = (long long)(d.read_a ? a.rows : a.columns);
                    for (long long s = 0; s < k; s++)
                        sum += lt_element((void *)a_at, a.type, p * a.stride + (d.read_a ? s + i * a.step : i + s * a.step)) * lt_element((void *)b_at, b.type, p * b.stride + (d.read_b ? j + s * b.step : s + j * b.step));
                    float *place = (float *)c_at + p * c.stride + i + j * c.step;
                    // With 0, what C holds is not read: it may be NaN.
                    *place = scale * sum + (keep == 0 ? 0 : keep * *place) + (d.epilogue == 4 ? ((float *)d.bias)[i] : 0);
                }
    });
    return 0;
}
