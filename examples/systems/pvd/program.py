# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Parallel vertex diffusion: in each step of denoising a loop goes over the vertices of a polygon, all of
which see the same image features; a vertex's offset needs no other vertex's.
"""

import numpy as np

from common.graph import Graph
from common.layers import affine, normal, seeded


def weights(size):
    rng, W, w = seeded(1), size["width"], {}
    for layer, (rows, columns) in enumerate(((2 + size["features"] + 1, W), (W, W), (W, 2))):
        w[f"mlp{layer}"], w[f"mlp{layer}_b"] = normal(rng, rows, columns), normal(rng, columns, scale=0.1)
    return w


def inputs(size):
    rng = seeded(2)
    return {"noise": normal(rng, size["N"], 2, scale=1), "features": normal(rng, 1, size["features"], scale=1)}


def schedule(size):
    signal = np.cos(np.linspace(1.4, 0.1, size["steps"] + 1)) ** 2
    return signal.astype("float32")


def program(size, w):
    N = size["N"]
    g = Graph("pvd")
    noise, features = g.input("noise", [N, 2]), g.input("features", [1, size["features"]])
    signal = g.constant(schedule(size))

    def denoise(b, t, x):
        now, then = b.row(signal, t), b.row(signal, b.Add(t, 1))

        def vertex(c, i):
            point = c.Gather(x, c.Reshape(i, [1]), axis=0)
            y = c.Concat(point, features, c.Reshape(now, [1, 1]), axis=1)
            for layer in range(3):
                y = affine(c, y, f"mlp{layer}", w)
                y = c.Relu(y) if layer < 2 else y
            return [], [c.Squeeze(y, [0])]

        error, = b.loop(N, [], vertex, name="vertices")
        clean = b.Div(b.Sub(x, b.Mul(error, b.Sqrt(b.Sub(1.0, now)))), b.Sqrt(now))
        return [b.Add(b.Mul(clean, b.Sqrt(then)), b.Mul(error, b.Sqrt(b.Sub(1.0, then))))], []

    g.output("vertices", g.loop(size["steps"], [noise], denoise, name="steps")[0])
    return g
