#!/usr/bin/python3
"""Writes golden.json: results and gradients of PyTorch's operations on small random inputs.

    apt-get install python3-torch && python3 make_golden.py

Made with PyTorch 1.13.0 of Debian 12, on the CPU. Each case: float inputs x, integer inputs i, the result y, the weights w of its elements,
and g, the gradients of sum(w * y) with respect to each x. GoldenTests.cs says which operation of Mezcla each name stands for.
"""
import json
import math
import os
import torch
import torch.nn.functional as F

torch.manual_seed(20260101)
torch.set_num_threads(1)
cases = []


def packed(t):
    return {"shape": list(t.shape), "values": [float(f"{v:.9g}") for v in t.detach().flatten().tolist()]}


def case(name, f, *inputs, ids=()):
    inputs = [x.clone().requires_grad_() for x in inputs]
    y = f(*inputs, *ids)
    w = torch.randn(y.shape)
    (y * w).sum().backward()
    cases.append({"name": name, "x": [packed(x) for x in inputs], "i": [{"shape": list(i.shape), "values": i.flatten().tolist()} for i in ids],
                  "y": packed(y), "w": packed(w), "g": [packed(x.grad) for x in inputs]})


def r(*shape):
    return torch.randn(*shape)


def positive(*shape):
    return torch.rand(*shape) + 0.1


for name, f in {"exp": torch.exp, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "gelu": F.gelu, "silu": F.silu, "relu": F.relu, "softplus": F.softplus,
                "square": torch.square}.items():
    case(name, f, r(3, 19) * 3)
case("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), r(3, 19) * 3)
case("log", torch.log, positive(3, 7))
case("sqrt", torch.sqrt, positive(3, 7))
case("pow", lambda x: x.pow(1.7), positive(3, 7))
case("add", torch.add, r(2, 3, 4), r(3, 1))
case("subtract", torch.sub, r(4), r(2, 3, 4))
case("multiply", torch.mul, r(2, 1, 4), r(3, 1))
case("divide", torch.div, r(2, 3, 4), positive(2, 1, 1))
case("sum", lambda x: x.sum(1), r(2, 3, 4))
case("mean", lambda x: x.mean(-1, keepdim=True), r(2, 3, 4))
case("logsumexp", lambda x: x.logsumexp(1), r(2, 5, 3) * 4)
case("topk", lambda x: x.topk(3).values, r(3, 7))
case("softmax", lambda x: x.softmax(-1), r(3, 17) * 4)
case("log_softmax", lambda x: x.log_softmax(1), r(2, 5, 3) * 4)
case("matmul", torch.matmul, r(2, 3, 5), r(5, 4))
case("matmul_batched", torch.matmul, r(2, 1, 3, 5), r(3, 5, 4))
case("linear", F.linear, r(2, 3, 5), r(4, 5), r(4))
case("embedding", lambda w, i: F.embedding(i, w), r(6, 3), ids=[torch.tensor([[1, 5, 1], [0, 2, 5]])])
case("gather", lambda x, i: x.gather(1, i), r(2, 5, 3), ids=[torch.randint(0, 5, (2, 4, 3))])
case("scatter_add", lambda x, s, i: x.scatter_add(1, i, s), r(2, 5, 3), r(2, 4, 3), ids=[torch.randint(0, 5, (2, 4, 3))])
case("index_select", lambda x, i: x.index_select(1, i), r(2, 5, 3), ids=[torch.tensor([4, 0, 4])])
case("where", lambda a, b, i: torch.where(i > 0, a, b), r(3, 4), r(4), ids=[torch.randint(0, 2, (3, 4))])
case("masked_fill", lambda x, i: x.masked_fill(i > 0, -2.5), r(3, 4), ids=[torch.randint(0, 2, (4,))])
case("tril", lambda x: x.tril(1), r(2, 4, 5))
case("concatenate", lambda a, b: torch.cat([a, b], 1), r(2, 3, 2), r(2, 1, 2))
case("expand", lambda x: x.expand(2, 3, 4), r(3, 1))
labels = torch.tensor([3, 0, -100, 6, 2])
case("cross_entropy", lambda x, i: F.cross_entropy(x, i), r(5, 7) * 3, ids=[labels])
case("cross_entropy_smoothed", lambda x, i: F.cross_entropy(x, i, label_smoothing=0.2), r(5, 7) * 3, ids=[labels])
case("layer_norm", lambda x, w, b: F.layer_norm(x, (19,), w, b, 1e-5), r(2, 3, 19), r(19), r(19))
case("rms_norm", lambda x, w: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * w, r(2, 3, 19), r(19))


def attention(q, k, v):
    k, v = (t.repeat_interleave(q.shape[1] // k.shape[1], 1) for t in (k, v))
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    t, s = scores.shape[-2:]
    seen = torch.ones(t, s, dtype=torch.bool).tril(s - t)
    return scores.masked_fill(~seen, -math.inf).softmax(-1) @ v


case("attention", attention, r(2, 4, 3, 8), r(2, 2, 5, 8), r(2, 2, 5, 8))

# Three steps of AdamW on given gradients, clipped together to a norm of 1.
a, b = r(3, 4).requires_grad_(), r(5).requires_grad_()
optimizer = {"a": packed(a), "b": packed(b), "steps": []}
adamw = torch.optim.AdamW([a, b], lr=0.02, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)
for _ in range(3):
    a.grad, b.grad = r(3, 4), r(5)
    step = {"ga": packed(a.grad), "gb": packed(b.grad)}
    step["norm"] = float(torch.nn.utils.clip_grad_norm_([a, b], 1.0))
    adamw.step()
    step["a"], step["b"] = packed(a), packed(b)
    optimizer["steps"].append(step)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as file:
    file.write('{"torch": "%s",\n"optimizer": %s,\n"cases": [\n' % (torch.__version__, json.dumps(optimizer)))
    file.write(",\n".join(json.dumps(c) for c in cases))
    file.write("\n]}\n")
