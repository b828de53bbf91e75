// OpenCL C 1.2, with a few words of our own. GROUP is the number of work items of a group. Where it is 1, on a CPU, reductions need no barrier.
//
// A buffer is passed as BUFFER(type, name), which is a pointer and an offset in bytes, and opened with AT(type, name). All other arguments are i64 or float, so that a launch is a plain
// list of arguments. A buffer that is not there is null.

typedef long i64;
typedef ulong u64;
#define KERNEL __kernel void
#define GLOBAL __global
#define LOCAL __local
#define SHARED __local
#define DEVICE static inline
#define BARRIER barrier(CLK_LOCAL_MEM_FENCE)
#define GLOBAL_ID ((i64)get_global_id(0))
#define GROUP_ID ((i64)get_group_id(0))
#define LOCAL_ID ((int)get_local_id(0))

#define BUFFER(type, name) GLOBAL type *name, i64 name##_at
#define AT(type, name) name = name ? (GLOBAL type *)((GLOBAL char *)name + name##_at) : (GLOBAL type *)0
#define INFINITE as_float(0x7F800000)
#define IS_NAN(x) ((x) != (x))
// The i-th thing for each work item, of n things.
#define EACH(i, n) i64 i = GLOBAL_ID; if (i >= (n)) return
#define PUT(place, value) (place) = accumulate ? (place) + (value) : (value)

typedef struct { i64 rank, size[8], a[8], b[8], c[8]; } Strides;

// Of all items of a group: each gets the sum, or the largest, or the sum of those before it and the total.
#if GROUP > 1
#define SHARED_ROW SHARED float shared[GROUP]
DEVICE float sum_of_group(float x, LOCAL float *shared)
{
    BARRIER;
    shared[LOCAL_ID] = x;
    for (int step = GROUP / 2; step > 0; step /= 2) {
        BARRIER;
        if (LOCAL_ID < step) shared[LOCAL_ID] += shared[LOCAL_ID + step];
    }
    BARRIER;
    return shared[0];
}
DEVICE float max_of_group(float x, LOCAL float *shared)
{
    BARRIER;
    shared[LOCAL_ID] = x;
    for (int step = GROUP / 2; step > 0; step /= 2) {
        BARRIER;
        if (LOCAL_ID < step && (shared[LOCAL_ID + step] > shared[LOCAL_ID] || IS_NAN(shared[LOCAL_ID + step]))) shared[LOCAL_ID] = shared[LOCAL_ID + step];
    }
    BARRIER;
    return shared[0];
}
#define SHARED_SUMS SHARED int sums[GROUP]
DEVICE int sum_before(int x, int *total, LOCAL int *sums)
{
    BARRIER;
    sums[LOCAL_ID] = x;
    for (int step = 1; step < GROUP; step *= 2) {
        BARRIER;
        int before = LOCAL_ID >= step ? sums[LOCAL_ID - step] : 0;
        BARRIER;
        sums[LOCAL_ID] += before;
    }
    BARRIER;
    *total = sums[GROUP - 1];
    return sums[LOCAL_ID] - x;
}
#define SUM_BEFORE(x, total) sum_before(x, &total, sums)
#define GROUP_SUM(x) sum_of_group(x, shared)
#define GROUP_MAX(x) max_of_group(x, shared)
#else
#undef BARRIER
#define BARRIER
#define SHARED_ROW
#define SHARED_SUMS
#define SUM_BEFORE(x, total) (total = (x), 0)
#define GROUP_SUM(x) (x)
#define GROUP_MAX(x) (x)
#endif

// An index outside its range. Operations come one after the other: the first that finds one claims the record with its number, and the smallest of its positions remains; whoever lowers it
// leaves a note of what stood there. Number 0 writes nothing down.
#define CHECKED BUFFER(int, record), i64 operation
#define NOTES 30
#define INSIDE(id, limit) ((id) >= 0 && (id) < (limit))
DEVICE void note_outside(GLOBAL int *record, i64 operation, i64 at, int id)
{
    if (operation == 0) return;
    int first = atomic_cmpxchg(record, 0, (int)operation);
    if (first != 0 && first != (int)operation) return;
    if (atomic_min(record + 1, (int)at) <= (int)at) return;
    int slot = atomic_add(record + 2, 1);
    if (slot >= NOTES) return;
    record[4 + 2 * slot] = (int)at;
    record[5 + 2 * slot] = id;
}

// Offsets that are wrong lead nowhere outside the rows.
#define OFFSET(g) (offsets[g] < 0 ? 0 : offsets[g] > all ? all : (i64)offsets[g])
#define ROWS_OF(g) (OFFSET((g) + 1) > OFFSET(g) ? OFFSET((g) + 1) - OFFSET(g) : 0)
