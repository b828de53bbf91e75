// A stand-in for libcuda, libnvrtc and libcublasLt: the kernels, in their CUDA dialect, compiled for the processor, behind the functions that the C# side calls. It is stricter than a GPU:
// nothing runs, and no memory is read, before somebody synchronises; each thread must have made the context current; every item of a group must come to the same barriers,
// every item of a warp to the same warp-wide functions.
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <ucontext.h>
#include <utility>
#include <vector>

#define __device__
#define __global__
#define __host__
// One group runs at a time.
#define __shared__ static
#define __align__(bytes) __attribute__((aligned(bytes)))

struct Dim3 { unsigned x, y, z; };
static Dim3 threadIdx, blockIdx, blockDim, gridDim;

static void __syncthreads();
static int __float_as_int(float x) { int y; memcpy(&y, &x, 4); return y; }
static float __int_as_float(int x) { float y; memcpy(&y, &x, 4); return y; }
static int atomicMin(int *place, int value) { int old = *place; if (value < old) *place = value; return old; }
static int atomicAdd(int *place, int value) { int old = *place; *place += value; return old; }
static int atomicCAS(int *place, int compare, int value) { int old = *place; if (old == compare) *place = value; return old; }

// In place of the PTX in mma.cl.
#define WARP_MATRICES
static void warp_product(float *d, const unsigned *a, unsigned b0, unsigned b1);
static void warp_load(unsigned *to, const unsigned short *row);
static void warp_load_transposed(unsigned *to, const unsigned short *row);
static unsigned narrow_two(float low, float high);
static void start_copy(unsigned short *to, const unsigned short *from, int bytes);
static void end_copies();
static void wait_for_all_but_the_last_copies();
static float __shfl_xor_sync(unsigned lanes, float x, int mask);

#include "kernels.cu"

// Each item of a group is a fibre with its own stack, which lives as long as the library.
enum State { Ready, AtBarrier, InWarp, Done };
static const int Most = 256, StackBytes = 128 << 10;
static jmp_buf scheduler, fibres[Most];
static bool started[Most];
static State states[Most];
static int running;
static const std::function<void()> *body;

[[noreturn]] static void broken(const char *what)
{
    fprintf(stderr, "group %u, item %u: %s\n", blockIdx.x, threadIdx.x, what);
    abort();
}

static void leave()
{
    if (!_setjmp(fibres[running])) _longjmp(scheduler, 1);
}

static void __syncthreads()
{
    states[running] = AtBarrier;
    leave();
}

// Copies that go on while an item does other things, in groups: what they write is not there before they are waited for.
struct Pending { unsigned short *to; const unsigned short *from; int bytes; };
static std::vector<std::vector<Pending>> copies[Most];

static void fibre()
{
    for (;;) {
        copies[running] = {{}};
        (*body)();
        states[running] = Done;
        leave();
    }
}

static void resume(int item)
{
    static ucontext_t context, back;
    running = item;
    threadIdx = {(unsigned)item, 0, 0};
    if (_setjmp(scheduler)) return;
    if (started[item]) _longjmp(fibres[item], 1);
    started[item] = true;
    getcontext(&context);
    context.uc_stack.ss_sp = malloc(StackBytes);
    context.uc_stack.ss_size = StackBytes;
    context.uc_link = &back;
    makecontext(&context, fibre, 0);
    setcontext(&context);
}

#include "warp_standin.h"

static bool run(const std::function<void()> &work, unsigned groups, unsigned size)
{
    body = &work;
    gridDim = {groups, 1, 1};
    blockDim = {size, 1, 1};
    for (unsigned group = 0; group < groups; group++) {
        blockIdx = {group, 0, 0};
        for (unsigned item = 0; item < size; item++) states[item] = Ready;
        for (;;) {
            unsigned count[4] = {0, 0, 0, 0};
            for (unsigned item = 0; item < size; item++) {
                if (states[item] == Ready) resume((int)item);
                count[states[item]]++;
            }
            if (count[InWarp]) {
                for (unsigned warp = 0; warp < size; warp += 32) {
                    unsigned here = 0;
                    for (unsigned item = warp; item < warp + 32 && item < size; item++) here += states[item] == InWarp;
                    if (here == 32) together((int)warp);
                    else if (here) broken("not all items of a warp came to the same function");
                }
                continue;
            }
            if (count[Done] == size) break;
            if (count[AtBarrier] != size) broken("not all items of a group came to a barrier");
            for (unsigned item = 0; item < size; item++) states[item] = Ready;
        }
    }
    return true;
}

