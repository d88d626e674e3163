# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Branch-Train-Merge: experts that share nothing. What each thinks of the text so far weighs its forecast
(the posterior of its domain); beside that, the expert that has the mean of all weights.
"""

from functools import reduce

import numpy as np

from common.graph import Graph
from common.layers import normal, seeded, silu


def weights(size):
    rng, D, W, w = seeded(1), size["D"], size["width"], {}
    for expert in range(size["E"]):
        for name, shape in (("in", (D, W)), ("mid", (W, W)), ("out", (W, size["V"]))):
            w[f"{name}{expert}"] = normal(rng, *shape)
    w["log_prior"] = np.log(rng.dirichlet(np.ones(size["E"]))).astype("float32")
    return w


def inputs(size):
    rng, B, D = seeded(2), size["B"], size["D"]
    return {"past": normal(rng, B, D, scale=1), "now": normal(rng, B, D, scale=1),
            "seen": rng.integers(0, size["V"], (B, 1))}


def forecast(g, x, layers):
    for layer in layers[:-1]:
        x = silu(g, g.MatMul(x, layer))
    return g.LogSoftmax(g.MatMul(x, layers[-1]), axis=-1)


def program(size, w):
    E, B, D = size["E"], size["B"], size["D"]
    g = Graph("branch_train_merge")
    past, now = g.input("past", [B, D]), g.input("now", [B, D])
    seen = g.input("seen", [B, 1], "int64")
    layers = [[g.weight(f"{name}{e}", w[f"{name}{e}"]) for name in ("in", "mid", "out")] for e in range(E)]
    evidence, forecasts = [], []
    for e in range(E):
        with g.scope(f"expert{e}"):
            evidence.append(g.GatherElements(forecast(g, past, layers[e]), seen, axis=1))
            forecasts.append(g.Unsqueeze(forecast(g, now, layers[e]), [1]))
    posterior = g.Softmax(g.Add(g.Concat(*evidence, axis=1), g.weight("log_prior", w["log_prior"])), axis=-1)
    mixed = g.Mul(g.Exp(g.Concat(*forecasts, axis=1)), g.Unsqueeze(posterior, [2]))
    g.output("mixture", g.ReduceSum(mixed, [1], keepdims=0))
    with g.scope("mean"):
        mean = [g.Div(reduce(g.Add, [layers[e][i] for e in range(E)]), float(E)) for i in range(3)]
        g.output("mean", forecast(g, now, mean))
    return g
