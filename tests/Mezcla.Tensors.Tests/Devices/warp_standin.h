// What the items of a warp do together, in place of the PTX in mma.cl, by the layouts of the PTX ISA ("Matrix fragments for mma.m16n8k16 with floating point type", "ldmatrix", "cp.async"),
// written from its formulas and not from the kernels.
enum Together { Product, Load, LoadTransposed, Shuffle };
struct Request { Together what; const void *in; void *out; unsigned b0, b1; int mask; };
static Request requests[Most];

static float widened(unsigned bits) { return __int_as_float((int)(bits << 16)); }
static float half_of(const unsigned *registers, int element) { return widened(registers[element / 2] >> 16 * (element % 2) & 0xFFFF); }

static void come_together(Request request)
{
    requests[running] = request;
    states[running] = InWarp;
    leave();
}

// The last item of a warp has come.
static void together(int first)
{
    Request *r = requests + first;
    for (int lane = 0; lane < 32; lane++) {
        states[first + lane] = Ready;
        if (r[lane].what != r[0].what) broken("items of a warp came to different functions");
    }
    if (r[0].what == Product) {
        float a[16][16], b[16][8], d[16][8];
        for (int lane = 0; lane < 32; lane++) {
            int group = lane >> 2, in_group = lane % 4;
            unsigned second[2] = {r[lane].b0, r[lane].b1};
            for (int i = 0; i < 8; i++) {
                int row = i < 2 || (4 <= i && i < 6) ? group : group + 8, column = in_group * 2 + (i & 1) + (i >= 4 ? 8 : 0);
                a[row][column] = half_of((const unsigned *)r[lane].in, i);
            }
            for (int i = 0; i < 4; i++) b[in_group * 2 + (i & 1) + (i >= 2 ? 8 : 0)][group] = half_of(second, i);
            for (int i = 0; i < 4; i++) d[i < 2 ? group : group + 8][in_group * 2 + (i & 1)] = ((float *)r[lane].out)[i];
        }
        for (int row = 0; row < 16; row++)
            for (int column = 0; column < 8; column++)
                for (int k = 0; k < 16; k++) d[row][column] += a[row][k] * b[k][column];
        for (int lane = 0; lane < 32; lane++)
            for (int i = 0; i < 4; i++) ((float *)r[lane].out)[i] = d[i < 2 ? lane / 4 : lane / 4 + 8][lane % 4 * 2 + (i & 1)];
    } else if (r[0].what == Shuffle) {
        float values[32];
        for (int lane = 0; lane < 32; lane++) values[lane] = *(const float *)r[lane].in;
        for (int lane = 0; lane < 32; lane++) *(float *)r[lane].out = values[lane ^ r[lane].mask];
    } else
        for (int matrix = 0; matrix < 4; matrix++) {
            unsigned short elements[8][8];
            for (int row = 0; row < 8; row++) {
                if ((size_t)r[8 * matrix + row].in % 16) broken("a row of a matrix is not aligned to 16 bytes");
                memcpy(elements[row], r[8 * matrix + row].in, 16);
            }
            for (int lane = 0; lane < 32; lane++) {
                int line = lane / 4, pair = lane % 4 * 2;
                bool straight = r[0].what == Load;
                unsigned low = straight ? elements[line][pair] : elements[pair][line], high = straight ? elements[line][pair + 1] : elements[pair + 1][line];
                ((unsigned *)r[lane].out)[matrix] = low | high << 16;
            }
        }
}

static void warp_product(float *d, const unsigned *a, unsigned b0, unsigned b1) { come_together({Product, a, d, b0, b1, 0}); }
static void warp_load(unsigned *to, const unsigned short *row) { come_together({Load, row, to, 0, 0, 0}); }
static void warp_load_transposed(unsigned *to, const unsigned short *row) { come_together({LoadTransposed, row, to, 0, 0, 0}); }
static float __shfl_xor_sync(unsigned lanes, float x, int mask)
{
    float y;
    if (lanes != 0xFFFFFFFF) broken("a shuffle leaves lanes out");
    come_together({Shuffle, &x, &y, 0, 0, mask});
    return y;
}

// By way of double arithmetic: the two neighbours of bfloat16, and the nearer of them.
static unsigned rounded(float x)
{
    unsigned bits = (unsigned)__float_as_int(x), down = bits >> 16;
    if (x != x) return 0x7FFF;
    if ((bits & 0x7FFFFFFF) >= 0x7F800000) return down;
    double below = widened(down), above = (down & 0x7FFF) == 0x7F7F ? std::ldexp(x < 0 ? -1.0 : 1.0, 128) : widened(down + 1), to_below = std::fabs(x - below), to_above = std::fabs(above - x);
    return to_below < to_above || (to_below == to_above && down % 2 == 0) ? down : down + 1;
}
static unsigned narrow_two(float low, float high) { return rounded(low) | rounded(high) << 16; }

static void start_copy(unsigned short *to, const unsigned short *from, int bytes)
{
    if ((size_t)to % 16 || (size_t)from % 16 || bytes < 0 || bytes > 16) broken("a copy is not of 16 aligned bytes");
    memset(to, 0xFF, 16);
    copies[running].back().push_back({to, from, bytes});
}
static void end_copies() { copies[running].push_back({}); }
static void wait_for_all_but_the_last_copies()
{
    // The last in the list is not ended yet.
    auto &all = copies[running];
    for (; all.size() > 2; all.erase(all.begin()))
        for (auto &copy : all.front()) {
            memset(copy.to, 0, 16);
            memcpy(copy.to, copy.from, (size_t)copy.bytes);
        }
}
