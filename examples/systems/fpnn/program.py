# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Branches of Inception blocks over a volume: streams of 3D convolutions, and a 2D one over its slices."""

from common.graph import Graph
from common.layers import normal, seeded


def weights(size):
    rng, C, w = seeded(1), size["C"], {}
    for branch in range(size["branches"]):
        kernel = 1 + 2 * (branch % 3)
        w[f"reduce{branch}"] = normal(rng, C, 2, 1, 1, 1, scale=0.7)
        w[f"volume{branch}"] = normal(rng, C, C, kernel, kernel, kernel, scale=(C * kernel**3) ** -0.5)
    w["plane"] = normal(rng, C, 2 * size["S"], 3, 3, scale=(18 * size["S"]) ** -0.5)
    w["plane2"] = normal(rng, C, C, 3, 3, scale=(9 * C) ** -0.5)
    w["head"] = normal(rng, C * (size["branches"] + 1), 5)
    return w


def inputs(size):
    S = size["S"]
    return {"volume": normal(seeded(2), 1, 2, S, S, S, scale=1)}


def program(size, w):
    S, C = size["S"], size["C"]
    g = Graph("fpnn")
    volume = g.input("volume", [1, 2, S, S, S])
    features = []
    for branch in range(size["branches"]):
        with g.scope(f"volume{branch}"):
            x = g.Relu(g.Conv(volume, g.weight(f"reduce{branch}", w[f"reduce{branch}"])))
            pad = branch % 3
            x = g.Relu(g.Conv(x, g.weight(f"volume{branch}", w[f"volume{branch}"]), pads=[pad] * 6))
            features.append(g.Flatten(g.GlobalMaxPool(x)))
    with g.scope("planes"):
        x = g.Reshape(volume, [1, 2 * S, S, S])
        for name in ("plane", "plane2"):
            x = g.Relu(g.Conv(x, g.weight(name, w[name]), pads=[1] * 4))
        features.append(g.Flatten(g.GlobalMaxPool(x)))
    g.output("classes", g.MatMul(g.Concat(*features, axis=1), g.weight("head", w["head"])))
    return g
