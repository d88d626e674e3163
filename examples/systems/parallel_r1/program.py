# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Parallel-R1: K paths decode, a token at a time, from forks of one cache; they do not see each other.
All begin at the position after the prefix; the summary sees the prefix and every path.
"""

import numpy as np

from common.graph import Graph
from common.layers import attention, causal_mask, heads, joined, linear, normal, rms_norm, rotary, rotary_table, seeded

LAYERS = 2


def weights(size):
    rng, D, w = seeded(1), size["H"] * size["d"], {}
    for layer in range(LAYERS):
        for name in ("query", "key", "value", "out"):
            w[f"{name}{layer}"] = normal(rng, D, D)
        w[f"up{layer}"], w[f"down{layer}"] = normal(rng, D, 2 * D), normal(rng, 2 * D, D)
        w[f"norm{layer}"] = np.ones(D, "float32")
    return w


def inputs(size):
    rng, D = seeded(2), size["H"] * size["d"]
    return {"prefix": normal(rng, size["prefix"], D, scale=1),
            "paths": normal(rng, size["K"], size["n"], D, scale=1),
            "summary": normal(rng, size["summary"], D, scale=1)}


def blocks(g, size, w, x, cos, sin, caches, mask=None):
    """The layers over the rows x, with a cache [keys, values] a layer that may be empty."""
    H, d, grown = size["H"], size["d"], []
    for layer in range(LAYERS):
        y = rms_norm(g, x, f"norm{layer}", w)
        q, k, v = (heads(g, linear(g, y, f"{name}{layer}", w), H, d) for name in ("query", "key", "value"))
        q, k = rotary(g, q, cos, sin, d), rotary(g, k, cos, sin, d)
        if caches:
            k, v = g.Concat(caches[layer][0], k, axis=1), g.Concat(caches[layer][1], v, axis=1)
        grown.append([k, v])
        x = g.Add(x, linear(g, joined(g, attention(g, q, k, v, d, mask), H * d), f"out{layer}", w))
        x = g.Add(x, linear(g, g.Relu(linear(g, x, f"up{layer}", w)), f"down{layer}", w))
    return x, grown


def program(size, w):
    H, d, K, n, p, m = (size[name] for name in ("H", "d", "K", "n", "prefix", "summary"))
    g = Graph("parallel_r1")
    prefix, paths = g.input("prefix", [p, H * d]), g.input("paths", [K, n, H * d])
    summary = g.input("summary", [m, H * d])
    cos, sin = (g.constant(table) for table in rotary_table(range(p + n + m), d))
    span = lambda table, begin, end: g.Slice(table, [begin], [end], [0])
    with g.scope("prefix"):
        _, cache = blocks(g, size, w, prefix, span(cos, 0, p), span(sin, 0, p), None, g.constant(causal_mask(p, p)))
    flat = [value for layer in cache for value in layer]
    forks, hidden = [], []
    for path in range(K):
        with g.scope(f"path{path}"):
            tokens = g.row(paths, g.constant(path))

            def step(b, t, *flat):
                at = b.Add(b.Reshape(t, [1]), p)
                caches = [flat[2 * layer: 2 * layer + 2] for layer in range(LAYERS)]
                x, grown = blocks(b, size, w, b.Gather(tokens, b.Reshape(t, [1]), axis=0),
                                  b.Gather(cos, at, axis=0), b.Gather(sin, at, axis=0), caches)
                return [value for layer in grown for value in layer], [b.Squeeze(x, [0])]

            *fork, x = g.loop(n, flat, step, name="decode")
            forks.append(fork)
            hidden.append(g.Unsqueeze(x, [0]))
    with g.scope("summary"):
        seen = [g.Concat(flat[i], *[g.Slice(fork[i], [p], [p + n], [1]) for fork in forks], axis=1)
                for i in range(2 * LAYERS)]
        x, _ = blocks(g, size, w, summary, span(cos, p + n, p + n + m), span(sin, p + n, p + n + m),
                      [seen[2 * layer: 2 * layer + 2] for layer in range(LAYERS)],
                      g.constant(causal_mask(m, p + K * n + m)))
    g.output("paths_out", g.Concat(*hidden, axis=0))
    g.output("summary_out", x)
    return g
