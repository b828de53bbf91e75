namespace Mezcla.Tensors.Devices;

/// <summary>
/// What a device must be able to do. Operations check shapes and types, then speak to these; every call works on whole arrays of Float32
/// (or, where said, Int32) at <see cref="Handle"/>s. Where a call takes <c>accumulate</c>, it adds to what the result holds, else it
/// overwrites. A null handle stands for an operand that is not there.
/// </summary>
internal abstract class DeviceKernels
{
    internal abstract string Name { get; }

    /// <summary>Whether addresses of this device are addresses that the processor can read and write.</summary>
    internal virtual bool IsHostMemory => false;

    /// <summary>Bytes that tensors may use unless the user says otherwise.</summary>
    internal abstract long MemoryLimit { get; }

    /// <summary>A block aligned to 64 bytes; 0 where there is no room.</summary>
    internal abstract nint Allocate(long bytes);

    internal abstract void Free(nint address, long bytes);

    internal abstract void Upload(ReadOnlySpan<byte> from, Handle to);

    internal abstract void Download(Handle from, Span<byte> to);

    // Moving.

    internal abstract void Copy(Handle x, Handle y, long bytes);

    internal abstract void Fill(Handle y, long n, float value);

    /// <summary>y[i·yStrides] = x[i·xStrides] for every index i in <paramref name="shape"/>; strides in elements of 2 or 4 bytes.</summary>
    internal abstract void CopyStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape, int elementBytes);

    /// <summary>y[i·yStrides] += x[i·xStrides].</summary>
    internal abstract void AddStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape);

    internal abstract void Convert(Handle x, DType from, Handle y, DType to, long n);

    // Calls with an IndexCheck return the first position of a number that does not hold, or -1. A GPU returns -1 always: it writes such a position down
    // and throws what the check says with the next results that are read, see IndexCheck.

    /// <summary>y[o, i, :] = x[o, ids[i], :] with rows of <paramref name="rowBytes"/>; ids are in 0..axis.</summary>
    internal abstract long GatherRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long rowBytes, in IndexCheck check = default);

    /// <summary>y[o, ids[i], :] += x[o, i, :], in the order of i; ids outside 0..axis are left out.</summary>
    internal abstract void ScatterAddRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long row, in IndexCheck check = default);

    /// <summary>y[o, j, i] = x[o, index[o, j, i], i] for j in 0..count.</summary>
    internal abstract long Gather(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, int elementBytes, in IndexCheck check = default);

    /// <summary>y[o, index[o, j, i], i] += x[o, j, i], in the order of j.</summary>
    internal abstract long ScatterAdd(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, in IndexCheck check = default);

    /// <summary>y = mask ≠ 0 ? a : b, where a null handle stands for the constant beside it.</summary>
    internal abstract void Select(Handle mask, Handle a, float aValue, Handle b, float bValue, Handle y, long n, bool accumulate);

    /// <summary>y[b, r, c] = c ≤ r + diagonal ? x[b, r, c] : 0.</summary>
    internal abstract void Tril(Handle x, Handle y, long batch, long rows, long columns, long diagonal, bool accumulate);

    /// <summary>y[i, ids[i]] = 1, all else 0.</summary>
    internal abstract long OneHot(Handle ids, Handle y, long n, long classes, in IndexCheck check);

    // Element by element.

    /// <summary>y (+)= factor·x.</summary>
    internal abstract void Scale(Handle x, Handle y, long n, float factor, bool accumulate);

    /// <summary>y = f(x); a and b are the parameters of f.</summary>
    internal abstract void Unary(UnaryKind kind, Handle x, Handle y, long n, float a, float b);

    /// <summary>dx (+)= dy·f′, given x, or f(x) where <see cref="UnaryKinds.SavesResult"/>.</summary>
    internal abstract void UnaryBackward(UnaryKind kind, Handle saved, Handle dy, Handle dx, long n, float a, float b, bool accumulate);

    /// <summary>y (+)= a ∘ b over <paramref name="shape"/>, each operand with its own strides (0 where it repeats).</summary>
    internal abstract void Binary(BinaryKind kind, Handle a, ReadOnlySpan<long> aStrides, Handle b, ReadOnlySpan<long> bStrides, Handle y, in Shape shape, bool accumulate);

    /// <summary>y = silu(a)·b.</summary>
    internal abstract void SwiGlu(Handle a, Handle b, Handle y, long n);

    /// <summary>The derivatives of <see cref="SwiGlu"/>; either result may be null.</summary>
    internal abstract void SwiGluBackward(Handle a, Handle b, Handle dy, Handle da, bool accumulateA, Handle db, bool accumulateB, long n);

    /// <summary>
    /// y (+)= x·m/(1-p), m the mask that <see cref="RandomStream"/> (seed, stream) gives from <paramref name="position"/> on: number i ≥ p keeps element i. Where there is a
    /// <paramref name="start"/>, of 64 bits, positions count from it.
    /// </summary>
    internal abstract void Dropout(Handle x, Handle y, long n, float p, ulong seed, ulong stream, ulong position, Handle start, bool accumulate);

    /// <summary>Where the position that a stream has at the start of a replay will stand, while a step is captured; else null.</summary>
    internal virtual Handle StartOf(RandomStream random, out ulong start)
    {
        start = 0;
        return default;
    }

    /// <summary>The numbers of the next replayed step of AdamW.</summary>
    internal virtual void SetStep(in AdamWStep step)
    {
    }

    /// <summary>The position of the first NaN, or -1.</summary>
    internal abstract long FirstNaN(Handle x, long n);

    // Along an axis: x is [outer, n, inner].

    /// <summary>y[o, i] (+)= scale·Σⱼ x[o, j, i], or of squares.</summary>
    internal abstract void Sum(Handle x, Handle y, long outer, long n, long inner, float scale, bool squares, bool accumulate);

    /// <summary>y[o, i] = the first j with the largest (smallest) x[o, j, i]; Int32. NaN is larger (smaller) than all.</summary>
    internal abstract void ArgExtreme(Handle x, Handle y, long outer, long n, long inner, bool largest);

    /// <summary>y[o, j, i] (+)= Σ x[o, k, i] over k ≤ j, or over k ≥ j.</summary>
    internal abstract void CumulativeSum(Handle x, Handle y, long outer, long n, long inner, bool reverse, bool accumulate);

    /// <summary>Of each row of n: the k first in (stable) order, and where they were (Int32).</summary>
    internal abstract void Sort(Handle x, Handle values, Handle indices, long rows, long n, long k, bool descending);

    // Rows: x is [rows, n].

    internal abstract void Softmax(Handle x, Handle y, long rows, long n, bool log);

    /// <summary>dx (+)= the derivative, given y.</summary>
    internal abstract void SoftmaxBackward(Handle y, Handle dy, Handle dx, long rows, long n, bool log, bool accumulate);

    /// <summary>y[r] = ln Σ exp x[r, :].</summary>
    internal abstract void LogSumExp(Handle x, Handle y, long rows, long n);

    /// <summary>dx[r, c] (+)= dy[r]·exp(x[r, c] - y[r]).</summary>
    internal abstract void LogSumExpBackward(Handle x, Handle y, Handle dy, Handle dx, long rows, long n, bool accumulate);

    /// <summary>
    /// lse[r] = ln Σ exp x[r, :]; loss[0] = the mean over rows that count of (1-s)(lse - x[label]) + s(lse - mean x); loss[1] = their number.
    /// </summary>
    internal abstract long CrossEntropy(Handle x, Handle labels, Handle lse, Handle loss, long rows, long n, int ignore, float smoothing, in IndexCheck check);

    /// <summary>dx (+)= dloss[0]/loss[1]·(exp(x - lse) - target), 0 in ignored rows.</summary>
    internal abstract void CrossEntropyBackward(Handle x, Handle labels, Handle lse, Handle loss, Handle dloss, Handle dx, long rows, long n, int ignore, float smoothing, bool accumulate);

    /// <summary>y = (x - mean)·inverse·weight + bias, the statistics of each row kept for the way back. Weight and bias may be null.</summary>
    internal abstract void LayerNorm(Handle x, Handle weight, Handle bias, Handle y, Handle mean, Handle inverse, long rows, long n, float epsilon);

    internal abstract void LayerNormBackward(Handle x, Handle weight, Handle mean, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight, Handle dBias, bool accumulateBias);

    /// <summary>y = x·inverse·weight with inverse = 1/√(mean x² + ε), kept for the way back. Weight may be null.</summary>
    internal abstract void RmsNorm(Handle x, Handle weight, Handle y, Handle inverse, long rows, long n, float epsilon);

    internal abstract void RmsNormBackward(Handle x, Handle weight, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight);

    // Products.

    /// <summary>What factors of products are rounded to first, their sums being float32.</summary>
    /// <exception cref="DeviceException">Set to what the device does not have.</exception>
    internal virtual ProductPrecision Precision
    {
        get => ProductPrecision.Float32;
        set
        {
            if (value != ProductPrecision.Float32)
                throw new DeviceException($"{Name} multiplies in float32 only; {value} needs tensor cores: an NVIDIA GPU of compute capability 8.0 or later, as a CUDA device (mezcla doctor lists them).");
        }
    }

    /// <summary>C[i] (+)= op(A[i])·op(B[i]) (+ bias to each row), for i in 0..batch; row-major, op transposes where said.</summary>
    internal abstract void MatMul(in Product product, Handle a, Handle b, Handle bias, Handle c, bool accumulate);

    /// <summary>For each group e: C[rows of e] (+)= A[rows of e]·op(B[e]), B [groups, k, n], or [groups, n, k] transposed. Rows of e are offsets[e]..offsets[e+1].</summary>
    internal abstract long GroupedMatMul(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int n, int k, bool transposeB, bool accumulate, in IndexCheck check = default);

    /// <summary>For each group e: C[e] (+)= A[rows of e]ᵀ·B[rows of e], A [rows, m], B [rows, n].</summary>
    internal abstract void GroupedOuter(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int m, int n, bool accumulate);

    /// <summary>
    /// Sorts the choices of a Mixture of Experts by group: ids [tokens, k], negative ones left out. The order is by group, then by falling priority where there is one,
    /// else all first choices by token, then all second ones and so on. A group keeps its first <paramref name="capacity"/>; what is left over comes behind
    /// offsets[groups] with group 0 and kept 0. Writes for each place the flat position in ids, its token, its group, and 1 or 0 for kept.
    /// </summary>
    internal abstract void GroupByIndex(Handle ids, Handle priority, int tokens, int k, int groups, int capacity, Handle order, Handle rows, Handle groupOf, Handle kept, Handle offsets, in IndexCheck check);

    /// <summary>counts[g] = how often g stands in ids; negative ids are skipped.</summary>
    internal abstract void CountByIndex(Handle ids, long n, Handle counts, int groups, in IndexCheck check);

    // Transformers.

    /// <summary>Rotates pairs of the last axis of x [blocks, time, heads, size] by the angles whose cosines and sines are [positions, rotated/2]; the rest is copied.</summary>
    internal abstract void Rotary(Handle x, Handle cos, Handle sin, Handle y, in RotaryLayout layout, bool inverse, bool accumulate);

    /// <summary>o = softmax(scale·q·kᵀ, masked)·v; lse [batch, heads, queries] is kept for the way back.</summary>
    internal abstract void Attention(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse);

    internal abstract void AttentionBackward(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse, Handle dO,
        Handle dq, bool accumulateQ, Handle dk, bool accumulateK, Handle dv, bool accumulateV, Handle dSinks, bool accumulateSinks);

    // Training.

    /// <summary>One step for all tensors together. <paramref name="gradientScale"/>, a number on the device, multiplies gradients too; where it is NaN nothing changes. Null for 1.</summary>
    internal abstract void AdamW(ReadOnlySpan<AdamWTensor> tensors, in AdamWStep step, Handle gradientScale);

    /// <summary>
    /// Behind the first <paramref name="losses"/> numbers of <paramref name="measured"/>: the norm of all gradients together, and the factor that makes it at most <paramref name="most"/>,
    /// which is NaN where the norm or one of the losses is not finite.
    /// </summary>
    internal abstract void GradientNorm(ReadOnlySpan<(Handle Gradient, long Count)> gradients, float most, Handle measured, int losses);

    /// <summary>Waits until everything asked for is done.</summary>
    internal virtual void Synchronize()
    {
    }
}

