# x is [outer, n, inner].

def sum(x: Tensor, y: Tensor, scale: float, squares: bool, accumulate: bool):
    source = x * x if squares else x
    if not accumulate and scale == 1:
        torch.sum(source, [1], out=y)
    elif accumulate:
        y.add_(torch.sum(source, [1]), alpha=scale)
    else:
        torch.sum(source, [1], out=y)
        y.mul_(scale)

def arg_max(x: Tensor, y: Tensor):
    y.copy_(torch.argmax(x, 1))

# x is [rows, n] from here on.

# torch.topk does not say which of equal ones comes first; a stable sort does.
def top_k(x: Tensor, values: Tensor, indices: Tensor, k: int):
    sorted, order = torch.sort(x, stable=True, dim=1, descending=True)
    values.copy_(sorted[:, :k])
    indices.copy_(order[:, :k])

def softmax(x: Tensor, y: Tensor, log: bool):
    if log:
        torch._log_softmax(x, 1, False, out=y)
    else:
        torch._softmax(x, 1, False, out=y)

def softmax_backward(y: Tensor, dy: Tensor, dx: Tensor, log: bool, accumulate: bool):
    if accumulate:
        dx.add_(torch._log_softmax_backward_data(dy, y, 1, 6) if log else torch._softmax_backward_data(dy, y, 1, 6))
    elif log:
        torch._log_softmax_backward_data(dy, y, 1, 6, out=dx)
    else:
        torch._softmax_backward_data(dy, y, 1, 6, grad_input=dx)

def log_sum_exp(x: Tensor, y: Tensor):
    torch.logsumexp(x, [1], out=y)

def log_sum_exp_backward(x: Tensor, y: Tensor, dy: Tensor, dx: Tensor, accumulate: bool):
    put_product(dx, torch.exp(x - y.unsqueeze(1)), dy.unsqueeze(1), accumulate)

# Row r costs (1 - s)(lse - x[label]) + s(lse - mean x).
def cross_entropy(x: Tensor, labels: Tensor, lse: Tensor, loss: Tensor, ignore: int, smoothing: float, record: Tensor, check: int):
    n = x.size(1)
    counts = labels != ignore
    note(record, check, labels, counts & ((labels < 0) | (labels >= n)))
    torch.logsumexp(x, [1], out=lse)
    at_label = x.gather(1, labels.clamp(0, n - 1).to(dtype=4).unsqueeze(1)).squeeze(1)
    costs = lse - at_label if smoothing == 0 else lse - at_label * (1 - smoothing) - x.mean([1]) * smoothing
    number_of = counts.sum().to(dtype=6)
    loss.copy_(torch.stack([torch.where(counts, costs, 0.0).sum() / number_of, number_of]))

# dx (+)= dloss/count (e^(x - lse) - target), written over x where both are one.
def cross_entropy_backward(x: Tensor, labels: Tensor, lse: Tensor, loss: Tensor, dloss: Tensor, dx: Tensor, ignore: int, smoothing: float, accumulate: bool):
    n = x.size(1)
    factor = torch.where(labels != ignore, dloss / loss[1:2], 0.0).unsqueeze(1)
    slopes = torch.sub(x, lse.unsqueeze(1)) if accumulate else torch.sub(x, lse.unsqueeze(1), out=dx)
    slopes.exp_()
    if smoothing != 0:
        slopes.sub_(smoothing / n)
    slopes.mul_(factor)
    slopes.scatter_add_(1, labels.clamp(0, n - 1).to(dtype=4).unsqueeze(1), factor * (smoothing - 1))
    if accumulate:
        dx.add_(slopes)

def layer_norm(x: Tensor, weight: Optional[Tensor], bias: Optional[Tensor], y: Tensor, mean: Tensor, inverse: Tensor, epsilon: float):
    result, m, i = torch.native_layer_norm(x, [x.size(1)], weight, bias, epsilon)
    y.copy_(result)
    mean.copy_(m)
    inverse.copy_(i)

def layer_norm_backward(x: Tensor, weight: Optional[Tensor], mean: Tensor, inverse: Tensor, dy: Tensor, dx: Optional[Tensor], accumulate_x: bool,
                        d_weight: Optional[Tensor], accumulate_weight: bool, d_bias: Optional[Tensor], accumulate_bias: bool):
    # libtorch has a derivative of the weight only where there is one.
    of_weight = d_weight is not None and weight is not None
    a, b, c = torch.native_layer_norm_backward(dy, x, [x.size(1)], mean, inverse, weight, None, [dx is not None, of_weight, False])
    if dx is not None:
        put(dx, a, accumulate_x)
    if d_weight is not None:
        put(d_weight, b if of_weight else (dy * (x - mean) * inverse).sum([0]), accumulate_weight)
    if d_bias is not None:
        put(d_bias, dy.sum([0]), accumulate_bias)

def rms_norm(x: Tensor, weight: Optional[Tensor], y: Tensor, inverse: Tensor, epsilon: float):
    norm = torch.linalg_vector_norm(x, 2, [1], True)
    torch.rsqrt(norm * norm / x.size(1) + epsilon, out=inverse)
    torch.mul(x, inverse, out=y)
    if weight is not None:
        y.mul_(weight)

def rms_norm_backward(x: Tensor, weight: Optional[Tensor], inverse: Tensor, dy: Tensor, dx: Optional[Tensor], accumulate_x: bool,
                      d_weight: Optional[Tensor], accumulate_weight: bool):
    normal = x * inverse
    if dx is not None:
        g = dy if weight is None else dy * weight
        along = (g * normal).mean([1], True)
        put_product(dx, torch.addcmul(g, normal, along, value=-1), inverse, accumulate_x)
    if d_weight is not None:
        put(d_weight, (dy * normal).sum([0]), accumulate_weight)