// A kernel's arguments are copied when it is asked for.
typedef std::function<void()> (*Binder)(void **);
template<auto F> struct Bound;
template<class... A, void (*F)(A...)> struct Bound<F> {
    template<size_t... I> static std::function<void()> bind(void **values, std::index_sequence<I...>)
    {
        std::tuple<A...> copy{*(A *)values[I]...};
        return [copy] { std::apply(F, copy); };
    }
    static std::function<void()> bind(void **values) { return bind(values, std::index_sequence_for<A...>{}); }
};

static const std::map<std::string, Binder> &table()
{
    static const std::map<std::string, Binder> all = {
#define ENTRY(name) {#name, &Bound<name>::bind},
#include "entries.h"
    };
    return all;
}

// What tests set.
static int version = 12040, devices = 1, capability = 90, init_error, compile_error, nvrtc_major = 12, nvrtc_minor = 4, lt_refuses;
static size_t memory = (size_t)4 << 30, used;
static std::map<void *, size_t> blocks;
static std::string options, source;
static std::vector<std::function<void()>> queue;
static std::mutex gate;
static thread_local void *current;
static int the_context, the_stream;

#define API extern "C" __attribute__((visibility("default")))
#define NEEDS_CONTEXT std::lock_guard<std::mutex> hold(gate); if (current != &the_context) return 201
#define ON_STREAM NEEDS_CONTEXT; if (stream != &the_stream) return 400

// While a stream is captured, what is asked for goes into a graph.
static bool capturing;
static std::vector<std::function<void()>> captured;
static void ask(std::function<void()> work) { (capturing ? captured : queue).push_back(std::move(work)); }

static void flush()
{
    auto all = std::move(queue);
    queue.clear();
    for (auto &work : all) work();
}

API void standin_set(const char *name, long value)
{
    std::string what = name;
    if (what == "version") version = (int)value;
    else if (what == "devices") devices = (int)value;
    else if (what == "capability") capability = (int)value;
    else if (what == "init_error") init_error = (int)value;
    else if (what == "compile_error") compile_error = (int)value;
    else if (what == "nvrtc_major") nvrtc_major = (int)value;
    else if (what == "lt_refuses") lt_refuses = (int)value;
    else if (what == "memory") memory = (size_t)value;
    else abort();
}
API const char *standin_options() { return options.c_str(); }