/// <summary>What only some devices have: an activation within the product before it.</summary>
internal interface ILinearGeluKernel
{
    /// <summary>y [rows, outputs] = gelu(x [rows, inputs] · weight [outputs, inputs]ᵀ + bias), and slopes, where given, the derivative at the same places.</summary>
    void LinearGelu(int rows, int outputs, int inputs, Handle x, Handle weight, Handle bias, Handle y, Handle slopes, GeluForm form);
}

/// <summary>Sizes of a batch of products C [m, n] = op(A) [m, k] · op(B) [k, n]; strides from one product of the batch to the next, in elements.</summary>
internal readonly record struct Product(int Batch, int M, int N, int K, bool TransposeA, bool TransposeB, long StrideA, long StrideB, long StrideC);

/// <summary>x [blocks, time, heads, size]; the first <paramref name="Rotated"/> of size are rotated, in pairs (2i, 2i+1) or (i, i + rotated/2).</summary>
internal readonly record struct RotaryLayout(long Blocks, int Time, int Heads, int Size, int Rotated, bool Interleaved, int Start);

/// <summary>One operand of attention: elements from one batch, head or position to the next. The last axis is contiguous.</summary>
internal readonly record struct HeadStrides(long Batch, long Head, long Row);

/// <summary>
/// Query i of head h stands at position offset + i and sees key j of head h / (heads / keyHeads) where j &lt; keys, and, where causal,
/// j ≤ its position, and, where a window is set, j &gt; its position - window.
/// </summary>
internal readonly record struct AttentionLayout(int Batch, int Heads, int KeyHeads, int Queries, int Keys, int HeadSize, int ValueSize,
    float Scale, bool Causal, int Window, int QueryOffset, HeadStrides Q, HeadStrides K, HeadStrides V, HeadStrides O);

/// <summary>What AdamW changes: a parameter, its gradient, its moments, and whether it decays.</summary>
internal readonly record struct AdamWTensor(Handle Parameter, Handle Gradient, Handle M, Handle V, long Count, bool Decays);

/// <summary>The numbers of one step of AdamW; the corrections are 1 - βᵗ.</summary>
internal readonly record struct AdamWStep(float LearningRate, float Beta1, float Beta2, float Epsilon, float WeightDecay, float Correction1, float Correction2, float GradientScale);
