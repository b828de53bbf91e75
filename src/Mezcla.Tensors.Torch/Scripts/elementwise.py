def scale(x: Tensor, y: Tensor, factor: float, accumulate: bool):
    if accumulate:
        y.add_(x, alpha=factor)
    else:
        torch.mul(x, number(factor), out=y)

# y = f(x). Where f has parameters, they are a and b.

def affine(x: Tensor, y: Tensor, a: float, b: float):
    torch.add(number(b), x, alpha=a, out=y)

def reciprocal(x: Tensor, y: Tensor, a: float, b: float):
    torch.div(number(a), x, out=y)

def exp(x: Tensor, y: Tensor, a: float, b: float):
    torch.exp(x, out=y)

def log(x: Tensor, y: Tensor, a: float, b: float):
    torch.log(x, out=y)

def sqrt(x: Tensor, y: Tensor, a: float, b: float):
    torch.sqrt(x, out=y)

def square(x: Tensor, y: Tensor, a: float, b: float):
    torch.mul(x, x, out=y)

def pow(x: Tensor, y: Tensor, a: float, b: float):
    torch.pow(x, a, out=y)

def tanh(x: Tensor, y: Tensor, a: float, b: float):
    torch.tanh(x, out=y)

def sigmoid(x: Tensor, y: Tensor, a: float, b: float):
    torch.sigmoid(x, out=y)

def gelu(x: Tensor, y: Tensor, a: float, b: float):
    torch.gelu(x, approximate='none', out=y)

def gelu_tanh(x: Tensor, y: Tensor, a: float, b: float):
    torch.gelu(x, approximate='tanh', out=y)

def silu(x: Tensor, y: Tensor, a: float, b: float):
    torch.silu(x, out=y)

def relu(x: Tensor, y: Tensor, a: float, b: float):
    torch.clamp_min(x, 0, out=y)

def softplus(x: Tensor, y: Tensor, a: float, b: float):
    torch.softplus(x, 1, 80, out=y)

def normal_cdf(x: Tensor, y: Tensor, a: float, b: float):
    torch.special_ndtr(x, out=y)

# dx (+)= dy f'. What was saved is x, or f(x) where the derivative is written in it.

def affine_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    scale(dy, dx, a, accumulate)

def reciprocal_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    put_product(dx, dy, -a / (saved * saved), accumulate)

def exp_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    put_product(dx, dy, saved, accumulate)

def log_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    put(dx, dy / saved, accumulate)

def sqrt_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    put_product(dx, dy, 0.5 / saved, accumulate)

def square_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    if accumulate:
        dx.addcmul_(dy, saved, value=2)
    else:
        torch.mul(dy, saved, out=dx)
        dx.mul_(2)

def pow_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    put_product(dx, dy, a * torch.pow(saved, a - 1), accumulate)

def tanh_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    if accumulate:
        dx.add_(torch.tanh_backward(dy, saved))
    else:
        torch.tanh_backward(dy, saved, grad_input=dx)

def sigmoid_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    if accumulate:
        dx.add_(torch.sigmoid_backward(dy, saved))
    else:
        torch.sigmoid_backward(dy, saved, grad_input=dx)

def gelu_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    if accumulate:
        dx.add_(torch.gelu_backward(dy, saved, approximate='none'))
    else:
        torch.gelu_backward(dy, saved, approximate='none', grad_input=dx)

def gelu_tanh_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    if accumulate:
        dx.add_(torch.gelu_backward(dy, saved, approximate='tanh'))
    else:
        torch.gelu_backward(dy, saved, approximate='tanh', grad_input=dx)

def silu_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    if accumulate:
        dx.add_(torch.silu_backward(dy, saved))
    else:
        torch.silu_backward(dy, saved, grad_input=dx)

def relu_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    if accumulate:
        dx.add_(torch.threshold_backward(dy, saved, 0))
    else:
        torch.threshold_backward(dy, saved, 0, grad_input=dx)

