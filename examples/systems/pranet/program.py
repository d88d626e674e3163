# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""PraNet: receptive-field blocks for three levels of features, then reverse attention from coarse to fine."""

from common.graph import Graph
from common.layers import normal, seeded

LEVELS = (2, 3, 4)
DILATIONS = (1, 3, 5)


def weights(size):
    rng, C, w = seeded(1), size["C"], {}
    for level in LEVELS:
        channels = C * (level - 1)
        for dilation in DILATIONS:
            w[f"reduce{level}_{dilation}"] = normal(rng, C, channels, 1, 1, scale=channels**-0.5)
            w[f"wide{level}_{dilation}"] = normal(rng, C, C, 3, 3, scale=(9 * C) ** -0.5)
        w[f"merge{level}"] = normal(rng, C, 3 * C, 1, 1, scale=(3 * C) ** -0.5)
        w[f"reverse{level}"] = normal(rng, 1, C, 3, 3, scale=(9 * C) ** -0.5)
    w["coarse"] = normal(rng, 1, C, 1, 1, scale=C**-0.5)
    return w


def inputs(size):
    rng = seeded(2)
    return {f"f{level}": normal(rng, 1, size["C"] * (level - 1), *[size["S"] * 2 ** (4 - level)] * 2, scale=1)
            for level in LEVELS}


def program(size, w):
    g = Graph("pranet")
    weight = lambda name: g.weight(name, w[name])
    blocks = {}
    for level in LEVELS:
        x = g.input(f"f{level}", [1, size["C"] * (level - 1), *[size["S"] * 2 ** (4 - level)] * 2])
        with g.scope(f"rfb{level}"):
            parts = []
            for dilation in DILATIONS:
                y = g.Relu(g.Conv(x, weight(f"reduce{level}_{dilation}")))
                parts.append(g.Conv(y, weight(f"wide{level}_{dilation}"), pads=[dilation] * 4, dilations=[dilation] * 2))
            blocks[level] = g.Relu(g.Conv(g.Concat(*parts, axis=1), weight(f"merge{level}")))
    mask = g.Conv(blocks[4], weight("coarse"))
    for level in reversed(LEVELS):
        with g.scope(f"reverse{level}"):
            if level < 4:
                mask = g.Resize(mask, "", g.constant([1.0, 1.0, 2.0, 2.0], "float32"), mode="nearest",
                                coordinate_transformation_mode="asymmetric", nearest_mode="floor")
            erased = g.Mul(blocks[level], g.Sub(1.0, g.Sigmoid(mask)))
            mask = g.Add(g.Conv(erased, weight(f"reverse{level}"), pads=[1] * 4), mask)
        g.output(f"mask{level}", mask)
    return g
