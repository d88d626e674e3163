# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""BandControlNet: a decoder for each of four tracks, a fusion across tracks in every bar, and four decoders
again. All of them write slices of one tensor in place, as `y[track] = decoder(y[track])` does.
"""

import numpy as np

from common.graph import Graph
from common.layers import affine, linear, normal, seeded

TRACKS = 4


def weights(size):
    rng, d, w = seeded(1), size["d"], {}
    for stage in ("first", "second"):
        for track in range(TRACKS):
            for name, shape in (("in", (d, 2 * d)), ("out", (2 * d, d))):
                w[f"{stage}{track}_{name}"] = normal(rng, *shape)
                w[f"{stage}{track}_{name}_b"] = normal(rng, shape[1], scale=0.1)
    return {**w, **{name: normal(rng, d, d) for name in ("query", "key", "value")}}


def inputs(size):
    return {"x": normal(seeded(2), TRACKS, size["bars"], size["d"], scale=1)}


def program(size, w):
    d = size["d"]
    g = Graph("bandcontrolnet")
    band = g.input("x", [TRACKS, size["bars"], d])

    def decode(stage, band):
        for track in range(TRACKS):
            with g.scope(f"{stage}{track}"):
                x = g.Gather(band, [track], axis=0)
                y = affine(g, g.Relu(affine(g, x, f"{stage}{track}_in", w)), f"{stage}{track}_out", w)
                band = g.ScatterND(band, g.constant(np.array([[track]])), g.Add(x, y))
        return band

    band = decode("first", band)
    with g.scope("fusion"):
        bars = g.Transpose(band, perm=[1, 0, 2])
        q, k, v = (linear(g, bars, name, w) for name in ("query", "key", "value"))
        scores = g.Mul(g.MatMul(q, g.Transpose(k, perm=[0, 2, 1])), float(1 / np.sqrt(d)))
        bars = g.Add(bars, g.MatMul(g.Softmax(scores, axis=-1), v))
        band = g.Transpose(bars, perm=[1, 0, 2])
    g.output("y", decode("second", band))
    return g
