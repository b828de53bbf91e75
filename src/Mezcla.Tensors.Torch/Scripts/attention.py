# x [blocks, time, heads, size], cos and sin [time, rotated/2].
def rotary(x: Tensor, cos: Tensor, sin: Tensor, y: Tensor, rotated: int, interleaved: bool, inverse: bool, accumulate: bool):
    c = cos.unsqueeze(1)
    s = sin.unsqueeze(1)
    if inverse:
        s = -s
    half = rotated // 2
    if interleaved:
        a, b, to_a, to_b = x[:, :, :, 0:rotated:2], x[:, :, :, 1:rotated:2], y[:, :, :, 0:rotated:2], y[:, :, :, 1:rotated:2]
    else:
        a, b, to_a, to_b = x[:, :, :, 0:half], x[:, :, :, half:rotated], y[:, :, :, 0:half], y[:, :, :, half:rotated]
    first = torch.addcmul(a * c, b, s, value=-1)
    second = torch.addcmul(a * s, b, c)
    put(to_a, first, accumulate)
    put(to_b, second, accumulate)
    if rotated < x.size(3):
        put(y[:, :, :, rotated:], x[:, :, :, rotated:], accumulate)

# A key head serves several heads: [batch, key heads, time, size] repeated to [batch, heads, time, size].
def repeated(x: Tensor, heads: int):
    if x.size(1) == heads:
        return x
    return x.repeat_interleave(heads // x.size(1), 1)

# The gradients of the heads that a key head serves, added.
def gathered(x: Tensor, key_heads: int):
    if x.size(1) == key_heads:
        return x
    return x.unflatten(1, [key_heads, -1]).sum([2])

# libtorch's own fused attention, where it means the same. q, k, v, o are [batch, heads, time, size].

def attention_cpu(q: Tensor, k: Tensor, v: Tensor, o: Tensor, lse: Tensor, scale: float, causal: bool):
    heads = q.size(1)
    result, sums = torch._scaled_dot_product_flash_attention_for_cpu(q, repeated(k, heads), repeated(v, heads), 0.0, causal, attn_mask=None, scale=scale)
    o.copy_(result)
    lse.copy_(sums)

def attention_cpu_backward(q: Tensor, k: Tensor, v: Tensor, o: Tensor, lse: Tensor, d_o: Tensor, dq: Optional[Tensor], accumulate_q: bool, dk: Optional[Tensor], accumulate_k: bool,
                           dv: Optional[Tensor], accumulate_v: bool, scale: float, causal: bool):
    heads, key_heads = q.size(1), k.size(1)
    a, b, c = torch._scaled_dot_product_flash_attention_for_cpu_backward(d_o, q, repeated(k, heads), repeated(v, heads), o, lse, 0.0, causal, attn_mask=None, scale=scale)
    if dq is not None:
        put(dq, a, accumulate_q)
    if dk is not None:
        put(dk, gathered(b, key_heads), accumulate_k)
    if dv is not None:
        put(dv, gathered(c, key_heads), accumulate_v)

# Composed, for windows, sinks, offsets and queries that see nothing.

def scores(q: Tensor, k: Tensor, scale: float, causal: bool, window: int, offset: int):
    s = torch.matmul(q, k.transpose(2, 3)) * scale
    if causal or window > 0:
        position = torch.arange(q.size(2), device=q.device).unsqueeze(1) + offset
        key = torch.arange(k.size(2), device=q.device)
        hidden = torch.zeros([1], dtype=11, device=q.device)
        if causal:
            hidden = hidden | (key > position)
        if window > 0:
            hidden = hidden | (key <= position - window)
        s = s.masked_fill(hidden, -float('inf'))
    return s

# e^(score - lse), and 0 where a query sees nothing.
def probabilities(s: Tensor, lse: Tensor):
    return torch.exp(s - torch.where(lse == -float('inf'), 0.0, lse).unsqueeze(3))

def attention(q: Tensor, k: Tensor, v: Tensor, sinks: Optional[Tensor], o: Tensor, lse: Tensor, scale: float, causal: bool, window: int, offset: int, narrow: bool):
    heads = q.size(1)
    s = scores(rounded(q, narrow), repeated(rounded(k, narrow), heads), scale, causal, window, offset)
    sums = torch.logsumexp(s, [3])
    if sinks is not None:
        sums = torch.logaddexp(sums, sinks.view([1, -1, 1]))
    lse.copy_(sums)
    o.copy_(torch.matmul(rounded(probabilities(s, sums), narrow), repeated(rounded(v, narrow), heads)))

def attention_backward(q: Tensor, k: Tensor, v: Tensor, sinks: Optional[Tensor], o: Tensor, lse: Tensor, d_o: Tensor, dq: Optional[Tensor], accumulate_q: bool,
                       dk: Optional[Tensor], accumulate_k: bool, dv: Optional[Tensor], accumulate_v: bool, d_sinks: Optional[Tensor], accumulate_sinks: bool,
                       scale: float, causal: bool, window: int, offset: int, narrow: bool):
    heads, key_heads = q.size(1), k.size(1)
    q = rounded(q, narrow)
    k = repeated(rounded(k, narrow), heads)
    g = rounded(d_o, narrow)
    p = probabilities(scores(q, k, scale, causal, window, offset), lse)
    delta = (d_o * o).sum([3])
    if dv is not None:
        put(dv, gathered(torch.matmul(rounded(p, narrow).transpose(2, 3), g), key_heads), accumulate_v)
    if dq is not None or dk is not None:
        ds = rounded(p * (torch.matmul(g, repeated(rounded(v, narrow), heads).transpose(2, 3)) - delta.unsqueeze(3)) * scale, narrow)
        if dq is not None:
            put(dq, torch.matmul(ds, k), accumulate_q)
        if dk is not None:
            put(dk, gathered(torch.matmul(ds.transpose(2, 3), q), key_heads), accumulate_k)
    if d_sinks is not None and sinks is not None:
        put(d_sinks, -(torch.exp(sinks.view([1, -1, 1]) - lse) * delta).sum([0, 2]), accumulate_sinks)
