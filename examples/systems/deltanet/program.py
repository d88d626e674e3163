# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The delta rule as a loop: each step corrects what the state answers to its key."""

import numpy as np

from common.graph import Graph
from common.layers import linear, normal, seeded


def weights(size):
    rng, width = seeded(1), size["H"] * size["d"]
    return {name: normal(rng, width, size["H"] if name == "beta" else width)
            for name in ("query", "key", "value", "beta")}


def inputs(size):
    return {"x": normal(seeded(2), size["L"], size["H"] * size["d"], scale=1)}


def program(size, w):
    L, H, d = size["L"], size["H"], size["d"]
    g = Graph("deltanet")
    x = g.input("x", [L, H * d])
    q, k, v = (g.Reshape(linear(g, x, name, w), [L, H, d]) for name in ("query", "key", "value"))
    k = g.Div(k, g.ReduceL2(k, axes=[2]))
    beta = g.Sigmoid(linear(g, x, "beta", w))

    def step(b, S, q, k, v, beta):
        answer = b.MatMul(b.Unsqueeze(k, [1]), S)
        correction = b.Mul(b.Sub(b.Unsqueeze(v, [1]), answer), b.Unsqueeze(beta, [1, 2]))
        S = b.Add(S, b.MatMul(b.Unsqueeze(k, [2]), correction))
        return [S], [b.Squeeze(b.MatMul(b.Unsqueeze(q, [1]), S), [1])]

    last, y = g.scan([g.constant(np.zeros((H, d, d), "float32"))], [q, k, v, beta], step)
    g.output("y", y)
    g.output("state", last)
    return g
