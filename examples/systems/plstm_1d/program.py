# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""pLSTM on a line: a matrix state with gates of its own at every position."""

import numpy as np

from common.graph import Graph
from common.layers import affine, linear, normal, seeded


def weights(size):
    rng, width, H = seeded(1), size["H"] * size["d"], size["H"]
    w = {name: normal(rng, width, width) for name in ("query", "key", "value")}
    for gate, bias in (("transition", 3), ("source", 0), ("mark", 0), ("direct", 0)):
        w[gate], w[gate + "_b"] = normal(rng, width, H), np.full(H, bias, "float32")
    return w


def inputs(size):
    return {"x": normal(seeded(2), size["L"], size["H"] * size["d"], scale=1)}


def program(size, w):
    L, H, d = size["L"], size["H"], size["d"]
    g = Graph("plstm_1d")
    x = g.input("x", [L, H * d])
    q, k, v = (g.Reshape(linear(g, x, name, w), [L, H, d]) for name in ("query", "key", "value"))
    T, S, M, D = (g.Sigmoid(affine(g, x, name, w)) for name in ("transition", "source", "mark", "direct"))

    def cell(b, C, q, k, v, T, S, M, D):
        row = b.Unsqueeze(q, [1])
        past = b.Mul(b.Squeeze(b.MatMul(row, C), [1]), b.Unsqueeze(M, [1]))
        here = b.Mul(v, b.Unsqueeze(b.Mul(D, b.ReduceSum(b.Mul(q, k), [1], keepdims=0)), [1]))
        h = b.Mul(b.Add(past, here), float(1 / np.sqrt(d)))
        outer = b.Mul(b.Unsqueeze(k, [2]), b.Unsqueeze(v, [1]))
        C = b.Add(b.Mul(C, b.Unsqueeze(T, [1, 2])), b.Mul(outer, b.Unsqueeze(S, [1, 2])))
        return [C], [h]

    _, h = g.scan([g.constant(np.zeros((H, d, d), "float32"))], [q, k, v, T, S, M, D], cell)
    g.output("h", h)
    return g
