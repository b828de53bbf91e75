namespace Mezcla.Tensors.Devices;

/// <summary>
/// One operand of attention: its strides from one batch, head or position to the next, in elements. The last axis is contiguous.
/// </summary>
public readonly record struct HeadStrides(long Batch, long Head, long Row);

/// <summary>
/// Query i of head h has the position p = offset + i. It sees key j of head h / (heads / keyHeads) if j &lt; keys, and, if causal, j ≤ p,
/// and, if a window is set, j &gt; p - window.
/// </summary>
public readonly record struct AttentionLayout(int Batch, int Heads, int KeyHeads, int Queries, int Keys, int HeadSize, int ValueSize,
    float Scale, bool Causal, int Window, int QueryOffset, HeadStrides Q, HeadStrides K, HeadStrides V, HeadStrides O);
