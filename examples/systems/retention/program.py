# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Retention in its recurrent form: every head forgets at a rate of its own."""

import numpy as np

from common.graph import Graph
from common.layers import linear, normal, seeded


def weights(size):
    rng, width = seeded(1), size["H"] * size["d"]
    return {name: normal(rng, width, width) for name in ("query", "key", "value")}


def inputs(size):
    return {"x": normal(seeded(2), size["L"], size["H"] * size["d"], scale=1)}


def program(size, w):
    L, H, d = size["L"], size["H"], size["d"]
    g = Graph("retention")
    x = g.input("x", [L, H * d])
    q, k, v = (g.Reshape(linear(g, x, name, w), [L, H, d]) for name in ("query", "key", "value"))
    k = g.Mul(k, float(1 / np.sqrt(d)))
    decay = g.constant((1 - 2.0 ** (-5 - np.arange(H))).astype("float32").reshape(H, 1, 1))

    def step(b, t, S):
        outer = b.MatMul(b.Unsqueeze(b.row(k, t), [2]), b.Unsqueeze(b.row(v, t), [1]))
        S = b.Add(b.Mul(S, decay), outer)
        return [S], [b.Squeeze(b.MatMul(b.Unsqueeze(b.row(q, t), [1]), S), [1])]

    _, y = g.loop(L, [g.constant(np.zeros((H, d, d), "float32"))], step)
    g.output("y", y)
    return g
