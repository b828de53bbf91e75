// What NVRTC declares by itself, as far as the kernels go: lets clang compile them as CUDA C where no CUDA is installed. The names of CUDA's mathematics are here, used or not, because
// a kernel of the same name would be refused.
#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define __host__ __attribute__((host))
#define __align__(bytes) __attribute__((aligned(bytes)))

struct Dim3 { unsigned x, y, z; };
extern const __device__ Dim3 threadIdx, blockIdx, blockDim, gridDim;

extern "C" {
__device__ void __syncthreads();
__device__ int __float_as_int(float x);
__device__ float __int_as_float(int x);
__device__ float expf(float), logf(float), log1pf(float), sqrtf(float), powf(float, float), tanhf(float), erff(float), sinf(float), cosf(float), fabsf(float);
__device__ double norm(int, const double *), rnorm(int, const double *), norm3d(double, double, double), norm4d(double, double, double, double);
__device__ double exp(double), log(double), log1p(double), sqrt(double), pow(double, double), tanh(double), erf(double), sin(double), cos(double), fabs(double);
__device__ double exp2(double), exp10(double), log2(double), log10(double), rsqrt(double), cbrt(double), rcbrt(double), hypot(double, double), rhypot(double, double);
__device__ double floor(double), ceil(double), round(double), rint(double), trunc(double), fmin(double, double), fmax(double, double), fma(double, double, double);
__device__ double normcdf(double), normcdfinv(double), erfc(double), erfinv(double), erfcinv(double), erfcx(double), tgamma(double), lgamma(double), sinpi(double), cospi(double);
__device__ float normf(int, const float *), normcdff(float), fminf(float, float), fmaxf(float, float), rsqrtf(float), exp2f(float), exp10f(float), scalbnf(float, int);
__device__ int min(int, int), max(int, int), abs(int);
__device__ float saturate(float);
}
__device__ float __shfl_xor_sync(unsigned, float, int);
__device__ int atomicMin(int *, int), atomicAdd(int *, int), atomicCAS(int *, int, int);
