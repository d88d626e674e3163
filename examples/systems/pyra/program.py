# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PYRA: tokens are modulated by what two small products say of rows and columns, and then merged in pairs;
for each image of a batch, in a loop. With b = 0 this is plain token merging, the second output.
"""

from common.graph import Graph
from common.layers import linear, normal, seeded


def weights(size):
    rng, D = seeded(1), size["D"]
    return {"rows": normal(rng, D, 1), "columns": normal(rng, size["tokens"], D), "key": normal(rng, D, D)}


def inputs(size):
    return {"images": normal(seeded(2), size["B"], size["tokens"], size["D"], scale=1)}


def merge(g, x, keys, size):
    """Each of the `merged` tokens at even places that are most like one at an odd place joins that."""
    pick = lambda x, begin: g.Slice(x, [begin], [size["tokens"]], [0], [2])
    keys = g.Div(keys, g.ReduceL2(keys, axes=[1]))
    similar = g.MatMul(pick(keys, 0), g.Transpose(pick(keys, 1), perm=[1, 0]))
    best = g.ReduceMax(similar, axes=[1], keepdims=0)
    partner = g.ArgMax(similar, axis=1, keepdims=0)
    _, order = g.TopK(best, g.constant([size["tokens"] // 2]), outputs=2, axis=0)
    joins, stays = g.Slice(order, [0], [size["merged"]]), g.Slice(order, [size["merged"]], [size["tokens"]])
    at = g.Unsqueeze(g.Gather(partner, joins, axis=0), [1])
    everywhere = g.Expand(at, g.constant([size["merged"], size["D"]]))  # as scatter_add has it
    even, odd = pick(x, 0), pick(x, 1)
    total = g.ScatterElements(odd, everywhere, g.Gather(even, joins, axis=0), axis=0, reduction="add")
    ones = g.Expand(1.0, g.constant([size["tokens"] // 2, 1]))
    count = g.ScatterElements(ones, at, g.Expand(1.0, g.constant([size["merged"], 1])), axis=0, reduction="add")
    return g.Concat(g.Gather(even, stays, axis=0), g.Div(total, count), axis=0)


def program(size, w):
    n, D = size["tokens"], size["D"]
    g = Graph("pyra")
    images = g.input("images", [size["B"], n, D])

    def image(b, i):
        x = b.row(images, i)
        keys = linear(b, x, "key", w)
        rows = linear(b, x, "rows", w)  # n x 1
        columns = b.ReduceMean(b.Mul(x, b.weight("columns", w["columns"])), axes=[0])  # 1 x D
        swing = b.Sub(b.Mul(b.Sigmoid(b.Mul(rows, columns)), 2.0), 1.0)
        x_b = b.Mul(x, b.Add(b.Mul(swing, float(size["b"])), 1.0))
        return [], [merge(b, x_b, keys, size), merge(b, x, keys, size)]

    merged, plain = g.loop(size["B"], [], image, name="images")
    g.output("merged", merged)
    g.output("plain", plain)
    return g
