"""The other side of `experts`: training steps of Mixtures of Experts as a plain loop over experts, tuned like torch_models.py.

usage: torch_experts.py THREADS SECONDS [cpu]
Reads lines SHAPE EXPERTS CHOSEN HIDDEN from standard input and answers with tokens per second, as torch_models.py does.
"""
import torch_models as models


class Block(models.Block):
    def __init__(self, width, heads, experts):
        super().__init__(width, heads, False)
        self.router = models.parameter(Block.count, width)
        self.up, self.down = models.parameter(Block.count, Block.hidden, width), models.parameter(Block.count, width, Block.hidden)


def measure(line):
    shape, count, chosen, hidden = line.split()
    Block.count, models.CHOSEN, Block.hidden, models.EXPERTS = int(count), int(chosen), int(hidden), int(count)
    plain, models.Block = models.Block, Block
    try:
        name = shape + "-" + line.replace(" ", "-")
        models.SHAPES[name] = models.SHAPES[shape]
        return models.benchmark("moe_" + name)
    finally:
        models.Block = plain


models.serve(measure)
