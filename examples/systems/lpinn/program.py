# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A Lagrangian physics-informed network: one network for u, one for the characteristics x, which share
their first `shared` layers' weights (not their values: each computes them for itself)."""

from common.graph import Graph
from common.layers import affine, normal, seeded


def weights(size):
    rng, W, w = seeded(1), size["width"], {}
    for layer in range(size["layers"]):
        for network in ("u", "x"):
            name = f"shared{layer}" if layer < size["shared"] else f"{network}{layer}"
            if name not in w:
                w[name] = normal(rng, W if layer else 2, W)
                w[name + "_b"] = normal(rng, W, scale=0.1)
    for network in ("u", "x"):
        w[f"{network}_out"], w[f"{network}_out_b"] = normal(rng, W, 1), normal(rng, 1, scale=0.1)
    return w


def inputs(size):
    rng = seeded(2)
    return {"start": normal(rng, size["N"], 1, scale=1), "time": abs(normal(rng, size["N"], 1, scale=1))}


def program(size, w):
    g = Graph("lpinn")
    start, time = g.input("start", [size["N"], 1]), g.input("time", [size["N"], 1])
    out = {}
    for network in ("u", "x"):
        with g.scope(network):
            # The characteristics are those of a frame that moves backwards.
            y = g.Concat(start, time if network == "u" else g.Neg(time), axis=1)
            for layer in range(size["layers"]):
                name = f"shared{layer}" if layer < size["shared"] else f"{network}{layer}"
                y = g.Tanh(affine(g, y, name, w))
            out[network] = affine(g, y, f"{network}_out", w)
    g.output("u", out["u"])
    g.output("x", g.Add(start, g.Mul(time, out["x"])))
    return g