def softplus_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    put_product(dx, dy, torch.sigmoid(saved), accumulate)

# The density of the normal distribution: exp(-x²/2)/√(2π).
def normal_cdf_backward(saved: Tensor, dy: Tensor, dx: Tensor, a: float, b: float, accumulate: bool):
    put_product(dx, dy, torch.exp(-0.5 * saved * saved) * 0.3989422804014327, accumulate)

# y (+)= a ∘ b.

def add_two(a: Tensor, b: Tensor, y: Tensor, accumulate: bool):
    if accumulate:
        y.add_(a + b)
    else:
        torch.add(a, b, out=y)

def subtract(a: Tensor, b: Tensor, y: Tensor, accumulate: bool):
    if accumulate:
        y.add_(a - b)
    else:
        torch.sub(a, b, out=y)

def multiply(a: Tensor, b: Tensor, y: Tensor, accumulate: bool):
    put_product(y, a, b, accumulate)

def divide(a: Tensor, b: Tensor, y: Tensor, accumulate: bool):
    if accumulate:
        y.addcdiv_(a, b)
    else:
        torch.div(a, b, out=y)

def greater(a: Tensor, b: Tensor, y: Tensor, accumulate: bool):
    put(y, torch.gt(a, b), accumulate)

def less(a: Tensor, b: Tensor, y: Tensor, accumulate: bool):
    put(y, torch.lt(a, b), accumulate)

def swiglu(a: Tensor, b: Tensor, y: Tensor):
    torch.silu(a, out=y)
    y.mul_(b)

def swiglu_backward(a: Tensor, b: Optional[Tensor], dy: Tensor, da: Optional[Tensor], accumulate_a: bool, db: Optional[Tensor], accumulate_b: bool):
    if da is not None and b is not None:
        put(da, torch.silu_backward(dy * b, a), accumulate_a)
    if db is not None:
        put_product(db, dy, torch.silu(a), accumulate_b)

# The high and the low 32 bits of a product of 32 bits, in int64, whose products wrap around.
def high(product: Tensor):
    return (product >> 32) & 0xFFFFFFFF

# Philox 4x32-10, as in RandomStream: four numbers for each counter from first on. Its factors stand in decimal, since TorchScript takes the letter E for an exponent.
def philox(blocks: int, first_low: int, first_high: int, stream_low: int, stream_high: int, seed_low: int, seed_high: int, device: Device):
    c0 = torch.arange(blocks, dtype=4, device=device) + first_low
    c1 = ((c0 >> 32) + first_high) & 0xFFFFFFFF
    c0 = c0 & 0xFFFFFFFF
    c2 = torch.full_like(c0, stream_low)
    c3 = torch.full_like(c0, stream_high)
    k0 = seed_low
    k1 = seed_high
    for round in range(10):
        p0 = c0 * 3528531795
        p1 = c2 * 3449720151
        c0, c1, c2, c3 = high(p1) ^ c1 ^ k0, p1 & 0xFFFFFFFF, high(p0) ^ c3 ^ k1, p0 & 0xFFFFFFFF
        k0 = (k0 + 2654435769) & 0xFFFFFFFF
        k1 = (k1 + 3144134277) & 0xFFFFFFFF
    return torch.stack([c0, c1, c2, c3], 1).view([-1])

def dropout(x: Tensor, y: Tensor, p: float, skip: int, first_low: int, first_high: int, stream_low: int, stream_high: int, seed_low: int, seed_high: int, accumulate: bool):
    n = x.size(0)
    bits = philox((skip + n + 3) // 4, first_low, first_high, stream_low, stream_high, seed_low, seed_high, x.device)
    kept = (bits[skip:skip + n] >> 8).to(dtype=6) * 5.9604644775390625e-08 >= p
    put(y, torch.where(kept, x * (1 / (1 - p)), 0.0), accumulate)
