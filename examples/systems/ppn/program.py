# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A parallel perception network: two networks that look at one image, one after the other."""

from common.graph import Graph
from common.layers import normal, seeded

NETWORKS = {"scene": 2, "objects": 3}  # layers of convolutions


def weights(size):
    rng, w = seeded(1), {}
    for network, layers in NETWORKS.items():
        channels = 3
        for layer in range(layers):
            w[f"{network}{layer}"] = normal(rng, size["C"], channels, 3, 3, scale=(9 * channels) ** -0.5)
            w[f"{network}{layer}_b"] = normal(rng, size["C"], scale=0.1)
            channels = size["C"]
        w[f"{network}_head"] = normal(rng, channels, 10)
    return w


def inputs(size):
    return {"image": normal(seeded(2), 1, 3, size["S"], size["S"], scale=1)}


def program(size, w):
    g = Graph("ppn")
    image = g.input("image", [1, 3, size["S"], size["S"]])
    for network, layers in NETWORKS.items():
        with g.scope(network):
            x = image
            for layer in range(layers):
                filters, bias = (g.weight(f"{network}{layer}{b}", w[f"{network}{layer}{b}"]) for b in ("", "_b"))
                x = g.Relu(g.Conv(x, filters, bias, pads=[1] * 4))
            x = g.Flatten(g.GlobalAveragePool(x))
            x = g.MatMul(x, g.weight(f"{network}_head", w[f"{network}_head"]))
        g.output(network, x)
    return g
