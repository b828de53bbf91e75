"""The other side of `compare`: the same models in PyTorch (Debian: python3-torch, libopenblas0-openmp), tuned for two threads.

usage: torch_models.py THREADS SECONDS [cpu]
Reads a benchmark's name a line from standard input (train_S, fwd_M, gen_L, moe_M ...), runs it for so many seconds, and answers with tokens per
second, or with "cpu" tokens per second of processor time, for a machine that others use.
What was tuned, because it made PyTorch faster here: the OpenMP build of OpenBLAS and a malloc that keeps its pages (both set by the
caller through the environment), exact GELU (vectorized, unlike the tanh form), `foreach` AdamW, gradients set to None, one fused matrix for queries,
keys and values, baddbmm with the causal mask as its addend, and torch.mv for the one-row products of generation.
"""
import math
import sys
import time

import torch
import torch.nn.functional as F

# layers, width, heads, context, batch, vocabulary: as in tests/Mezcla.Benchmarks/ModelShape.cs
SHAPES = {
    "S": (4, 128, 4, 128, 16, 512),
    "M": (6, 384, 6, 256, 8, 8192),
    "L": (12, 768, 12, 256, 1, 50304),
}
EXPERTS, CHOSEN = 8, 2


def parameter(*shape):
    return torch.nn.Parameter(torch.randn(*shape) * 0.02 if len(shape) > 1 else torch.zeros(*shape))


class Block(torch.nn.Module):
    def __init__(self, width, heads, experts):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.n1, self.n2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.qkv, self.qkv_b = parameter(3 * width, width), parameter(3 * width)
        self.out, self.out_b = parameter(width, width), parameter(width)
        self.router = parameter(EXPERTS, width) if experts else None
        lead = (EXPERTS,) if experts else ()
        self.up, self.up_b = parameter(*lead, 4 * width, width), parameter(*lead, 4 * width)
        self.down, self.down_b = parameter(*lead, width, 4 * width), parameter(*lead, width)

    def network(self, x):
        if self.router is None:
            return F.linear(F.gelu(F.linear(x, self.up, self.up_b)), self.down, self.down_b)
        shape = x.shape
        x = x.reshape(-1, shape[-1])
        weights, chosen = torch.topk(F.softmax(F.linear(x, self.router), -1), CHOSEN)
        weights = weights / weights.sum(-1, keepdim=True)
        result = torch.zeros_like(x)
        for e in range(EXPERTS):
            token, place = torch.where(chosen == e)
            h = F.linear(F.gelu(F.linear(x[token], self.up[e])), self.down[e])
            result = result.index_add(0, token, h * weights[token, place].unsqueeze(-1))
        return result.reshape(shape)

    def forward(self, x, mask):
        b, t, d = x.shape
        q, k, v = F.linear(self.n1(x), self.qkv, self.qkv_b).view(b, t, 3, self.heads, self.size).permute(2, 0, 3, 1, 4).unbind(0)
        q, k, v = (y.reshape(b * self.heads, t, self.size) for y in (q, k, v))
        scores = torch.baddbmm(mask, q, k.transpose(1, 2), alpha=1 / math.sqrt(self.size))
        y = torch.bmm(F.softmax(scores, -1), v).view(b, self.heads, t, self.size).transpose(1, 2).reshape(b, t, d)
        x = x + F.linear(y, self.out, self.out_b)
        return x + self.network(self.n2(x))

    def step(self, x, keys, values, at):
        n1 = F.layer_norm(x, x.shape, self.n1.weight, self.n1.bias)
        q, k, v = torch.mv(self.qkv, n1).add_(self.qkv_b).view(3, self.heads, self.size).unbind(0)
        keys[:, at], values[:, at] = k, v
        scores = torch.bmm(keys[:, :at + 1], q.unsqueeze(2)).squeeze(2).mul_(1 / math.sqrt(self.size))
        y = torch.bmm(F.softmax(scores, -1).unsqueeze(1), values[:, :at + 1]).reshape(-1)
        x = x + torch.mv(self.out, y).add_(self.out_b)
        n2 = F.layer_norm(x, x.shape, self.n2.weight, self.n2.bias)
        h = F.gelu(torch.mv(self.up, n2).add_(self.up_b))
        return x + torch.mv(self.down, h).add_(self.down_b)


class Model(torch.nn.Module):
    def __init__(self, layers, width, heads, context, batch, vocabulary, experts=False):
        super().__init__()
        self.context, self.batch, self.vocabulary, self.width, self.heads = context, batch, vocabulary, width, heads
        self.tokens, self.positions = parameter(vocabulary, width), parameter(context, width)
        self.blocks = torch.nn.ModuleList(Block(width, heads, experts) for _ in range(layers))
        self.norm = torch.nn.LayerNorm(width)
        self.register_buffer("mask", torch.full((1, context, context), -math.inf).triu(1))

    def forward(self, ids):
        x = F.embedding(ids, self.tokens) + self.positions[: ids.shape[1]]
        for block in self.blocks:
            x = block(x, self.mask)
        return F.linear(self.norm(x), self.tokens)

    def generate(self):
        caches = [(torch.zeros(self.heads, self.context, self.width // self.heads), torch.zeros(self.heads, self.context, self.width // self.heads)) for _ in self.blocks]
        token = 1
        for at in range(self.context):
            x = self.tokens[token] + self.positions[at]
            for block, (keys, values) in zip(self.blocks, caches):
                x = block.step(x, keys, values, at)
            token = int(torch.argmax(torch.mv(self.tokens, F.layer_norm(x, x.shape, self.norm.weight, self.norm.bias))))
        return self.context


models = {}
clock = time.process_time if sys.argv[3:] == ["cpu"] else time.perf_counter


def benchmark(name):
    kind, shape = name.split("_")
    key = shape + ("moe" if kind == "moe" else "")
    if key not in models:
        model = Model(*SHAPES[shape], experts=kind == "moe")
        ids = torch.randint(model.vocabulary, (model.batch, model.context + 1))
        models[key] = model, torch.optim.AdamW(model.parameters(), lr=1e-4, foreach=True), ids[:, :-1].contiguous(), ids[:, 1:].reshape(-1)
    model, optimizer, ids, labels = models[key]

    def once():
        if kind in ("train", "moe"):
            loss = F.cross_entropy(model(ids).view(-1, model.vocabulary), labels)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            return ids.numel()
        with torch.no_grad():
            if kind == "gen":
                return model.generate()
            model(ids)
            return ids.numel()

    once()
    tokens, start = 0, clock()
    while clock() - start < float(sys.argv[2]):
        tokens += once()
    return tokens / (clock() - start)


def serve(measure):
    torch.manual_seed(1)
    torch.set_num_threads(int(sys.argv[1]))
    torch.set_flush_denormal(True)
    print("ready", torch.__version__, flush=True)
    for line in sys.stdin:
        print(f"{measure(line.strip()):.2f}", flush=True)


if __name__ == "__main__":
    serve(benchmark)