API int cuInit(unsigned flags) { return flags ? 1 : init_error; }
API int cuDriverGetVersion(int *to) { *to = version; return 0; }
API int cuDeviceGetCount(int *to) { *to = devices; return 0; }
API int cuDeviceGet(int *to, int index) { *to = 70 + index; return index < devices ? 0 : 101; }
API int cuDeviceGetName(char *to, int size, int device) { snprintf(to, (size_t)size, "Stand-in %d", device - 70); return 0; }
API int cuDeviceTotalMem_v2(size_t *to, int) { *to = memory; return 0; }
API int cuDeviceGetAttribute(int *to, int what, int) { *to = what == 75 ? capability / 10 : what == 76 ? capability % 10 : -1; return 0; }
API int cuDevicePrimaryCtxRetain(void **to, int) { *to = &the_context; return 0; }
API int cuCtxSetCurrent(void *context) { current = context; return context == &the_context ? 0 : 201; }
API int cuStreamCreate(void **to, unsigned) { NEEDS_CONTEXT; *to = &the_stream; return 0; }
API int cuMemHostAlloc(void **to, size_t bytes, unsigned) { NEEDS_CONTEXT; *to = malloc(bytes); return 0; }
API int cuStreamSynchronize(void *stream) { ON_STREAM; if (capturing) return 900; flush(); return 0; }
API int cuMemAlloc_v2(unsigned long long *to, size_t bytes)
{
    NEEDS_CONTEXT;
    if (used + bytes > memory) return 2;
    void *block = aligned_alloc(256, (bytes + 255) / 256 * 256);
    memset(block, 0xFF, bytes);
    used += blocks[block] = bytes;
    *to = (unsigned long long)block;
    return 0;
}
API int cuMemFree_v2(unsigned long long at)
{
    NEEDS_CONTEXT;
    // What was asked for might still use it.
    if (capturing || !queue.empty() || !blocks.count((void *)at)) return 1;
    used -= blocks[(void *)at];
    blocks.erase((void *)at);
    free((void *)at);
    return 0;
}
API int cuMemcpyHtoDAsync_v2(unsigned long long to, void *from, size_t bytes, void *stream) { ON_STREAM; ask([=] { memcpy((void *)to, from, bytes); }); return 0; }
API int cuMemcpyDtoHAsync_v2(void *to, unsigned long long from, size_t bytes, void *stream) { ON_STREAM; ask([=] { memcpy(to, (void *)from, bytes); }); return 0; }
API int cuMemcpyDtoDAsync_v2(unsigned long long to, unsigned long long from, size_t bytes, void *stream) { ON_STREAM; ask([=] { memmove((void *)to, (void *)from, bytes); }); return 0; }
API int cuModuleLoadData(void **to, void *image) { NEEDS_CONTEXT; *to = &source; return memcmp(image, "STAND-IN", 8) ? 200 : 0; }
API int cuModuleGetFunction(void **to, void *module, const char *name)
{
    NEEDS_CONTEXT;
    auto found = table().find(name);
    if (module != &source || found == table().end()) return 500;
    *to = (void *)found->second;
    return 0;
}
API int cuLaunchKernel(void *f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void *stream, void **values, void **extra)
{
    ON_STREAM;
    if (gx == 0 || gx > 2147483647u || gy != 1 || gz != 1 || bx == 0 || bx > Most || by != 1 || bz != 1 || shared || extra) return 1;
    ask([=, work = ((Binder)f)(values)] { run(work, gx, bx); });
    return 0;
}
// Mode 2, relaxed, which alone lets memory be allocated meanwhile.
API int cuStreamBeginCapture_v2(void *stream, int mode) { ON_STREAM; if (capturing || mode != 2) return 1; capturing = true; captured.clear(); return 0; }
API int cuStreamEndCapture(void *stream, void **to) { ON_STREAM; if (!capturing) return 1; capturing = false; *to = &captured; return 0; }
API int cuGraphInstantiateWithFlags(void **to, void *graph, unsigned long long flags)
{
    NEEDS_CONTEXT;
    if (graph != &captured || flags) return 1;
    *to = new std::vector<std::function<void()>>(captured);
    return 0;
}
API int cuGraphLaunch(void *graph, void *stream)
{
    ON_STREAM;
    if (capturing) return 1;
    for (auto &work : *(std::vector<std::function<void()>> *)graph) queue.push_back(work);
    return 0;
}
API int cuGraphDestroy(void *graph) { NEEDS_CONTEXT; return graph != &captured; }
API int cuGraphExecDestroy(void *graph) { NEEDS_CONTEXT; delete (std::vector<std::function<void()>> *)graph; return queue.empty() ? 0 : 1; }
API int cuGetErrorName(int error, const char **to) { *to = error == 2 ? "CUDA_ERROR_OUT_OF_MEMORY" : error == 201 ? "CUDA_ERROR_INVALID_CONTEXT" : "CUDA_ERROR_OF_STAND_IN"; return 0; }
API int cuGetErrorString(int error, const char **to) { *to = error == 2 ? "out of memory" : "what the stand-in says"; return 0; }

API int nvrtcVersion(int *major, int *minor) { *major = nvrtc_major; *minor = nvrtc_minor; return 0; }
API int nvrtcGetNumSupportedArchs(int *to) { *to = 3; return 0; }
API int nvrtcGetSupportedArchs(int *to) { to[0] = 50; to[1] = 80; to[2] = 90; return 0; }
API int nvrtcCreateProgram(void **to, const char *text, const char *name, int headers, const char **, const char **)
{
    source = text;
    *to = &source;
    return headers == 0 && !strcmp(name, "mezcla.cu") ? 0 : 3;
}
API int nvrtcCompileProgram(void *program, int count, const char **given)
{
    options.clear();
    for (int i = 0; i < count; i++) options += std::string(given[i]) + " ";
    return program != &source ? 4 : compile_error;
}
API int nvrtcGetProgramLogSize(void *, size_t *to) { *to = 26; return 0; }
API int nvrtcGetProgramLog(void *, char *to) { memcpy(to, "mezcla.cu(7): error: no ;\n", 26); to[25] = 0; return 0; }
API int nvrtcGetCUBINSize(void *, size_t *to) { *to = 14; return 0; }
API int nvrtcGetCUBIN(void *, char *to) { memcpy(to, "STAND-IN cubin", 14); return 0; }
API int nvrtcGetPTXSize(void *, size_t *to) { *to = 13; return 0; }
API int nvrtcGetPTX(void *, char *to) { memcpy(to, "STAND-IN ptx", 13); return 0; }
API int nvrtcDestroyProgram(void **program) { *program = nullptr; return 0; }
API const char *nvrtcGetErrorString(int error) { return error == 6 ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR_OF_STAND_IN"; }

#include "cublaslt_standin.h"
