# One step of AdamW for all tensors, as one call. The corrections of the moments are in the numbers already, which is why the count of steps is infinite: 1 - β^∞ = 1.
# Where the factor is NaN nothing changes.
def adamw(parameters: List[Tensor], gradients: List[Tensor], m: List[Tensor], v: List[Tensor], rate: float, beta1: float, beta2: float, decay: float, epsilon: float,
          factor: Optional[Tensor]):
    count = torch.full([], float('inf'), dtype=6, device=parameters[0].device)
    counts = [count for _ in range(len(parameters))]
    maximum: List[Tensor] = []
    divisor: Optional[Tensor] = None
    skip: Optional[Tensor] = None
    if factor is not None:
        divisor = 1 / factor.view([])
        skip = torch.isnan(factor.view([])).to(dtype=6)
    torch._fused_adamw_(parameters, gradients, m, v, maximum, counts, lr=rate, beta1=beta1, beta2=beta2, weight_decay=decay, eps=epsilon, amsgrad=False, maximize=False,
                        grad_scale=divisor, found_inf=skip)

# Behind the losses: the norm of all gradients, and the factor that makes it at most so much, NaN where a number is not finite or an integer was found bad.
def gradient_norm(gradients: List[Tensor], most: float, measured: Tensor, losses: int, record: Tensor):
    norms = torch._foreach_norm(gradients, 2)
    norm = torch.linalg_vector_norm(torch.stack(norms), 2)
    finite = torch.isfinite(norm) & torch.isfinite(measured[:losses]).all() & (record[0] == 0)
    factor = torch.where(norm > most, most / norm, 1.0)
    measured[losses:].copy_(torch.stack([norm, torch.where(finite, factor, float('nan'))]))
