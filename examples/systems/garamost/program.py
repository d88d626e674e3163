# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""GaraMoSt: frames between two images. Motion and structure are extracted from the pair side by side;
then a loop makes one frame for each wanted time, and no frame needs another.
"""

from common.graph import Graph
from common.layers import normal, seeded


def weights(size):
    rng, C, w = seeded(1), size["C"], {}
    for stream in ("motion", "structure"):
        w[f"{stream}0"] = normal(rng, C, 2, 3, 3, scale=18**-0.5)
        w[f"{stream}1"] = normal(rng, C, C, 3, 3, scale=(9 * C) ** -0.5)
    w["fuse"] = normal(rng, C, 2 * C, 3, 3, scale=(18 * C) ** -0.5)
    w["paint"] = normal(rng, 1, C, 3, 3, scale=(9 * C) ** -0.5)
    return w


def inputs(size):
    rng = seeded(2)
    return {"images": normal(rng, 1, 2, size["S"], size["S"], scale=1),
            "times": rng.uniform(0, 1, size["T"]).astype("float32")}


def program(size, w):
    S, C, T = size["S"], size["C"], size["T"]
    g = Graph("garamost")
    images, times = g.input("images", [1, 2, S, S]), g.input("times", [T])
    conv = lambda g, x, name: g.Conv(x, g.weight(name, w[name]), pads=[1] * 4)
    features = {}
    for stream in ("motion", "structure"):
        with g.scope(stream):
            features[stream] = conv(g, g.Relu(conv(g, images, f"{stream}0")), f"{stream}1")

    def frame(b, i):
        t = b.row(times, i)
        moved = b.Mul(features["motion"], t)
        x = b.Relu(conv(b, b.Concat(moved, features["structure"], axis=1), "fuse"))
        first, second = (b.Gather(images, [k], axis=1) for k in (0, 1))
        mixed = b.Add(b.Mul(first, b.Sub(1.0, t)), b.Mul(second, t))
        return [], [b.Squeeze(b.Add(mixed, conv(b, x, "paint")), [0])]

    g.output("frames", g.loop(T, [], frame, name="times")[0])
    return g
