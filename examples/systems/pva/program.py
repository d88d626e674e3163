# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Parallel vision attention: queries of text look at two sets of keys and values, an image's patches and
the text so far, under one softmax."""

import numpy as np

from common.graph import Graph
from common.layers import heads, joined, linear, normal, seeded


def weights(size):
    rng, D = seeded(1), size["H"] * size["d"]
    return {name: normal(rng, D, D) for name in ("query", "key_image", "value_image", "key_text", "value_text", "out")}


def inputs(size):
    rng, D = seeded(2), size["H"] * size["d"]
    return {name: normal(rng, size[name], D, scale=1) for name in ("image", "text")}


def program(size, w):
    H, d = size["H"], size["d"]
    g = Graph("pva")
    sets = {name: g.input(name, [size[name], H * d]) for name in ("image", "text")}
    q = heads(g, linear(g, sets["text"], "query", w), H, d)
    scores, values = [], []
    for name, x in sets.items():
        with g.scope(name):
            k = heads(g, linear(g, x, f"key_{name}", w), H, d)
            scores.append(g.Mul(g.MatMul(q, g.Transpose(k, perm=[0, 2, 1])), float(1 / np.sqrt(d))))
            values.append(heads(g, linear(g, x, f"value_{name}", w), H, d))
    share = g.Softmax(g.Concat(*scores, axis=2), axis=-1)
    mixed = g.MatMul(share, g.Concat(*values, axis=1))
    g.output("y", linear(g, joined(g, mixed, H * d), "out", w))
    return g
