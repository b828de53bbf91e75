// The tensor cores of NVIDIA's cards from compute capability 8.0 on, for CUDA only: the 32 items of a warp multiply small matrices of bfloat16 together and sum in float32.
//
// Each item holds two neighbours of a matrix in a word, the first in the low half. With g = lane / 4 and t = lane % 4, of A [16, 16] it holds (g, 2t), (g + 8, 2t), (g, 2t + 8) and
// (g + 8, 2t + 8); of B [16, 8] (2t, g) and (2t + 8, g), neighbours being below each other; of D [16, 8], in float32, (g, 2t), (g, 2t + 1), (g + 8, 2t) and (g + 8, 2t + 1).
// PTX ISA, "Matrix fragments for mma.m16n8k16 with floating point type". A host without PTX brings these functions itself and defines WARP_MATRICES.

typedef struct __align__(16) { float a, b, c, d; } Four;
typedef struct __align__(8) { uint a, b; } Two;

#define LANE (LOCAL_ID % 32)
#define WARP (LOCAL_ID / 32)

#ifndef WARP_MATRICES
// D += A B.
DEVICE void warp_product(float *d, const uint *a, uint b0, uint b1)
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

DEVICE uint shared_address(const ushort *place)
{
    uint address;
    asm("{ .reg .u64 wide; cvta.to.shared.u64 wide, %1; cvt.u32.u64 %0, wide; }" : "=r"(address) : "l"(place));
    return address;
}

// Four matrices [8, 8] of shared memory: lane i gives the place of row i % 8 of matrix i / 8 and gets of each the elements (g, 2t) and (g, 2t + 1).
DEVICE void warp_load(uint *to, const ushort *row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3]) : "r"(shared_address(row)) : "memory");
}

// The same of the transposed matrices: the elements (2t, g) and (2t + 1, g) of what lies there.
DEVICE void warp_load_transposed(uint *to, const ushort *row)
{
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3]) : "r"(shared_address(row)) : "memory");
}

// To nearest, ties to even.
DEVICE uint narrow_two(float low, float high)
{
    uint both;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
    return both;
}

// 16 bytes to shared memory while the item goes on; only the first `bytes` are read, the others become zeros. Copies are waited for in groups.
DEVICE void start_copy(ushort *to, const ushort *from, int bytes)
{
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" : : "r"(shared_address(to)), "l"(from), "r"(bytes) : "memory");
}
DEVICE void end_copies() { asm volatile("cp.async.commit_group;" : : : "memory"); }
DEVICE void wait_for_all_but_the_last_copies() { asm volatile("cp.async.wait_group 1;" : : : "memory"); }
#endif

KERNEL narrow_all(BUFFER(float, x), BUFFER(ushort, y), i64 n)
{
    EACH(i, (n + 3) / 4);
    AT(float, x); AT(ushort, y);
    if (4 * i + 4 <= n && ((u64)x & 15) == 0 && ((u64)y & 7) == 0) {
        Four from = ((Four *)x)[i];
        Two to = { narrow_two(from.a, from.b), narrow_two(from.c, from.d) };
        ((Two *)y)[i] = to;
    } else
        for (i64 j = 4 * i; j < 4 * i + 4 && j < n; j++) y[j] = (ushort)narrow_two(x[j], 0);
}
