# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""UniPT: a frozen backbone in which every layer feeds a small branch; a softmax gate weighs the branches."""

from common.graph import Graph
from common.layers import affine, linear, normal, seeded


def weights(size):
    rng, D, r, w = seeded(1), size["D"], size["r"], {}
    for layer in range(size["layers"]):
        w[f"backbone{layer}"], w[f"backbone{layer}_b"] = normal(rng, D, D), normal(rng, D, scale=0.1)
        for name, shape in (("down", (D, r)), ("mid", (r, r)), ("up", (r, D))):
            w[f"{name}{layer}"] = normal(rng, *shape)
        w[f"gate{layer}"] = normal(rng, D, 1)
    return w


def inputs(size):
    return {"x": normal(seeded(2), size["rows"], size["D"], scale=1)}


def program(size, w):
    g = Graph("unipt")
    x = g.input("x", [size["rows"], size["D"]])
    branches, gates = [], []
    for layer in range(size["layers"]):
        with g.scope(f"backbone{layer}"):
            x = g.Add(x, g.Tanh(affine(g, x, f"backbone{layer}", w)))
        with g.scope(f"branch{layer}"):
            y = g.Relu(linear(g, x, f"down{layer}", w))
            y = g.Relu(linear(g, y, f"mid{layer}", w))
            branches.append(g.Unsqueeze(linear(g, y, f"up{layer}", w), [1]))
            gates.append(linear(g, x, f"gate{layer}", w))
    share = g.Softmax(g.Concat(*gates, axis=1), axis=-1)
    g.output("y", g.ReduceSum(g.Mul(g.Concat(*branches, axis=1), g.Unsqueeze(share, [2])), [1], keepdims=0))
    return g
