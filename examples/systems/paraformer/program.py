# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Paraformer: integrate and fire in a loop over frames, then a decoder for all tokens at once.

The weights of frames are added up in fp64, as a token fires where the sum passes 1.
"""

import numpy as np

from common.graph import Graph
from common.layers import affine, linear, normal, seeded, silu


def weights(size):
    rng, D = seeded(1), size["D"]
    return {"alpha": normal(rng, D, 1), "alpha_b": np.full(1, -0.7, "float32"),
            "up": normal(rng, D, 2 * D), "up_b": normal(rng, 2 * D, scale=0.1), "vocabulary": normal(rng, 2 * D, 32)}


def inputs(size):
    return {"frames": normal(seeded(2), size["L"], size["D"], scale=1)}


def program(size, w):
    L, D = size["L"], size["D"]
    g = Graph("paraformer")
    frames = g.input("frames", [L, D])
    alpha = g.Sigmoid(affine(g, frames, "alpha", w))
    alphas = g.Cast(g.Squeeze(alpha, [1]), to=11)
    wide = g.Cast(frames, to=11)
    one, zero = g.constant(1.0, "float64"), g.constant(0.0, "float64")

    def frame(b, t, total, vector):
        a, h = b.row(alphas, t), b.row(wide, t)
        total = b.Add(total, a)
        fires = b.GreaterOrEqual(total, one)
        over = b.Sub(total, one)
        used = b.Where(fires, b.Sub(a, over), a)
        token = b.Add(vector, b.Mul(used, h))
        total = b.Where(fires, over, total)
        vector = b.Where(fires, b.Mul(over, h), token)
        return [total, vector], [token, fires]

    _, _, tokens, fires = g.loop(L, [zero, g.constant(np.zeros(D))], frame, name="integrate")
    tokens = g.Cast(g.Compress(tokens, fires, axis=0), to=1)
    g.output("tokens", tokens)
    g.output("logits", linear(g, silu(g, affine(g, tokens, "up", w)), "vocabulary", w))
    return g
