# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""pLSTM on a grid (P-mode): a loop over rows, and in it one over the cells of a row.

    h[x,y]  = d^-1/2 (Ml q.Cr[x-1,y] + Mu q.Cd[x,y-1] + D (q.k) v)
    Cr[x,y] = Trl Cr[x-1,y] + Tru Cd[x,y-1] + Sr k v^T
    Cd[x,y] = Tdu Cd[x,y-1] + Tdl Cr[x-1,y] + Sd k v^T
"""

import numpy as np

from common.graph import Graph
from common.layers import affine, linear, normal, seeded

GATES = ("orientation", "tightness", "source_r", "source_d", "mark_l", "mark_u", "direct")


def weights(size):
    rng, d = seeded(1), size["d"]
    w = {name: normal(rng, d, d) for name in ("query", "key", "value")}
    for gate in GATES:
        w[gate], w[gate + "_b"] = normal(rng, d, 1), np.zeros(1, "float32")
    return w


def inputs(size):
    return {"x": normal(seeded(2), size["X"], size["Y"], size["d"], scale=1)}


def program(size, w):
    X, Y, d = size["X"], size["Y"], size["d"]
    g = Graph("plstm_2d")
    x = g.input("x", [X, Y, d])
    q, k, v = (linear(g, x, name, w) for name in ("query", "key", "value"))
    gates = [g.Sigmoid(affine(g, x, name, w)) for name in GATES]

    def cell(b, Cd, Cr, q, k, v, o, t, Sr, Sd, Ml, Mu, D):
        across = b.Mul(o, t)  # Tru = Trl
        along = b.Sub(1.0, across)  # Tdu = Tdl
        row = b.Unsqueeze(q, [0])
        left = b.Mul(Ml, b.Squeeze(b.MatMul(row, Cr), [0]))
        up = b.Mul(Mu, b.Squeeze(b.MatMul(row, Cd), [0]))
        here = b.Mul(b.Mul(D, b.ReduceSum(b.Mul(q, k), [0])), v)
        h = b.Mul(b.Add(b.Add(left, up), here), float(1 / np.sqrt(d)))
        outer = b.Mul(b.Unsqueeze(k, [1]), b.Unsqueeze(v, [0]))
        both = b.Add(Cr, Cd)
        new_r = b.Add(b.Mul(across, both), b.Mul(Sr, outer))
        new_d = b.Add(b.Mul(along, both), b.Mul(Sd, outer))
        return [new_d], [new_r, h]

    def line(b, Cr, *values):
        start = b.constant(np.zeros((d, d), "float32"))
        _, new, h = b.scan([start], [Cr, *values], cell, name="cells")
        return [new], [h]

    start = g.constant(np.zeros((Y, d, d), "float32"))
    _, h = g.scan([start], [q, k, v, *gates], line, name="rows")
    g.output("h", h)
    return g
