namespace Mezcla.Tensors.Devices;

/// <summary>
/// The device contract: the kernels that every device must provide. An operation checks shapes and types, then calls these.
/// <c>Mezcla.Tensors.Plain.PlainKernels</c> implements the whole contract in simple loops and so defines what each call means.
/// </summary>
/// <remarks>
/// Every call works on whole arrays of Float32 (or, where the comment says so, Int32) that are stored row by row behind a
/// <see cref="Handle"/>. A null handle stands for an operand that is absent. If a call takes <c>accumulate</c> and it is true, the call
/// adds to the contents of the result; otherwise it overwrites them. Comments write this as y (+)= x. A call may return before its work is
/// done, as long as calls take effect in order and <see cref="Download"/> sees the results of all earlier ones. A call with an
/// <see cref="IndexCheck"/> returns the position of the first index outside its range, or -1. A GPU always returns -1: it records the
/// position, and the error of the check is thrown when results are next read.
/// </remarks>
public abstract class DeviceKernels
{
    /// <summary>The device's name, such as <c>cpu</c> or <c>opencl:0</c>.</summary>
    public abstract string Name { get; }

    /// <summary>How many bytes tensors may use, unless the user sets another limit.</summary>
    public abstract long MemoryLimit { get; }

    /// <summary>Whether the CPU can read and write the device's memory at the addresses that <see cref="Allocate"/> returns.</summary>
    public virtual bool IsHostMemory => false;

    /// <summary>The memory pool from which kernels take their working memory; it is set when the device is made.</summary>
    public MemoryPool Pool { get; internal set; } = null!;

    /// <summary>Allocates a block of memory, aligned to 64 bytes; returns 0 if there is no room for it.</summary>
    public abstract nint Allocate(long bytes);

    /// <summary>Frees a block.</summary>
    public abstract void Free(nint address, long bytes);

    /// <summary>Copies bytes from the CPU's memory to the device.</summary>
    public abstract void Upload(ReadOnlySpan<byte> from, Handle to);

    /// <summary>Waits for all earlier work, then copies bytes from the device to the CPU's memory.</summary>
    public abstract void Download(Handle from, Span<byte> to);

    /// <summary>Waits until all earlier work is done.</summary>
    public virtual void Synchronize() { }

    // Copies.

    /// <summary>y = x, byte by byte.</summary>
    public abstract void Copy(Handle x, Handle y, long bytes);

    /// <summary>y[i] = value for n elements of 4 bytes.</summary>
    public abstract void Fill(Handle y, long n, float value);

