namespace Mezcla.Tensors.Devices;

/// <summary>One operand of attention: elements from one batch, head or position to the next. The last axis is contiguous.</summary>
public readonly record struct HeadStrides(long Batch, long Head, long Row);

/// <summary>
/// Query i of head h stands at position offset + i and sees key j of head h / (heads / keyHeads) where j &lt; keys, and, where causal,
/// j ≤ its position, and, where a window is set, j &gt; its position - window.
/// </summary>
public readonly record struct AttentionLayout(int Batch, int Heads, int KeyHeads, int Queries, int Keys, int HeadSize, int ValueSize,
    float Scale, bool Causal, int Window, int QueryOffset, HeadStrides Q, HeadStrides K, HeadStrides V, HeadStrides O);
