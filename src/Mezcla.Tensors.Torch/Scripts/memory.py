# Copies, gathering and scattering. Types are numbers, as libtorch has them: 3 is int32, 4 int64, 6 float32, 15 bfloat16.

def copy(x: Tensor, y: Tensor):
    y.copy_(x)

def add(x: Tensor, y: Tensor):
    y.add_(x)

def fill(y: Tensor, value: float):
    y.fill_(value)

# y (+)= value.
def put(y: Tensor, value: Tensor, accumulate: bool):
    if accumulate:
        y.add_(value)
    else:
        y.copy_(value)

# y (+)= a b.
def put_product(y: Tensor, a: Tensor, b: Tensor, accumulate: bool):
    if accumulate:
        y.addcmul_(a, b)
    else:
        torch.mul(a, b, out=y)

# A number as an operand: operations that write to memory which is there take tensors only.
def number(value: float):
    return torch.scalar_tensor(value, dtype=6)

# Writes down the first bad integer, unless an operation before has: [the number of the check, the position, the integer].
def note(record: Tensor, check: int, ids: Tensor, bad: Tensor):
    if check > 0:
        first = bad.to(dtype=3).argmax().view([1])
        found = torch.cat([torch.full_like(first, check), first, ids.index_select(0, first).to(dtype=4)])
        record.copy_(torch.where((record[0] == 0) & bad.any(), found, record))

def check_indices(ids: Tensor, limit: int, record: Tensor, check: int):
    note(record, check, ids, (ids < 0) | (ids >= limit))

# y[o, i, :] = x[o, ids[i], :].
def gather_rows(x: Tensor, ids: Tensor, y: Tensor, record: Tensor, check: int):
    check_indices(ids, x.size(1), record, check)
    torch.index_select(x, 1, ids.clamp(0, x.size(1) - 1), out=y)

# y[o, ids[i], :] += x[o, i, :].
def scatter_add_rows(x: Tensor, ids: Tensor, y: Tensor, record: Tensor, check: int):
    axis = y.size(1)
    source = x
    if check > 0:
        # Negative ones are left out; the others were checked before.
        note(record, check, ids, ids >= axis)
        source = torch.where(((ids >= 0) & (ids < axis)).view([1, -1, 1]), x, 0.0)
    y.index_add_(1, ids.clamp(0, axis - 1), source)

# y[o, j, i] = x[o, index[o, j, i], i].
def gather(x: Tensor, index: Tensor, y: Tensor, record: Tensor, check: int):
    check_indices(index.view([-1]), x.size(1), record, check)
    torch.gather(x, 1, index.clamp(0, x.size(1) - 1).to(dtype=4), out=y)

# y[o, index[o, j, i], i] += x[o, j, i].
def scatter_add(x: Tensor, index: Tensor, y: Tensor, record: Tensor, check: int):
    check_indices(index.view([-1]), y.size(1), record, check)
    inside = (index >= 0) & (index < y.size(1))
    y.scatter_add_(1, index.clamp(0, y.size(1) - 1).to(dtype=4), torch.where(inside, x, 0.0))

# The mask is float32 or int32, seen as int32: 0 where all bits but the sign are.
def select(mask: Tensor, a: Optional[Tensor], a_value: float, b: Optional[Tensor], b_value: float, y: Tensor, accumulate: bool):
    chosen = (mask & 0x7FFFFFFF) != 0
    left = number(a_value).to(y.device) if a is None else a
    right = number(b_value).to(y.device) if b is None else b
    put(y, torch.where(chosen, left, right), accumulate)

def tril(x: Tensor, y: Tensor, diagonal: int, accumulate: bool):
    if accumulate:
        y.add_(torch.tril(x, diagonal))
    else:
        torch.tril(x, diagonal, out=y)

# found = [whether there is a NaN, where the first is].
def first_nan(x: Tensor, found: Tensor):
    nan = torch.isnan(x)
    found.copy_(torch.stack([nan.any().to(dtype=3), nan.to(dtype=3).argmax().to(dtype=3)]))

# From the processor's memory, without waiting for what was asked for before.
def copy_in(x: Tensor, y: Tensor):
    y.copy_(x, True)
