# Factors in bfloat16 keep the sums in float32 where the device multiplies so (native); else they are rounded and multiplied in float32, which gives the same.

def rounded(x: Tensor, narrow: bool):
    return x.to(dtype=15).to(dtype=6) if narrow else x

# C (+)= A B (+ bias).
def matmul(a: Tensor, b: Tensor, bias: Optional[Tensor], c: Tensor, accumulate: bool, narrow: bool):
    a = rounded(a, narrow)
    b = rounded(b, narrow)
    if a.dim() == 3:
        if accumulate:
            torch.baddbmm(c, a, b, out=c)
        else:
            torch.bmm(a, b, out=c)
    elif accumulate:
        torch.addmm(c, a, b, out=c)
    elif bias is not None:
        torch.addmm(bias, a, b, out=c)
    else:
        torch.mm(a, b, out=c)
    if bias is not None and (accumulate or a.dim() == 3):
        c.add_(bias)

# For each group: C[rows] (+)= A[rows] B[group]; rows behind the last group get 0. The offsets are read here: they lie with the processor.
def grouped_matmul(a: Tensor, b: Tensor, offsets: Tensor, c: Tensor, accumulate: bool, narrow: bool):
    a = rounded(a, narrow)
    b = rounded(b, narrow)
    bounds: List[int] = offsets.tolist()
    for g in range(len(bounds) - 1):
        first, end = bounds[g], bounds[g + 1]
        if end > first:
            part = c[first:end]
            if accumulate:
                torch.addmm(part, a[first:end], b[g], out=part)
            else:
                torch.mm(a[first:end], b[g], out=part)
    if not accumulate:
        c[bounds[-1]:].zero_()

# For each group: C[group] (+)= A[rows]ᵀ B[rows].
def grouped_outer(a: Tensor, b: Tensor, offsets: Tensor, c: Tensor, accumulate: bool, narrow: bool):
    a = rounded(a, narrow)
    b = rounded(b, narrow)
    bounds: List[int] = offsets.tolist()
    for g in range(len(bounds) - 1):
        left = a[bounds[g]:bounds[g + 1]].t()
        right = b[bounds[g]:bounds[g + 1]]
        part = c[g]
        if accumulate:
            torch.addmm(part, left, right, out=part)
        else:
            torch.mm(left, right, out=part)

# See DeviceKernels.GroupByIndex. Choices stand in the order of arrival: all first ones by token, then all second ones.
def group_by_index(ids: Tensor, priority: Optional[Tensor], order: Tensor, rows: Tensor, group_of: Tensor, kept: Tensor, offsets: Tensor, groups: int, capacity: int,
                   record: Tensor, check: int):
    tokens, k = ids.size(0), ids.size(1)
    note(record, check, ids.view([-1]), ids.view([-1]) >= groups)
    arrived = ids.t().reshape([-1]).to(dtype=4)
    group = torch.where((arrived < 0) | (arrived >= groups), groups, arrived)
    counts = torch.zeros([groups + 1], dtype=4, device=ids.device).index_add_(0, group, torch.ones_like(group))
    # By group, within a group that overflows by falling priority, then by arrival: stable sorts, the last key first.
    if priority is not None:
        weight = torch.where((group < groups) & (counts.index_select(0, group) > capacity), priority.t().reshape([-1]), 0.0)
        by_weight = torch.argsort(weight, stable=True, dim=0, descending=True)
        place = by_weight.index_select(0, torch.argsort(group.index_select(0, by_weight), stable=True, dim=0, descending=False))
    else:
        place = torch.argsort(group, stable=True, dim=0, descending=False)
    group = group.index_select(0, place)
    rank = torch.arange(tokens * k, dtype=4, device=ids.device) - (torch.cumsum(counts, 0) - counts).index_select(0, group)
    keep = (group < groups) & (rank < capacity)
    # What is kept comes first, then what chose nothing, then what found no room.
    final = torch.argsort(torch.where(keep, 0, torch.where(group == groups, 1, 2)), stable=True, dim=0, descending=False)
    place = place.index_select(0, final)
    keep = keep.index_select(0, final)
    token = place % tokens
    order.copy_(token * k + place // tokens)
    rows.copy_(token)
    group_of.copy_(torch.where(keep, group.index_select(0, final), 0))
    kept.copy_(keep)
    offsets[0:1].zero_()
    offsets[1:].copy_(torch.cumsum(counts[:groups].clamp(0, capacity), 0))

def count_by_index(ids: Tensor, counts: Tensor, record: Tensor, check: int):
    groups = counts.size(0)
    note(record, check, ids, ids >= groups)
    counts.zero_()
    counts.index_add_(0, ids.clamp(0, groups - 1), ((ids >= 0) & (ids < groups)).to(dtype=6))
