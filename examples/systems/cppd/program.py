# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""CPPD reads a word from image features: one decoder counts characters, one finds where the places of the
word lie (a loop over places), and one attention along the edges between them names each place's character.
"""

import numpy as np

from common.graph import Graph
from common.layers import linear, normal, seeded


def weights(size):
    rng, D = seeded(1), size["D"]
    w = {"characters": normal(rng, size["C"], D, scale=1), "places": normal(rng, size["T"], D, scale=1)}
    for name in ("count_key", "count_value", "place_key", "place_value", "place_mix", "edge_key", "edge_value", "classes"):
        w[name] = normal(rng, D, size["C"] if name == "classes" else D)
    w["count"] = normal(rng, D, 4)
    return w


def inputs(size):
    return {"features": normal(seeded(2), size["pixels"], size["D"], scale=1)}


def look(g, queries, keys, values, D):
    scores = g.Mul(g.MatMul(queries, g.Transpose(keys, perm=[1, 0])), float(1 / np.sqrt(D)))
    return g.MatMul(g.Softmax(scores, axis=-1), values)


def program(size, w):
    D, T = size["D"], size["T"]
    g = Graph("cppd")
    x = g.input("features", [size["pixels"], D])
    with g.scope("counting"):
        nodes = look(g, g.weight("characters", w["characters"]), linear(g, x, "count_key", w),
                     linear(g, x, "count_value", w), D)
        g.output("counts", linear(g, nodes, "count", w))
        edge_keys, edge_values = linear(g, nodes, "edge_key", w), linear(g, nodes, "edge_value", w)
    with g.scope("position"):
        keys, values = linear(g, x, "place_key", w), linear(g, x, "place_value", w)
        places = g.weight("places", w["places"])

    def place(b, t):
        query = b.Gather(places, b.Reshape(t, [1]), axis=0)
        node = b.Relu(linear(b, look(b, query, keys, values, D), "place_mix", w))
        edge = look(b, node, edge_keys, edge_values, D)
        return [], [b.Squeeze(linear(b, b.Add(node, edge), "classes", w), [0])]

    g.output("logits", g.loop(T, [], place, name="places")[0])
    return g