    /// <summary>
    /// y[i·yStrides] = x[i·xStrides] for every index i of <paramref name="shape"/>; strides count elements, which have 2 or 4 bytes.
    /// </summary>
    public abstract void CopyStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape,
        int elementBytes);

    /// <summary>y[i·yStrides] += x[i·xStrides] for every index i of <paramref name="shape"/>.</summary>
    public abstract void AddStrided(Handle x, ReadOnlySpan<long> xStrides, Handle y, ReadOnlySpan<long> yStrides, in Shape shape);

    /// <summary>y[i] = x[i], converted from one type to another.</summary>
    public abstract void Convert(Handle x, DType from, Handle y, DType to, long n);

    /// <summary>
    /// y[o, i, :] = x[o, ids[i], :] with rows of <paramref name="rowBytes"/> bytes; every id must be at least 0 and below axis.
    /// </summary>
    public abstract long GatherRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long rowBytes,
        in IndexCheck check = default);

    /// <summary>y[o, ids[i], :] += x[o, i, :], in the order of i; an id outside the axis is skipped.</summary>
    public abstract void ScatterAddRows(Handle x, Handle ids, Handle y, long outer, long axis, long count, long row,
        in IndexCheck check = default);

    /// <summary>y[o, j, i] = x[o, index[o, j, i], i] for every j below count.</summary>
    public abstract long Gather(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count, int elementBytes,
        in IndexCheck check = default);

    /// <summary>y[o, index[o, j, i], i] += x[o, j, i], in the order of j.</summary>
    public abstract long ScatterAdd(Handle x, Handle index, Handle y, long outer, long axis, long inner, long count,
        in IndexCheck check = default);

    /// <summary>y = a where mask is not 0, else b. A null handle for a or b means the constant that is passed beside it.</summary>
    public abstract void Select(Handle mask, Handle a, float aValue, Handle b, float bValue, Handle y, long n, bool accumulate);

    /// <summary>y[b, r, c] (+)= x[b, r, c] where c ≤ r + diagonal, else 0: the lower triangle.</summary>
    public abstract void Tril(Handle x, Handle y, long batch, long rows, long columns, long diagonal, bool accumulate);

    // Element by element.

    /// <summary>y (+)= factor·x.</summary>
    public abstract void Scale(Handle x, Handle y, long n, float factor, bool accumulate);

    /// <summary>y = f(x), where a and b are the parameters of f.</summary>
    public abstract void Unary(UnaryKind kind, Handle x, Handle y, long n, float a, float b);

    /// <summary>dx (+)= dy·f′(x), computed from x, or from f(x) where <see cref="UnaryKinds.SavesResult"/>.</summary>
    public abstract void UnaryBackward(UnaryKind kind, Handle saved, Handle dy, Handle dx, long n, float a, float b, bool accumulate);

    /// <summary>
    /// y (+)= a ∘ b over <paramref name="shape"/>; each operand has its own strides, which are 0 along the axes where it is repeated.
    /// </summary>
    public abstract void Binary(BinaryKind kind, Handle a, ReadOnlySpan<long> aStrides, Handle b, ReadOnlySpan<long> bStrides, Handle y,
        in Shape shape, bool accumulate);

    /// <summary>y = silu(a)·b.</summary>
    public abstract void SwiGlu(Handle a, Handle b, Handle y, long n);

    /// <summary>The derivatives of <see cref="SwiGlu"/> with respect to a and to b; either result may be null.</summary>
    public abstract void SwiGluBackward(Handle a, Handle b, Handle dy, Handle da, bool accumulateA, Handle db, bool accumulateB, long n);

    /// <summary>
    /// y (+)= x·m/(1-p), where m is a mask of zeros and ones: element i is kept where number i of the <see cref="RandomStream"/> (seed,
    /// stream), counted from <paramref name="position"/>, is at least p.
    /// </summary>
    public abstract void Dropout(Handle x, Handle y, long n, float p, ulong seed, ulong stream, ulong position, bool accumulate);

    /// <summary>The position of the first NaN, or -1.</summary>
    public abstract long FirstNaN(Handle x, long n);

    // Along one axis: x is [outer, n, inner].

    /// <summary>y[o, i] (+)= scale·Σⱼ x[o, j, i], or the same sum of squares.</summary>
    public abstract void Sum(Handle x, Handle y, long outer, long n, long inner, float scale, bool squares, bool accumulate);

    /// <summary>y[o, i] = the first j with the largest x[o, j, i], as Int32; NaN is the largest.</summary>
    public abstract void ArgMax(Handle x, Handle y, long outer, long n, long inner);

    /// <summary>
    /// Finds the k largest elements of each row of n, in descending order, and their positions (Int32). Among equal elements the earlier
    /// one comes first; NaN counts as the largest.
    /// </summary>
    public abstract void TopK(Handle x, Handle values, Handle indices, long rows, long n, long k);

    // Row by row: x is [rows, n].

    /// <summary>y[r, :] = softmax(x[r, :]), or its logarithm.</summary>
    public abstract void Softmax(Handle x, Handle y, long rows, long n, bool log);

    /// <summary>dx (+)= the derivative of <see cref="Softmax"/>, computed from its result y.</summary>
    public abstract void SoftmaxBackward(Handle y, Handle dy, Handle dx, long rows, long n, bool log, bool accumulate);

    /// <summary>y[r] = ln Σ exp x[r, :].</summary>
    public abstract void LogSumExp(Handle x, Handle y, long rows, long n);

    /// <summary>dx[r, c] (+)= dy[r]·exp(x[r, c] - y[r]).</summary>
    public abstract void LogSumExpBackward(Handle x, Handle y, Handle dy, Handle dx, long rows, long n, bool accumulate);

    /// <summary>
    /// lse[r] = ln Σ exp x[r, :]. loss[0] = the mean of (1-s)(lse - x[label]) + s(lse - mean x) over the rows whose label is not
    /// <paramref name="ignore"/>, where s is the smoothing; loss[1] = the number of these rows.
    /// </summary>
    public abstract long CrossEntropy(Handle x, Handle labels, Handle lse, Handle loss, long rows, long n, int ignore, float smoothing,
        in IndexCheck check);

    /// <summary>dx (+)= dloss[0]/loss[1]·(exp(x - lse) - target), and 0 in ignored rows.</summary>
    public abstract void CrossEntropyBackward(Handle x, Handle labels, Handle lse, Handle loss, Handle dloss, Handle dx, long rows, long n,
        int ignore, float smoothing, bool accumulate);

    /// <summary>
    /// y = (x - mean)·inverse·weight + bias, where inverse is 1/√(variance + ε). The mean and inverse of each row are kept for backward.
    /// Weight and bias may be null.
    /// </summary>
    public abstract void LayerNorm(Handle x, Handle weight, Handle bias, Handle y, Handle mean, Handle inverse, long rows, long n,
        float epsilon);

    /// <summary>The derivatives of <see cref="LayerNorm"/> with respect to x, weight and bias; each result may be null.</summary>
    public abstract void LayerNormBackward(Handle x, Handle weight, Handle mean, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight, Handle dBias, bool accumulateBias);

    /// <summary>y = x·inverse·weight, where inverse is 1/√(mean x² + ε) and is kept for backward. The weight may be null.</summary>
    public abstract void RmsNorm(Handle x, Handle weight, Handle y, Handle inverse, long rows, long n, float epsilon);

    /// <summary>The derivatives of <see cref="RmsNorm"/> with respect to x and weight; each result may be null.</summary>
    public abstract void RmsNormBackward(Handle x, Handle weight, Handle inverse, Handle dy, long rows, long n,
        Handle dx, bool accumulateX, Handle dWeight, bool accumulateWeight);

    // Matrix products.

    /// <summary>The precision to which the factors of products are rounded first; their sums are always float32.</summary>
    /// <exception cref="DeviceException">Set to a precision that the device does not support.</exception>
    public virtual ProductPrecision Precision
    {
        get => ProductPrecision.Float32;
        set
        {
            if (value != ProductPrecision.Float32)
                throw new DeviceException(
                    $"{Name} multiplies in float32 only; {value} needs a GPU that supports it. mezcla doctor lists the devices found.");
        }
    }

    /// <summary>
    /// C[i] (+)= op(A[i])·op(B[i]) for every i of the batch, plus the bias, if there is one, in each row; op transposes if
    /// <paramref name="product"/> says so.
    /// </summary>
    public abstract void MatMul(in Product product, Handle a, Handle b, Handle bias, Handle c, bool accumulate);

    /// <summary>
    /// For each group e: C[rows of e] (+)= A[rows of e]·op(B[e]), where B is [groups, k, n], or [groups, n, k] if transposed. The rows of e
    /// are those from offsets[e] to before offsets[e + 1].
    /// </summary>
    public abstract long GroupedMatMul(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int n, int k, bool transposeB,
        bool accumulate, in IndexCheck check = default);

    /// <summary>For each group e: C[e] (+)= A[rows of e]ᵀ·B[rows of e], where A is [rows, m] and B is [rows, n].</summary>
    public abstract void GroupedOuter(Handle a, Handle b, Handle offsets, Handle c, int groups, long rows, int m, int n, bool accumulate);

    // Mixture of Experts.

    /// <summary>
    /// Sorts the choices of a Mixture of Experts by group. The ids are [tokens, k]; a negative id means that no group was chosen.
    /// Within a group, choices are sorted by descending priority if priorities are given. Otherwise all first choices come first, in
    /// the order of tokens, then all second choices, and so on. A group keeps its first <paramref name="capacity"/> choices. Choices
    /// that are not kept come after offsets[groups], with group 0 and kept 0. For each place the results hold the flat position in ids,
    /// the token, the group, and 1 or 0 for kept.
    /// </summary>
    public abstract void GroupByIndex(Handle ids, Handle priority, int tokens, int k, int groups, int capacity, Handle order, Handle rows,
        Handle groupOf, Handle kept, Handle offsets, in IndexCheck check);

    /// <summary>counts[g] = how often g occurs in ids; negative ids are skipped.</summary>
    public abstract void CountByIndex(Handle ids, long n, Handle counts, int groups, in IndexCheck check);

    // Transformers.

    /// <summary>
    /// Whether the device provides <see cref="LinearGelu"/>. If not, the operation is composed of a product and an activation.
    /// </summary>
    public virtual bool HasLinearGelu => false;

    /// <summary>
    /// y [rows, outputs] = gelu(x [rows, inputs]·weight [outputs, inputs]ᵀ + bias). If <paramref name="slopes"/> is given, it receives the
    /// derivative of gelu at the same arguments.
    /// </summary>
    public virtual void LinearGelu(int rows, int outputs, int inputs, Handle x, Handle weight, Handle bias, Handle y, Handle slopes,
        GeluForm form)
        => throw new NotSupportedException($"{Name} has no fused product with GELU.");

    /// <summary>
    /// y (+)= x [blocks, time, heads, size], in which pairs of the last axis are rotated by angles whose cosines and sines are [positions,
    /// rotated/2]; the rest of the axis is copied. <paramref name="inverse"/> rotates back, which is the derivative.
    /// </summary>
    public abstract void Rotary(Handle x, Handle cos, Handle sin, Handle y, in RotaryLayout layout, bool inverse, bool accumulate);

    /// <summary>
    /// o = softmax(scale·q·kᵀ + mask)·v; the log-sum-exp of each row of scores, lse [batch, heads, queries], is kept for backward.
    /// </summary>
    public abstract void Attention(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse);

    /// <summary>The derivatives of <see cref="Attention"/> with respect to q, k, v and the sinks; each result may be null.</summary>
    public abstract void AttentionBackward(in AttentionLayout layout, Handle q, Handle k, Handle v, Handle sinks, Handle o, Handle lse,
        Handle dO,
        Handle dq, bool accumulateQ, Handle dk, bool accumulateK, Handle dv, bool accumulateV, Handle dSinks, bool accumulateSinks);

    // Training.

    /// <summary>
    /// One step of AdamW for all tensors. If <paramref name="gradientScale"/> is given, gradients are multiplied by that number too; if the
    /// number is NaN, nothing changes.
    /// </summary>
    public abstract void AdamW(ReadOnlySpan<AdamWTensor> tensors, in AdamWStep step, Handle gradientScale);

    /// <summary>
    /// Writes two numbers after the first <paramref name="losses"/> numbers of <paramref name="measured"/>: the norm
    /// of all gradients together, and the factor that makes it at most <paramref name="most"/>. The factor is NaN where
    /// the norm or one of the losses is not finite.
    /// </summary>
    public abstract void GradientNorm(ReadOnlySpan<(Handle Gradient, long Count)> gradients, float most, Handle measured, int losses);
}
