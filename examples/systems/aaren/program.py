# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Attention as a recurrent network: a loop that keeps a maximum, a sum and a weighted sum."""

import numpy as np

from common.graph import Graph
from common.layers import linear, normal, seeded


def weights(size):
    rng, width = seeded(1), size["H"] * size["d"]
    return {"key": normal(rng, width, width), "value": normal(rng, width, width),
            "query": normal(rng, size["H"], size["d"], scale=1)}


def inputs(size):
    return {"x": normal(seeded(2), size["L"], size["H"] * size["d"], scale=1)}


def program(size, w):
    L, H, d = size["L"], size["H"], size["d"]
    g = Graph("aaren")
    x = g.input("x", [L, H * d])
    k = g.Reshape(linear(g, x, "key", w), [L, H, d])
    v = g.Reshape(linear(g, x, "value", w), [L, H, d])
    scores = g.ReduceSum(g.Mul(k, g.weight("query", w["query"])), [2], keepdims=0)
    scores = g.Mul(scores, float(1 / np.sqrt(d)))

    def step(b, t, m, u, w):
        s = b.row(scores, t)
        highest = b.Max(m, s)
        old, new = b.Exp(b.Sub(m, highest)), b.Exp(b.Sub(s, highest))
        u = b.Add(b.Mul(u, old), new)
        w = b.Add(b.Mul(w, b.Unsqueeze(old, [1])), b.Mul(b.row(v, t), b.Unsqueeze(new, [1])))
        return [highest, u, w], [b.Div(w, b.Unsqueeze(u, [1]))]

    start = [np.full(H, -np.inf, "float32"), np.zeros(H, "float32"), np.zeros((H, d), "float32")]
    outputs = g.loop(L, [g.constant(s) for s in start], step)
    g.output("y", outputs[3])
    return g
