# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A mixture of experts as exporters write it: for each expert the tokens that chose it are found, taken
out, computed, weighed, and added where they came from, one expert after the other.
"""

import numpy as np

from common.graph import Graph
from common.layers import linear, normal, seeded, silu


def weights(size):
    rng, D, F, w = seeded(1), size["D"], size["F"], {}
    w["router"] = normal(rng, D, size["E"])
    for e in range(size["E"]):
        for name, shape in (("gate", (D, F)), ("up", (D, F)), ("down", (F, D))):
            w[f"{name}{e}"] = normal(rng, *shape)
    return w


def inputs(size):
    return {"x": normal(seeded(2), size["T"], size["D"], scale=1)}


def program(size, w):
    T, D, E, k = size["T"], size["D"], size["E"], size["k"]
    g = Graph("moe")
    x = g.input("x", [T, D])
    top, chosen = g.TopK(g.Softmax(linear(g, x, "router", w), axis=-1), g.constant([k]), outputs=2)
    top = g.Div(top, g.ReduceSum(top, [1], keepdims=1))
    y = g.constant(np.zeros((T, D), "float32"))
    for e in range(E):
        with g.scope(f"expert{e}"):
            places = g.NonZero(g.Equal(chosen, e))  # rows: token, slot
            rows = g.Transpose(g.Slice(places, [0], [1], [0]), perm=[1, 0])
            share = g.Unsqueeze(g.GatherND(top, g.Transpose(places, perm=[1, 0])), [1])
            tokens = g.GatherND(x, rows)
            wide = g.Mul(silu(g, linear(g, tokens, f"gate{e}", w)), linear(g, tokens, f"up{e}", w))
            y = g.ScatterND(y, rows, g.Mul(linear(g, wide, f"down{e}", w), share), reduction="add")
    g.output("y", y)
    return g
