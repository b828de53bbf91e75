"""The other side of `gpu`: the same models in PyTorch as it is meant to be used on a GPU.

usage: torch_gpu.py SECONDS
Reads lines from standard input and answers each with a number: "train_124M float32" (or bfloat16, by autocast) with tokens per second, "products float32" with the FLOP/s of a large
square product, "bandwidth" with the bytes per second of a large copy. What PyTorch cannot do, such as run out of memory, is answered with nan and said on standard error.
torch.compile, fused attention (scaled_dot_product_attention) and fused AdamW are used where this version of PyTorch has them; generation is eager. Without a GPU all runs on the processor,
which shows that the script works and nothing else.
"""
import math
import sys
import time

import torch
import torch.nn.functional as F

# layers, width, heads, context, batch, vocabulary: as in tests/Mezcla.Benchmarks/ModelBenchmark.cs
SHAPES = {
    "S": (4, 128, 4, 128, 16, 512),
    "M": (6, 384, 6, 256, 8, 8192),
    "L": (12, 768, 12, 256, 1, 50304),
    "tiny": (2, 32, 2, 32, 2, 128),
    "3M": (4, 256, 4, 256, 32, 512),
    "30M": (8, 512, 8, 512, 16, 8192),
    "124M": (12, 768, 12, 1024, 16, 50304),
}
EXPERTS, CHOSEN = 8, 2
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
COMPILES = hasattr(torch, "compile") and DEVICE == "cuda"
FUSED = hasattr(F, "scaled_dot_product_attention")


if COMPILES:
    try:
        # It needs Triton and a C compiler, which a machine may lack.
        torch.compile(lambda x: x * x + 1)(torch.ones(4, device=DEVICE))
    except Exception as problem:
        print("torch.compile does not work here:", problem, file=sys.stderr, flush=True)
        COMPILES = False


def finish():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def attention(q, k, v, causal):
    if FUSED:
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    if causal:
        scores = scores + torch.full(scores.shape[-2:], -math.inf, device=q.device).triu(1)
    return F.softmax(scores, -1) @ v


class Experts(torch.nn.Module):
    """The usual loop over experts."""

    def __init__(self, width):
        super().__init__()
        self.router = torch.nn.Linear(width, EXPERTS, bias=False)
        self.up = torch.nn.ModuleList(torch.nn.Linear(width, 4 * width, bias=False) for _ in range(EXPERTS))
        self.down = torch.nn.ModuleList(torch.nn.Linear(4 * width, width, bias=False) for _ in range(EXPERTS))

    def forward(self, x):
        flat = x.reshape(-1, x.shape[-1])
        weights, chosen = torch.topk(F.softmax(self.router(flat), -1), CHOSEN)
        weights = weights / weights.sum(-1, keepdim=True)
        result = torch.zeros_like(flat)
        for e in range(EXPERTS):
            token, place = torch.where(chosen == e)
            y = self.down[e](F.gelu(self.up[e](flat[token])))
            result = result.index_add(0, token, (y * weights[token, place].unsqueeze(-1)).to(result.dtype))
        return result.view(x.shape)


class Block(torch.nn.Module):
    def __init__(self, width, heads, experts):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.n1, self.n2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.qkv, self.out = torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)
        self.network = Experts(width) if experts else torch.nn.Sequential(torch.nn.Linear(width, 4 * width), torch.nn.GELU(), torch.nn.Linear(4 * width, width))

    def forward(self, x, cache=None, at=0):
        b, t, d = x.shape
        q, k, v = self.qkv(self.n1(x)).view(b, t, 3, self.heads, self.size).permute(2, 0, 3, 1, 4).unbind(0)
        if cache is not None:
            cache[0][:, :, at:at + t], cache[1][:, :, at:at + t] = k, v
            k, v = cache[0][:, :, :at + t], cache[1][:, :, :at + t]
        y = attention(q, k, v, causal=cache is None)
        x = x + self.out(y.transpose(1, 2).reshape(b, t, d))
        return x + self.network(self.n2(x))


class Model(torch.nn.Module):
    def __init__(self, layers, width, heads, context, batch, vocabulary, experts=False):
        super().__init__()
        self.context, self.batch, self.vocabulary = context, batch, vocabulary
        self.tokens, self.positions = torch.nn.Embedding(vocabulary, width), torch.nn.Embedding(context, width)
        self.blocks = torch.nn.ModuleList(Block(width, heads, experts) for _ in range(layers))
        self.norm = torch.nn.LayerNorm(width)

    def forward(self, ids, caches=None, at=0):
        x = self.tokens(ids) + self.positions.weight[at:at + ids.shape[1]]
        for i, block in enumerate(self.blocks):
            x = block(x, None if caches is None else caches[i], at)
        return F.linear(self.norm(x), self.tokens.weight)


def model_speed(name, dtype):
    kind, shape = name.split("_")
    model = Model(*SHAPES[shape], experts=kind == "moe").to(DEVICE)
    cast = torch.autocast(DEVICE, torch.bfloat16, enabled=dtype == "bfloat16")
    if kind.startswith("gen"):
        batch = 64 if kind == "gen64" else 1
        if dtype == "bfloat16":
            model = model.bfloat16()
        block = model.blocks[0]
        caches = [[torch.zeros(batch, block.heads, model.context, block.size, device=DEVICE, dtype=model.norm.weight.dtype) for _ in range(2)] for _ in model.blocks]

        @torch.no_grad()
        def once():
            token = torch.ones(batch, 1, dtype=torch.long, device=DEVICE)
            for at in range(model.context):
                token = model(token, caches, at)[:, -1].argmax(-1, keepdim=True)
            return batch * model.context
    else:
        ids = torch.randint(model.vocabulary, (model.batch, model.context + 1), device=DEVICE)
        inputs, labels = ids[:, :-1].contiguous(), ids[:, 1:].reshape(-1)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, **({"fused": True} if DEVICE == "cuda" and "fused" in torch.optim.AdamW.__init__.__code__.co_varnames else {}))
        # The loop over experts has sizes that change with every batch, which torch.compile compiles anew for.
        run = torch.compile(model) if COMPILES and kind == "train" else model

        def once():
            optimizer.zero_grad(set_to_none=True)
            with cast:
                loss = F.cross_entropy(run(inputs).view(-1, model.vocabulary).float(), labels)
            loss.backward()
            optimizer.step()
            return inputs.numel()

    for _ in range(3 if DEVICE == "cuda" else 1):
        once()
    return rate(once)


def rate(once):
    finish()
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < float(sys.argv[1]):
        done += once()
        finish()
    return done / (time.perf_counter() - start)


def measure(line):
    what, *dtype = line.split()
    if what == "products":
        n = 8192 if DEVICE == "cuda" else 512
        a, b = (torch.randn(n, n, device=DEVICE, dtype=getattr(torch, dtype[0])) for _ in range(2))
        a @ b
        return rate(lambda: (a @ b, 2 * n ** 3)[1])
    if what == "bandwidth":
        a = torch.zeros(1 << (28 if DEVICE == "cuda" else 22), device=DEVICE)
        b = torch.empty_like(a)
        return rate(lambda: (b.copy_(a), 2 * a.numel() * 4)[1])
    return model_speed(what, *dtype)


torch.manual_seed(1)
# Float32 means float32 on both sides.
torch.backends.cuda.matmul.allow_tf32 = False
print("ready", torch.__version__, "on", torch.cuda.get_device_name() if DEVICE == "cuda" else "the processor",
      "with" if COMPILES else "without", "torch.compile,", "with" if FUSED else "without", "fused attention", flush=True)
for request in sys.stdin:
    try:
        speed = measure(request.strip())
    except Exception as error:
        print(f"{request.strip()}: {error}", file=sys.stderr, flush=True)
        speed = math.nan
    if DEVICE == "cuda":
        torch.cuda.empty_cache()
    print(f"{speed:.6g}", flush=True)
